"""Path patterns of layers: which files one names, and the folder that holds them."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNS = re.compile(r"(\*\*/|\*\*|\*|\?)")
MEANINGS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns names a path below the root.

    `**` crosses folders, `*` and `?` do not; a pattern without any names a file, or all that is in a folder.
    """
    return any(_expression(pattern).fullmatch(path) for pattern in patterns)


def folder(pattern: str) -> str:
    """The folder that holds all that a pattern names."""
    plain = _plain(pattern)
    fixed = SIGNS.split(plain, maxsplit=1)[0]
    # What stands before the first sign may be half a name; without a sign, only a suffix tells a file.
    whole = fixed if fixed == plain and not PurePosixPath(plain).suffix else fixed.rpartition("/")[0]
    return whole or "."


def _plain(pattern: str) -> str:
    plain = re.sub(r"(\*\*/)+", "**/", pattern.removeprefix("./")).rstrip("/")
    return "" if plain == "." else plain


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    plain = _plain(pattern)
    if not SIGNS.search(plain):
        return re.compile(re.escape(plain) + "(/.*)?" if plain else ".*", re.DOTALL)
    return re.compile("".join(MEANINGS.get(part) or re.escape(part) for part in SIGNS.split(plain)), re.DOTALL)
