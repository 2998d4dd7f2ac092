"""The difference between a quoted text and its section, as unified lines; time and length are bounded."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTEXT = 3
MAX_LINES = 40
MAX_WIDTH = 160


class Side(NamedTuple):
    """One of two texts: the name and 1-based line where it begins, and its lines."""

    name: str
    line: int
    lines: Sequence[str]


Span = tuple[int, int, int, int]
"""A changed part: from and to in the old lines, from and to in the new ones, counted from 0."""


def unified(old: Side, new: Side) -> tuple[str, ...]:
    """A unified diff whose line numbers are those of the two files: at most 40 lines, each made visible and cut.

    Empty where the lines are the same.
    """
    spans = list(_changes(old.lines, new.lines))
    if not spans:
        return ()
    head = [f"--- {visible(old.name)}", f"+++ {visible(new.name)}"]
    body = [line for group in _groups(spans) for line in _hunk(old, new, group)]
    left = len(body) - (MAX_LINES - len(head))
    if left > 0:
        body[MAX_LINES - len(head) - 1 :] = [f"… {left + 1} more lines"]
    return (*head, *body)


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[Span]:
    """What differs, found through lines that both texts have exactly once, which takes no more than n log n."""
    start_old = start_new = 0
    for at_old, at_new in (*_anchors(old, new), (len(old), len(new))):
        yield from _between(old, new, (start_old, at_old, start_new, at_new))
        start_old, start_new = at_old, at_new


def _between(old: Sequence[str], new: Sequence[str], span: Span) -> Iterator[Span]:
    """What is left of a span when equal lines at its start and end are taken away."""
    a, a_end, b, b_end = span
    while a < a_end and b < b_end and old[a] == new[b]:
        a, b = a + 1, b + 1
    while a < a_end and b < b_end and old[a_end - 1] == new[b_end - 1]:
        a_end, b_end = a_end - 1, b_end - 1
    if a < a_end or b < b_end:
        yield a, a_end, b, b_end


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The longest rising row of lines that are unique in both texts (patience diff)."""
    mine, theirs = _unique(old), _unique(new)
    pairs = [(at, theirs[line]) for line, at in mine.items() if line in theirs]
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, at) in enumerate(pairs):
        place = bisect_left(tails, at)
        before.append(ends[place - 1] if place else -1)
        tails[place : place + 1] = [at]
        ends[place : place + 1] = [number]
    row: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]


def _unique(lines: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line] = counts.get(line, 0) + 1
    return {line: at for at, line in enumerate(lines) if counts[line] == 1}


def _groups(spans: list[Span]) -> Iterator[list[Span]]:
    """Changes that stand so near that their contexts touch."""
    group = [spans[0]]
    for span in spans[1:]:
        if span[0] - group[-1][1] > 2 * CONTEXT:
            yield group
            group = []
        group.append(span)
    yield group


def _hunk(old: Side, new: Side, group: list[Span]) -> Iterator[str]:
    first, last = group[0], group[-1]
    before = min(CONTEXT, first[0], first[2])
    after = min(CONTEXT, len(old.lines) - last[1], len(new.lines) - last[3])
    at, to = first[0] - before, last[1] + after
    yield f"@@ -{_range(old, at, to)} +{_range(new, first[2] - before, last[3] + after)} @@"
    for start, end, new_start, new_end in group:
        yield from (_shown(" ", line) for line in old.lines[at:start])
        yield from (_shown("-", line) for line in old.lines[start:end])
        yield from (_shown("+", line) for line in new.lines[new_start:new_end])
        at = end
    yield from (_shown(" ", line) for line in old.lines[at:to])


def _range(side: Side, start: int, end: int) -> str:
    # An empty range names the line before it, as every unified diff does.
    return f"{side.line + start - (start == end)},{end - start}"


def _shown(sign: str, line: str) -> str:
    bare = line.rstrip(" \t")
    # What stands at the end of a line cannot be seen.
    text = visible(bare) + "".join("·" if one == " " else "→" for one in line[len(bare) :][:MAX_WIDTH])
    return sign + (text if len(text) <= MAX_WIDTH else text[: MAX_WIDTH - 1] + "…")
