"""Bytes into text: what is kept, what is refused, and what is called damaged."""

from __future__ import annotations

import codecs

import pytest

from devnet_runner.digest import Digest
from devnet_runner.errors import InputError
from devnet_runner.text import MAX_BYTES, damage_finding, decode, read_text, repair

KEPT = {
    b"": "",
    b"a": "a",
    b"a\r\nb\r\n": "a\nb\n",
    b"a\rb\n": "a\rb\n",
    b"a\r\r\nb": "a\r\nb",
    codecs.BOM_UTF8 + b"a\n": "a\n",
    "a\u2028b\x0bc\x0c\x85".encode(): "a\u2028b\x0bc\x0c\x85",
    codecs.BOM_UTF8 * 2: "\ufeff",
}


@pytest.mark.parametrize("data", KEPT)
def test_a_text_keeps_its_bytes_beside_its_content(data, tmp_path):
    (tmp_path / "a.md").write_bytes(data)
    text = read_text(tmp_path / "a.md", "docs/a.md")
    assert (text.path, text.data, text.content, text.damaged) == ("docs/a.md", data, KEPT[data], "")


REFUSED = {
    "UTF-16 LE": ("a".encode("utf-16-le"), "byte 1 is NUL"),
    "UTF-16 with mark": (codecs.BOM_UTF16_BE + "a".encode("utf-16-be"), "it is UTF-16"),
    "UTF-32": (codecs.BOM_UTF32_BE + "a".encode("utf-32-be"), "it is UTF-32"),
    "UTF-32 LE": (codecs.BOM_UTF32_LE, "it is UTF-32"),
    "a surrogate": (b"a\n\xed\xa0\x80", "byte 2 is no UTF-8"),
    "too long a form": (b"\xc0\xaf", "byte 0 is no UTF-8"),
    "no UTF-8 after a mark": (codecs.BOM_UTF8 + b"a\n\xff", "a.md:2: .*byte 5 is no UTF-8"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_encodings_are_refused_with_the_offset_in_the_file(name):
    data, words = REFUSED[name]
    with pytest.raises(InputError, match=words):
        decode(data, "a.md")


def test_the_largest_document_is_read_and_a_byte_more_is_not(tmp_path):
    (tmp_path / "a.md").write_bytes(b"x" * MAX_BYTES)
    assert len(read_text(tmp_path / "a.md", "a.md").content) == MAX_BYTES
    (tmp_path / "a.md").write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match="5,000,001 bytes"):
        read_text(tmp_path / "a.md", "a.md")


@pytest.mark.parametrize("path", ["a\0.md", "x" * 300, "missing.md/a.md"])
def test_a_path_that_is_none_is_refused(tmp_path, path):
    with pytest.raises(InputError, match="it cannot be read"):
        read_text(tmp_path / path, "a.md")


@pytest.mark.parametrize("content", ["✅ done\r\n\r\n— end", "\ufeff✅", "✅\rlone", "é ✅ Ж 中"])
def test_a_repair_keeps_every_line_ending(content):
    text = decode(content.encode().decode("mac_roman").encode(), "a.md")
    assert text.damaged == "mac_roman"
    assert repair(text) == content.encode()


def test_a_mixed_document_is_not_repaired_as_a_whole():
    text = decode("‚úÖ broken\n✅ sound\n".encode(), "a.md")
    assert [(one.blocking, one.where.line) for one in damage_finding(text)] == [(False, 1)]
    with pytest.raises(InputError, match="not damaged in a way"):
        repair(text)


def test_a_digest_is_of_the_bytes_as_they_are():
    assert Digest.of(b"a\r\n") != Digest.of(b"a\n")
    assert str(Digest.of(b"")).startswith("sha256:e3b0c44298fc1c14")
