"""Bytes into text: what cannot be read is told with its place, damage by a wrong encoding is noticed and repaired."""

from __future__ import annotations

import codecs
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 5_000_000
WRONG_ENCODINGS = ("mac_roman", "cp1252", "latin-1")
"""The encodings that UTF-8 is read with by mistake; tried in this order."""

TELLTALES = (
    "‚Äî",
    "‚Äì",
    "‚Äô",
    "‚Üí",
    "‚úÖ",
    "‚ùå",
    "‚ö†",
    "üî",
    "â€”",
    "â€“",
    "â€™",
    "â†’",
    "âœ…",
    "Ã¤",
    "Ã©",
    "Ã¼",
    "Ã¶",
)
BOMS = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"),
        (codecs.BOM_UTF16_BE, "UTF-16"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A document's text with line endings as LF; `data` are its bytes as they are, BOM and line endings included.

    `damaged` names the encoding that its UTF-8 was read with by mistake, or is empty.
    """

    path: str
    data: bytes
    content: str
    damaged: str = ""


def read_text(file: Path, path: str) -> Text:
    """The text of a file, shown as `path`. Raises InputError for what is no readable UTF-8 text of at most 5 MB."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _fault(path, "it is no regular file", "name a Markdown document")
        if found.st_size > MAX_BYTES:
            raise _fault(path, f"it has {found.st_size:,} bytes, more than {MAX_BYTES:,}", "split it")
        data = file.read_bytes()
    except OSError as error:
        raise _fault(path, f"it cannot be read ({error.strerror})", "check that it exists and may be read") from error
    return decode(data, path)


def decode(data: bytes, path: str) -> Text:
    """Bytes as text. Raises InputError for UTF-16, UTF-32, NUL bytes and invalid UTF-8, with the place."""
    if len(data) > MAX_BYTES:
        raise _fault(path, f"it has {len(data):,} bytes, more than {MAX_BYTES:,}", "split it")
    for mark, name in BOMS:
        if data.startswith(mark):
            raise _fault(path, f"it is {name}", "save it as UTF-8")
    if b"\0" in data:
        raise _fault(path, f"byte {data.index(0)} is NUL", "save it as UTF-8 text", _line(data, data.index(0)))
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _line(data, error.start)
        raise _fault(path, f"byte {error.start} is no UTF-8", "save it as UTF-8", place) from error
    return Text(path, data, content.replace("\r\n", "\n"), _damage(content))


def _fault(path: str, what: str, fix: str, line: int = 0) -> InputError:
    return InputError(Finding("document-unreadable", Place(path, line), f"the document cannot be used: {what}", fix))


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _damage(content: str) -> str:
    """The encoding that a text was wrongly read with: its telltale pairs are there, and undoing it gives UTF-8."""
    if not any(telltale in content for telltale in TELLTALES):
        return ""
    return next((name for name in WRONG_ENCODINGS if _undone(content, name) is not None), "")


def _undone(content: str, encoding: str) -> bytes | None:
    """The bytes before the mistake, where every one of them can be had and together they are UTF-8."""
    try:
        data = content.encode(encoding)
        data.decode("utf-8")
    except UnicodeError:
        return None
    return data


def repair(text: Text) -> bytes:
    """The bytes that a damaged document had before. Raises InputError where it is not damaged in a known way."""
    undone = _undone(text.data.decode("utf-8-sig"), text.damaged) if text.damaged else None
    if undone is None:
        raise _fault(text.path, "it is not damaged in a way that can be undone", "leave --repair away")
    return undone


def damage_finding(text: Text) -> tuple[Finding, ...]:
    """What to say about a damaged document."""
    if not text.damaged:
        return ()
    line = next(n for n, one in enumerate(text.content.split("\n"), 1) if any(sign in one for sign in TELLTALES))
    what = f"the document is damaged: its UTF-8 was read as {text.damaged.replace('_', ' ')}"
    command = f"devnet-run plan {text.path} --repair"
    return (Finding("document-damaged", Place(text.path, line), what, f"repair it: {command}", command=command),)
