"""Ratios and files: the values that coverage is counted in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Ratio:
    """So many of so many; nothing of nothing is no data, not all of it."""

    covered: int = 0
    total: int = 0

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.covered + other.covered, self.total + other.total)

    def meets(self, minimum: Decimal) -> bool:
        """Whether at least `minimum` percent are covered, compared exactly: 94.999 % never passes for 95 %."""
        return self.covered * 100 >= minimum * self.total

    def percent(self) -> str:
        """The percentage for display, rounded down to two places: only all shows 100, only none shows 0."""
        if not self.total:
            return "no data"
        hundredths = self.covered * 10_000 // self.total
        if self.covered and not hundredths:
            return "< 0.01 %"
        whole, part = divmod(hundredths, 100)
        return f"{whole}.{part:02d} %" if part else f"{whole} %"

    def to_json(self) -> dict[str, int]:
        """The two counts."""
        return {"covered": self.covered, "total": self.total}


@dataclass(frozen=True, slots=True)
class FileMeasure:
    """The coverage of one file: which of its lines and branches ran. `excluded` lines were left out of the count.

    `lines` maps line numbers to whether they ran; `branches` maps (line, branch) to whether it was taken.
    """

    path: str
    lines: tuple[tuple[int, bool], ...]
    branches: tuple[tuple[tuple[int, str], bool], ...] = ()
    excluded: int = 0

    def line_ratio(self) -> Ratio:
        """Lines that ran, of all lines."""
        return _ratio(hit for _, hit in self.lines)

    def branch_ratio(self) -> Ratio:
        """Branches that were taken, of all branches."""
        return _ratio(hit for _, hit in self.branches)

    def missing(self) -> list[int]:
        """Lines that never ran, and lines with a branch that was never taken, in order."""
        lines = {line for line, hit in self.lines if not hit}
        return sorted(lines | {line for (line, _), hit in self.branches if not hit})

    def merged(self, other: FileMeasure) -> FileMeasure:
        """What both saw: a line ran if it ran in either."""
        lines, branches = dict(self.lines), dict(self.branches)
        for line, hit in other.lines:
            lines[line] = lines.get(line, False) or hit
        for branch, hit in other.branches:
            branches[branch] = branches.get(branch, False) or hit
        ordered = (tuple(sorted(lines.items())), tuple(sorted(branches.items())))
        return FileMeasure(self.path, *ordered, max(self.excluded, other.excluded))


def _ratio(hits: Iterable[bool]) -> Ratio:
    seen = list(hits)
    return Ratio(sum(seen), len(seen))


def merge(measures: Iterable[FileMeasure]) -> tuple[FileMeasure, ...]:
    """One measure a file, in the order of paths."""
    merged: dict[str, FileMeasure] = {}
    for measure in measures:
        known = merged.get(measure.path)
        merged[measure.path] = known.merged(measure) if known else measure
    return tuple(merged[path] for path in sorted(merged))
