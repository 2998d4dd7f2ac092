"""Why two texts differ, where it can be known: the differences that programs make and that nobody sees."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING

from devnet_runner.text.mistakes import MISTAKES, broken, undone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_LENGTH = 100_000
"""How long two texts may be together, in characters, to be compared."""

MAX_COMBINING = 30
"""How many combining characters may follow one another (as in Unicode's stream-safe text): more are sorted slowly."""

BOM = "\ufeff"


def _line_endings(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_mark(text: str) -> str:
    return text.replace(BOM, "")


def _composed(text: str) -> str:
    if text.isascii() or _piled(text):
        return text
    return unicodedata.normalize("NFC", text)


def _piled(text: str) -> bool:
    run = 0
    for character in text:
        run = run + 1 if character > "\u02ff" and unicodedata.combining(character) else 0
        if run > MAX_COMBINING:
            return True
    return False


def _decoded(encoding: str) -> Callable[[str], str]:
    def normal(text: str) -> str:
        return "\n".join(_undone(line, encoding) for line in text.split("\n"))

    return normal


def _undone(line: str, encoding: str) -> str:
    return (undone(line, encoding) or line) if broken(line, encoding) else line


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip(" \t") for line in text.split("\n"))


def _no_break(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def _without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line.strip())


def _words(text: str) -> str:
    return " ".join(text.split())


CAUSES: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("line-endings", "line endings", _line_endings),
    ("byte-order-mark", "a byte order mark", _without_mark),
    *((f"read-as-{encoding}", f"UTF-8 that was read as {name}", _decoded(encoding))
      for encoding, name in MISTAKES.items()),
    ("unicode-normalisation", "Unicode normalisation", _composed),
    ("no-break-spaces", "no-break spaces", _no_break),
    ("trailing-blanks", "blanks at the end of lines", _trimmed),
    ("empty-lines", "empty lines", _without_blank_lines),
    ("white-space", "white space", _words),
)  # fmt: skip
"""Name, words for people, and what makes two texts equal that differ in this only; the narrowest first."""

WORDS = {name: words for name, words, _ in CAUSES}


def why(here: str, there: str) -> tuple[str, ...]:
    """The names of `CAUSES` that together make the whole difference of two texts; empty where more has changed."""
    if len(here) + len(there) > MAX_LENGTH:
        return ()
    for name, _, normal in CAUSES:
        if normal(here) == normal(there):
            return (name,)
    needed: list[tuple[str, str, Callable[[str], str]]] = list(CAUSES)
    if not _equal(here, there, needed):
        return ()
    # From the widest cause downwards, so that the narrow ones stay that explain as much.
    for cause in reversed(CAUSES):
        rest = [one for one in needed if one is not cause]
        if _equal(here, there, rest):
            needed = rest
    return tuple(name for name, _, _ in needed)


def _equal(here: str, there: str, causes: list[tuple[str, str, Callable[[str], str]]]) -> bool:
    for _, _, normal in causes:
        here, there = normal(here), normal(there)
    return here == there


def hashed(text: str, value: str) -> str:
    """The form of a text that a hash was taken from, in words; empty where it is the hash of none."""
    if len(text) > MAX_LENGTH:
        return ""
    return next((words for words, form in _forms(text) if hashlib.sha256(form.encode()).hexdigest() == value), "")


def _forms(text: str) -> Iterator[tuple[str, str]]:
    bare = text.removesuffix("\n")
    yield "with CRLF line endings", text.replace("\n", "\r\n")
    yield "without its final newline", bare
    yield "with CRLF line endings, without the final one", bare.replace("\n", "\r\n")
    yield "with a byte order mark", BOM + text
    yield "with the empty line below it", text + "\n"
    yield "with the empty line above it", "\n" + text
    yield "with the empty lines around it", f"\n{text}\n"
    yield "with no blank at the end of a line", _trimmed(text)
    if not _piled(text):
        yield "in Unicode's composed form (NFC)", unicodedata.normalize("NFC", text)
        yield "in Unicode's decomposed form (NFD)", unicodedata.normalize("NFD", text)
