"""Ratios and files: the values that coverage is counted in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

MAX_LINE = 10_000_000
MAX_HITS = 1 << 64
MAX_BRANCHES = 1000
"""What one line may have; more is no code that anybody wrote."""


class BadCoverage(ValueError):
    """A coverage file that cannot be believed; the message says why, with a line where there is one."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """So many of so many; nothing of nothing is no data, not all of it."""

    covered: int = 0
    total: int = 0

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.covered + other.covered, self.total + other.total)

    def meets(self, minimum: Decimal) -> bool:
        """Whether at least `minimum` percent are covered, compared exactly: 94.999 % never passes for 95 %."""
        # As integers, since Decimal itself rounds products to 28 digits.
        whole, parts = minimum.as_integer_ratio()
        return self.covered * 100 * parts >= whole * self.total

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

    `path` is below the root of the repository, or begins with `/` or `..` for a file outside. `lines` maps line
    numbers to whether they ran; `branches` maps (line, branch) to whether it was taken.
    """

    path: str
    lines: tuple[tuple[int, bool], ...]
    branches: tuple[tuple[tuple[int, str], bool], ...] = ()
    excluded: int = 0

    @classmethod
    def of(
        cls, path: str, lines: Mapping[int, bool], branches: Mapping[tuple[int, str], bool], excluded: int = 0
    ) -> FileMeasure:
        """A measure with its lines and branches in order."""
        return cls(path, tuple(sorted(lines.items())), tuple(sorted(branches.items())), excluded)

    @property
    def outside(self) -> bool:
        """Whether the file lies outside the repository, and so never counts."""
        return self.path.startswith("/") or self.path.split("/", 1)[0] == ".."

    @property
    def last_line(self) -> int:
        """The last line that something is claimed of."""
        branched = max((line for (line, _), _ in self.branches), default=0)
        return max(self.lines[-1][0] if self.lines else 0, branched)

    def line_ratio(self) -> Ratio:
        """Lines that ran, of all lines."""
        return _ratio(hit for _, hit in self.lines)

    def branch_ratio(self) -> Ratio:
        """Branches that were taken, of all branches."""
        return _ratio(hit for _, hit in self.branches)

    def missing_lines(self) -> tuple[int, ...]:
        """Lines that never ran, in order."""
        return tuple(line for line, hit in self.lines if not hit)

    def missing_branches(self) -> tuple[int, ...]:
        """Lines with a branch that was never taken, in order."""
        return tuple(sorted({line for (line, _), hit in self.branches if not hit}))

    def missing(self) -> list[int]:
        """Lines that never ran, and lines with a branch that was never taken, in order."""
        return sorted({*self.missing_lines(), *self.missing_branches()})

    def merged(self, other: FileMeasure) -> FileMeasure:
        """What both saw: a line ran if it ran in either."""
        lines, branches = dict(self.lines), dict(self.branches)
        for line, hit in other.lines:
            lines[line] = lines.get(line, False) or hit
        for branch, hit in other.branches:
            branches[branch] = branches.get(branch, False) or hit
        return FileMeasure.of(self.path, lines, branches, max(self.excluded, other.excluded))


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


def whole_number(text: str, top: int) -> int | None:
    """A number from 0 to `top` in plain digits, else None: no sign, no blank, no other script, no length that hurts."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(top)):
        return None
    value = int(text)
    return value if value <= top else None
