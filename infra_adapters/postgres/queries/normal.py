"""SQL without its literals: what two runs of one statement have in common, and what may be logged."""

from __future__ import annotations

import re

LONGEST = 500
"""The longest statement that is told, in characters."""
ENDED = r"(?:'|\Z)"
TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z)|\s+)"
    r"|(?P<name>\"(?:[^\"]|\"\")*(?:\"|\Z))"
    r"|(?P<value>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)"
    rf"|[eE]'(?:[^'\\]|\\.|'')*\\?{ENDED}|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*{ENDED}"
    r"|%\(\w+\)[sbt]|%[sbt]|\$\d+|\d[\w.]*(?:(?<=[eE])[+-]\d+)?)"
    r"|(?P<word>[^\W\d][\w$]*)",
    re.DOTALL,
)
CAST = r"(?:::[\w.]+(?:\[\])?)?"
LIST = re.compile(rf"\?{CAST}(?:, ?\?{CAST})+|(?<=\bIN \()\?{CAST}(?=\))")
ROWS = re.compile(rf"(\((?:\?{CAST}|\?, \.\.\.)\))(?:, ?\((?:\?{CAST}|\?, \.\.\.)\))+")


def normalised(sql: str, longest: int = LONGEST) -> str:
    """The statement on one line: literals and parameters are `?`, lists of them one, comments gone, the end cut off."""
    line = TOKEN.sub(_token, sql).strip()
    line = ROWS.sub(r"\1, ...", LIST.sub("?, ...", re.sub(r" {2,}", " ", line)))
    return line if len(line) <= longest else line[: longest - 3] + "..."


def _token(found: re.Match[str]) -> str:
    if found["comment"]:
        return " "
    return "?" if found["value"] else found[0]
