"""Standards: the tests that documents declare in verification blocks, as values."""

from devnet_runner.standards.graph import check_graph
from devnet_runner.standards.read import read_standard
from devnet_runner.standards.values import Identity, StandardTest

__all__ = ["Identity", "StandardTest", "check_graph", "read_standard"]
