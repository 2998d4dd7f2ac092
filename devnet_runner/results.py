"""A result is what happened: outcomes of tests and suites, as facts that add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from devnet_runner.findings import Place

if TYPE_CHECKING:
    from collections.abc import Iterable


class Outcome(StrEnum):
    """How a test or suite ended. Only `PASSED` passes.

    `DENIED`: it wanted what a sandbox refuses. `VACUOUS`: it passed, and would have passed whatever was there.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"
    NOT_RUN = "not_run"
    DENIED = "denied"
    VACUOUS = "vacuous"


NOWHERE = Place("")


@dataclass(frozen=True, slots=True)
class TestResult:
    """What happened to one test. `duration` is in seconds; `proves` are texts of deliverables or expected items."""

    __test__ = False

    name: str
    outcome: Outcome
    duration: float = 0.0
    where: Place = NOWHERE
    reason: str = ""
    proves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """What happened to one suite: its own outcome, its tests, and the coverage files that it left.

    `outcome` is `PASSED` only where the process ended well, at least one test ran, and every test passed.
    """

    suite: str
    outcome: Outcome
    tests: tuple[TestResult, ...] = ()
    duration: float = 0.0
    reason: str = ""
    coverage: tuple[str, ...] = ()
    tools: tuple[tuple[str, str], ...] = ()
    counts: Counts = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", Counts.of(test.outcome for test in self.tests))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tests ended in each way; the parts add up to `total`."""

    passed: int = 0
    failed: int = 0
    errored: int = 0
    skipped: int = 0
    timed_out: int = 0
    not_run: int = 0
    denied: int = 0
    vacuous: int = 0

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Counts:
        """Count outcomes."""
        seen = [outcome.value for outcome in outcomes]
        return cls(**{outcome.value: seen.count(outcome.value) for outcome in Outcome})

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, o.value) + getattr(other, o.value) for o in Outcome))

    @property
    def total(self) -> int:
        """The number of tests."""
        return sum(getattr(self, outcome.value) for outcome in Outcome)
