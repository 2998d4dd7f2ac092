"""Files gathered into layers by path patterns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from devnet_runner.measures.patterns import folder, matches
from devnet_runner.measures.values import FileMeasure, Ratio, merge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from devnet_runner.settings import Layer

GAPS = 3
"""How many uncovered places a layer names."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines of one file that no test reaches, in order."""

    path: str
    lines: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.path}:{ranges(self.lines)}"


@dataclass(frozen=True, slots=True)
class LayerMeasure:
    """The coverage of one layer, what it must reach, and where most of it is missing: lines, and branches that leave
    a line that did run."""

    layer: str
    minimum: Decimal | None
    lines: Ratio
    branches: Ratio
    excluded: int
    files: int
    gaps: tuple[Gap, ...]
    branch_gaps: tuple[Gap, ...]

    def meets(self, minimum: Decimal) -> bool:
        """Whether lines and branches reach a minimum; a layer without lines reaches none."""
        return self.lines.total > 0 and self.lines.meets(minimum) and self.branches.meets(minimum)

    @property
    def enough(self) -> bool:
        """Whether the layer has data and reaches its own minimum."""
        return self.lines.total > 0 and (self.minimum is None or self.meets(self.minimum))

    def worst(self) -> Ratio:
        """The lower of the two ratios: what may be claimed of the layer."""
        if not self.branches.total:
            return self.lines
        lower = self.branches.covered * self.lines.total < self.lines.covered * self.branches.total
        return self.branches if lower else self.lines

    def summary(self) -> str:
        """One line for people."""
        branches = self.branches.percent() if self.branches.total else "no"
        least = f", at least {self.minimum} %" if self.minimum is not None else ""
        left_out = f", {self.excluded} lines excluded" if self.excluded else ""
        return f"{self.layer}: {self.lines.percent()} lines, {branches} branches in {self.files} files{least}{left_out}"

    def to_json(self) -> dict[str, Any]:
        """The measure as JSON values."""
        return {
            "layer": self.layer,
            "minimum": str(self.minimum) if self.minimum is not None else None,
            "lines": self.lines.to_json(),
            "branches": self.branches.to_json(),
            "excluded": self.excluded,
            "files": self.files,
            "gaps": [str(gap) for gap in dict.fromkeys((*self.gaps, *self.branch_gaps))],
        }


def by_layer(measures: Iterable[FileMeasure], layers: Iterable[Layer]) -> tuple[LayerMeasure, ...]:
    """Each layer with the files that its patterns name; a file may belong to several, one outside to none."""
    files = [one for one in merge(measures) if not one.outside]
    return tuple(_layer(layer, [one for one in files if matches(one.path, layer.paths)]) for layer in layers)


def strays(measures: Iterable[FileMeasure], layers: Iterable[Layer]) -> tuple[FileMeasure, ...]:
    """The files that were measured and count nowhere: those outside the repository, and those in no layer."""
    patterns = tuple(pattern for layer in layers for pattern in layer.paths)
    return tuple(one for one in merge(measures) if one.outside or not matches(one.path, patterns))


def sources(layers: Iterable[Layer]) -> tuple[str, ...]:
    """The folders that hold the files of layers: what has to be measured."""
    return tuple(dict.fromkeys(folder(pattern) for layer in layers for pattern in layer.paths))


def _layer(layer: Layer, files: list[FileMeasure]) -> LayerMeasure:
    return LayerMeasure(
        layer=layer.name,
        minimum=layer.minimum,
        lines=sum((one.line_ratio() for one in files), Ratio()),
        branches=sum((one.branch_ratio() for one in files), Ratio()),
        excluded=sum(one.excluded for one in files),
        files=len(files),
        gaps=_gaps(Gap(one.path, one.missing_lines()) for one in files),
        branch_gaps=_gaps(Gap(one.path, _partial(one)) for one in files),
    )


def _partial(measure: FileMeasure) -> tuple[int, ...]:
    """Lines with an untaken branch; those that never ran are named already, where there are others."""
    unrun = set(measure.missing_lines())
    ran = tuple(line for line in measure.missing_branches() if line not in unrun)
    return ran or measure.missing_branches()


def _gaps(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return tuple(sorted((gap for gap in gaps if gap.lines), key=lambda gap: -len(gap.lines))[:GAPS])


def ranges(lines: Iterable[int], most: int = 4) -> str:
    """Line numbers as ranges, the first few of them: `3,7-9`."""
    runs = [list(run) for _, run in groupby(enumerate(lines), key=lambda pair: pair[1] - pair[0])]
    texts = [f"{run[0][1]}-{run[-1][1]}" if len(run) > 1 else str(run[0][1]) for run in runs]
    return ",".join(texts[:most]) + (",…" if len(texts) > most else "")
