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
EDGE = re.compile(r"/\*|\*/")
CAST = r"(?:::[\w.]+(?:\[\])?)?"
LIST = re.compile(rf"\?{CAST}(?:, ?\?{CAST})+|(?<=\bIN \()\?{CAST}(?=\))")
ROWS = re.compile(rf"(\((?:\?{CAST}|\?, \.\.\.)\))(?:, ?\((?:\?{CAST}|\?, \.\.\.)\))+")


def normalised(sql: str, longest: int = LONGEST) -> str:
    """The statement on one line: literals and parameters are `?`, lists of them one, comments gone, the end cut off."""
    line = TOKEN.sub(_token, _without_nested(sql)).strip()
    line = ROWS.sub(r"\1, ...", LIST.sub("?, ...", re.sub(r" {2,}", " ", line)))
    return line if len(line) <= longest else line[: longest - 3] + "..."


def _without_nested(sql: str) -> str:
    """The statement with comments within comments closed up: no regular expression counts them."""
    if sql.count("/*") < 2:
        return sql
    kept, at = [], 0
    while at < len(sql):
        found = TOKEN.search(sql, at)
        if not found:
            break
        kept.append(sql[at : found.start()])
        comment = found[0].startswith("/*")
        at = _comment_end(sql, found.start()) if comment else found.end()
        kept.append(" " if comment else found[0])
    return "".join(kept) + sql[at:]


def _comment_end(sql: str, at: int) -> int:
    depth = 0
    for edge in EDGE.finditer(sql, at):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)


def _token(found: re.Match[str]) -> str:
    if found["comment"]:
        return " "
    return "?" if found["value"] else found[0]
