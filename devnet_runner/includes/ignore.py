"""What `.gitignore` files leave out: their patterns as git reads them, without asking git."""

from __future__ import annotations

import re
from typing import NamedTuple

from devnet_runner.includes.globs import compiled, literal

MAX_PATTERN = 1_000
MAX_PATTERNS = 10_000


class Pattern(NamedTuple):
    """One line of a `.gitignore`: `whole` patterns are tried on the path below it, the others on the last name."""

    text: str
    negated: bool
    folders: bool
    whole: bool

    def matches(self, path: str, name: str) -> bool:
        """Whether it fits a path below its file, whose last part is `name`."""
        subject = path if self.whole else name
        if self.text[:1] == "*" and not self.whole and literal(self.text[1:]):
            return name.endswith(self.text[1:])
        if literal(self.text):
            return subject == self.text
        return compiled(self.text, self.whole).fullmatch(subject) is not None

    def may_end_in(self, endings: tuple[str, ...]) -> bool:
        """Whether it can fit a file whose name has one of these endings."""
        tail = re.split(r"[]*?\\/]", self.text)[-1]
        return not self.folders and any(one.endswith(tail) or tail.endswith(one) for one in endings)


def patterns(content: bytes) -> tuple[Pattern, ...]:
    """The patterns of a `.gitignore`, in their order."""
    text = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    found = (_pattern(line.removesuffix("\r")) for line in text.split("\n")[:MAX_PATTERNS])
    return tuple(one for one in found if one is not None)


def _pattern(line: str) -> Pattern | None:
    if not line or line[0] == "#" or len(line) > MAX_PATTERN:
        return None
    bare = line.rstrip(" ")
    # An escaped blank stays.
    escapes = len(bare) - len(bare.rstrip("\\"))
    text = f"{bare} " if escapes % 2 and bare != line else bare
    negated = text.startswith("!")
    text = text.removeprefix("!") if negated else text
    folders = text.endswith("/")
    text = text.removesuffix("/")
    if not text:
        return None
    return Pattern(text.removeprefix("/"), negated, folders, "/" in text)


class Level(NamedTuple):
    """The patterns of one file, and the folder that they speak of, as a path below the top that ends in a slash."""

    base: str
    patterns: tuple[Pattern, ...]
    documents: tuple[Pattern, ...]

    @classmethod
    def of(cls, base: str, content: bytes, endings: tuple[str, ...]) -> Level:
        """The patterns of a file; `documents` are those of them that can fit a file with one of the endings."""
        found = patterns(content)
        return cls(base, found, tuple(one for one in found if one.may_end_in(endings)))


def ignored(levels: tuple[Level, ...], path: str, *, folder: bool) -> bool:
    """Whether the last pattern that fits a path leaves it out; the innermost file is the last in `levels`."""
    name = path.rpartition("/")[2]
    for level in reversed(levels):
        below = path[len(level.base) :]
        for one in reversed(level.patterns if folder else level.documents):
            if one.matches(below, name):
                return not one.negated
    return False
