"""Trials: the tests of standards documents, tried in the sandbox and judged honestly."""

from devnet_runner.trials.schedule import Terms, run_tests

__all__ = ["Terms", "run_tests"]
