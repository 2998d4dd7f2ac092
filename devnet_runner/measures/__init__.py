"""Measures: what was counted. Counts add and compare as integers; percentages are for display only."""

from devnet_runner.measures.layers import Gap, LayerMeasure, by_layer, sources, strays
from devnet_runner.measures.read import read_coverage
from devnet_runner.measures.unmeasured import unmeasured
from devnet_runner.measures.values import BadCoverage, FileMeasure, Ratio

__all__ = [
    "BadCoverage",
    "FileMeasure",
    "Gap",
    "LayerMeasure",
    "Ratio",
    "by_layer",
    "read_coverage",
    "sources",
    "strays",
    "unmeasured",
]
