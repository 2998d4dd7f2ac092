"""The kinds of suites: adding a kind is one module and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from devnet_runner.suites import command, pytest

if TYPE_CHECKING:
    from devnet_runner.process import Execute
    from devnet_runner.results import SuiteResult
    from devnet_runner.settings import Suite
    from devnet_runner.suites.site import Site, Tell


class Run(Protocol):
    """What a kind of suite offers: run one suite, say what happened; it raises for faults of its own only."""

    def __call__(self, suite: Suite, site: Site, execute: Execute, tell: Tell) -> SuiteResult:
        """Run a suite to its end, its timeout or its stop."""


RUNNERS: dict[str, Run] = {"pytest": pytest.run, "command": command.run}


def run_suite(suite: Suite, site: Site, execute: Execute, tell: Tell) -> SuiteResult:
    """Run a suite by its kind."""
    return RUNNERS[suite.runner](suite, site, execute, tell)
