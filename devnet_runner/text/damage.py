"""What to say about a document whose encoding was mistaken, and its bytes from before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.text.mistakes import MISTAKES, broken, undone

if TYPE_CHECKING:
    from devnet_runner.text.decode import Text

PARTS = 5


def repair(text: Text) -> bytes:
    """The bytes that a damaged document had before. Raises InputError where it is not damaged in a known way."""
    before = undone(text.data.decode("utf-8-sig"), text.damaged) if text.damaged else None
    if before is None:
        what = "the document is not damaged in a way that can be undone as a whole"
        raise InputError(Finding("document-unreadable", Place(text.path), what, "leave --repair away"))
    return before.encode("utf-8")


def damage_finding(text: Text) -> tuple[Finding, ...]:
    """What to say about a damaged document: it blocks where all of it is damaged, and is a note where lines are."""
    if text.content.isascii():
        return ()
    encodings = (text.damaged,) if text.damaged else tuple(MISTAKES)
    for encoding in encodings:
        lines = [n for n, line in enumerate(text.content.split("\n"), 1) if broken(line, encoding)]
        if lines:
            return (_finding(text, encoding, lines),)
    return ()


def _finding(text: Text, encoding: str, lines: list[int]) -> Finding:
    place, name = Place(text.path, lines[0]), MISTAKES[encoding]
    if text.damaged:
        command = f"devnet-run plan {text.path} --repair"
        what = f"the document is damaged: its UTF-8 was read as {name}"
        return Finding("document-damaged", place, what, f"repair it: {command}", command=command)
    shown = ", ".join(str(line) for line in lines[:PARTS]) + (" and more" if len(lines) > PARTS else "")
    what = f"UTF-8 was read as {name} in some lines: {shown}"
    return Finding("document-damaged", place, what, "correct these lines by hand; the others are well", blocking=False)
