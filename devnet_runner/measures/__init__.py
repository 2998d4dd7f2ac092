"""Measures: what was counted. Counts add and compare as integers; percentages are for display only."""

from devnet_runner.measures.layers import LayerMeasure, by_layer
from devnet_runner.measures.read import BadCoverage, read_coverage
from devnet_runner.measures.values import FileMeasure, Ratio

__all__ = ["BadCoverage", "FileMeasure", "LayerMeasure", "Ratio", "by_layer", "read_coverage"]
