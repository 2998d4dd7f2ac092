"""Trials: the tests of standards documents, tried in the sandbox and judged honestly."""

from devnet_runner.trials.schedule import Terms, run_tests
from devnet_runner.trials.whole import run_all

__all__ = ["Terms", "run_all", "run_tests"]
