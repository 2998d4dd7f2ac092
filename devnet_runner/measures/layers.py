"""Files gathered into layers by path patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from devnet_runner.measures.values import FileMeasure, Ratio, merge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from devnet_runner.settings import Layer

GAPS = 3
"""How many uncovered places a layer names."""


@dataclass(frozen=True, slots=True)
class LayerMeasure:
    """The coverage of one layer, what it must reach, and where it is missing."""

    layer: str
    minimum: Decimal | None
    lines: Ratio
    branches: Ratio
    excluded: int
    files: int
    gaps: tuple[str, ...]

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
            "gaps": list(self.gaps),
        }


def by_layer(measures: Iterable[FileMeasure], layers: Iterable[Layer]) -> tuple[LayerMeasure, ...]:
    """Each layer with the files that its patterns name; a file may belong to several layers."""
    files = merge(measures)
    return tuple(_layer(layer, [one for one in files if _named(one.path, layer.paths)]) for layer in layers)


def _layer(layer: Layer, files: list[FileMeasure]) -> LayerMeasure:
    return LayerMeasure(
        layer=layer.name,
        minimum=layer.minimum,
        lines=sum((one.line_ratio() for one in files), Ratio()),
        branches=sum((one.branch_ratio() for one in files), Ratio()),
        excluded=sum(one.excluded for one in files),
        files=len(files),
        gaps=_gaps(files),
    )


def _gaps(files: list[FileMeasure]) -> tuple[str, ...]:
    worst = sorted((one for one in files if one.missing()), key=lambda one: -len(one.missing()))
    return tuple(f"{one.path}:{_ranges(one.missing())}" for one in worst[:GAPS])


def _ranges(lines: list[int], most: int = 4) -> str:
    """Line numbers as ranges: `3,7-9`."""
    runs = [list(run) for _, run in groupby(enumerate(lines), key=lambda pair: pair[1] - pair[0])]
    texts = [f"{run[0][1]}-{run[-1][1]}" if len(run) > 1 else str(run[0][1]) for run in runs]
    return ",".join(texts[:most]) + (",…" if len(texts) > most else "")


def _named(path: str, patterns: tuple[str, ...]) -> bool:
    return any(_pattern(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    """A path pattern: `**` crosses folders, `*` and `?` do not; a folder's name stands for all that is in it."""
    if not any(sign in glob for sign in "*?"):
        return re.compile(re.escape(glob.rstrip("/")) + "(/.*)?", re.DOTALL)
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    tokens = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(parts.get(token) or re.escape(token) for token in tokens), re.DOTALL)


def sources(layers: Iterable[Layer]) -> tuple[str, ...]:
    """The folders that hold the files of layers: what has to be measured."""
    roots = (re.split(r"[*?]", pattern, maxsplit=1)[0].rstrip("/") for layer in layers for pattern in layer.paths)
    return tuple(dict.fromkeys(root if not root.endswith(".py") else root.rpartition("/")[0] or "." for root in roots))
