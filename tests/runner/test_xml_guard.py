"""XML of unknown origin: read as elements, or refused with the reason."""

from __future__ import annotations

import pytest

from devnet_runner import xml_guard
from devnet_runner.xml_guard import HostileXml, read_elements


def elements(data: bytes) -> list[str]:
    """Every start with its line and attributes, and every end with its text, as one word each."""
    found: list[str] = []
    read_elements(
        data,
        lambda name, attributes, line: found.append(f"{line}<{name} {attributes}"),
        lambda name, text: found.append(f"{name}>{text}"),
    )
    return found


def test_elements_come_in_order_with_lines_attributes_and_texts() -> None:
    assert elements(b'<a x="1">b\n<c/>d</a>') == ["1<a {'x': '1'}", "2<c {}", "c>", "a>b\nd"]


def test_namespaces_of_elements_are_left_out_and_foreign_attributes_too() -> None:
    assert elements(b'<n:a xmlns:n="u" n:x="1" y="2"/>') == ["1<a {'y': '2'}", "a>"]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">',
        '<!DOCTYPE a SYSTEM "file:///etc/hostname">',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
        "<!DOCTYPE a [<!ELEMENT a ANY>]>",
    ],
)
def test_a_doctype_is_tolerated_and_never_fetched(doctype: str) -> None:
    assert elements(f"{doctype}<a/>".encode()) == ["1<a {}", "a>"]


def test_an_attribute_that_only_the_doctype_gives_does_not_count() -> None:
    assert elements(b'<!DOCTYPE a [<!ATTLIST a hits CDATA "1">]><a/>')[0] == "1<a {}"


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>'
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]><a/>'
HOSTILE = {
    "nothing": (b" \n", "it is empty"),
    "no XML": (b"not xml", "it is no XML: syntax error: line 1"),
    "half": (b"<a><b>", "it is no XML: no element found: line 1"),
    "a terminal's escape": (b"<a x='\x1b[31m'/>", "it is no XML: .*invalid token"),
    "laughs": (LAUGHS.encode(), r"declares the entity 'a' \(line 1\)"),
    "laughs in UTF-16": (LAUGHS.encode("utf-16"), "declares the entity 'a'"),
    "an external entity": (EXTERNAL.encode(), "declares the entity 'x'"),
    "a parameter entity": (PARAMETER.encode(), "declares the entity 'p'"),
    "an entity from elsewhere": (b'<!DOCTYPE a SYSTEM "x"><a>&q;</a>', "uses the entity 'q'"),
    "depth": (b"<a>" * 1_000_000, "nests deeper than 200 elements"),
    "an unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><a/>', "encoding that cannot be read"),
    "an unfit encoding": (b'<?xml version="1.0" encoding="utf-7"?><a/>', "encoding that cannot be read"),
    "two of an attribute": (b"<a x='1' x='2'/>", "duplicate attribute"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_xml_is_refused_with_the_reason(what: str) -> None:
    data, said = HOSTILE[what]
    with pytest.raises(HostileXml, match=said):
        elements(data)


@pytest.mark.parametrize(
    ("limit", "value", "said"), [("MAX_BYTES", 5_000, "larger than"), ("MAX_ELEMENTS", 100, "more than 100 elements")]
)
def test_size_is_limited(monkeypatch: pytest.MonkeyPatch, limit: str, value: int, said: str) -> None:
    monkeypatch.setattr(xml_guard, limit, value)
    with pytest.raises(HostileXml, match=said):
        elements(b"<a>" + b"<b/>" * 2000 + b"</a>")


def test_a_long_text_is_cut() -> None:
    read: list[int] = []
    read_elements(b"<a>" + b"x\n" * 1_000_000 + b"</a>", lambda *_: None, lambda _, text: read.append(len(text)))
    assert read == [xml_guard.MAX_TEXT]


def test_an_error_of_the_caller_stays_its_own() -> None:
    def refuse(*_: object) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        read_elements(b"<a/>", refuse)
