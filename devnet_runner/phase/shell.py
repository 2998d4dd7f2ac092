"""The words of a shell command as the shell would see them; nothing is ever run."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devnet_runner.phase.lines import Lines

MAX_LINES = 300
TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)|(?P<end>[\n;&|<>])|'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"
                       |\\(?P<escaped>.)|(?P<plain>[^ \t\n;&|<>'"\\]+)""",
    re.VERBOSE | re.DOTALL,
)
"""One piece of a command. Each alternative begins with other characters: nothing is tried twice."""

ESCAPE = re.compile(r'\\(["$`\\\n])')


def words_from(lines: Lines, code: range, line: int, position: int) -> tuple[str, ...]:
    """The words of the command at a place in a block of code; a quote may run over at most 300 lines."""
    words = shell_words(lines.text(line)[position:])
    if words:
        return words
    following = (lines.text(one) for one in islice(range(line + 1, code.stop), MAX_LINES))
    return shell_words("\n".join([lines.text(line)[position:], *following]))


def shell_words(text: str) -> tuple[str, ...]:
    """The words of the first command of a text, quotes and escapes undone; none where a quote is never closed."""
    words: list[str] = []
    position, apart = 0, True
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            return ()
        if match["end"]:
            break
        if match["blank"] is None and apart:
            words.append(_value(match))
        elif match["blank"] is None:
            words[-1] += _value(match)
        apart = match["blank"] is not None
        position = match.end()
    return tuple(words)


def _value(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return ESCAPE.sub(r"\1", match["double"])
    return match["single"] or (match["escaped"] or "").strip("\n") or match["plain"] or ""
