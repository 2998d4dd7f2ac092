"""What happened to the tests of standards documents, and how much of their confinement the kernel held."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from devnet_runner.findings import Place
from devnet_runner.results import Counts, Outcome


class Level(StrEnum):
    """How much of a test's confinement the kernel holds, as a self-test found it."""

    ENFORCED = "enforced"
    PARTLY = "partly"
    POLICY_ONLY = "policy only"


OF_STANDARDS = (
    Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.ERRORED, Outcome.TIMED_OUT, Outcome.DENIED,
    Outcome.VACUOUS,
)  # fmt: skip
"""How a test of a standard can end; their counts add up to the number of tests."""
OUTPUT_LIMIT = 2000
STRENGTH = (Level.POLICY_ONLY, Level.PARTLY, Level.ENFORCED)


@dataclass(frozen=True, slots=True)
class Enforcement:
    """The level that was in force for a run, by which means, what it does not hold, and why no stronger one is."""

    level: Level
    backend: str
    leaks: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    def satisfies(self, demanded: str) -> bool:
        """Whether the level is at least what settings demand; empty demands nothing."""
        return not demanded or STRENGTH.index(self.level) >= STRENGTH.index(Level(demanded))

    def to_json(self) -> dict[str, Any]:
        """The level that was in force as JSON values."""
        return {
            "level": str(self.level),
            "backend": self.backend,
            "leaks": list(self.leaks),
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True)
class StandardResult:
    """What happened to one test of a standards document; file, block and name identify it.

    `reason` says why it did not pass, `output` is what it printed, `rewrite` a command that would really test. `error`
    and `fix` are what the document says of it and what to do, which is shown and never run. `duration` is in seconds.
    """

    file: str
    block: str
    name: str
    line: int
    outcome: Outcome
    blocking: bool
    required: bool
    reason: str = ""
    output: str = ""
    rewrite: str = ""
    error: str = ""
    fix: str = ""
    duration: float = 0.0

    @property
    def where(self) -> Place:
        """Its place in the document."""
        return Place(self.file, self.line)

    def to_json(self) -> dict[str, Any]:
        """The test as JSON values; what it printed is there only where it did not pass."""
        passed = self.outcome is Outcome.PASSED
        values = {
            "file": self.file,
            "block": self.block,
            "name": self.name,
            "outcome": str(self.outcome),
            "line": self.line,
            "blocking": self.blocking,
            "required": self.required,
            "seconds": round(self.duration, 4),
            "reason": self.reason,
            "rewrite": self.rewrite,
            "fix_command": "" if passed else self.fix,
            "output": "" if passed else self.output[-OUTPUT_LIMIT:],
        }
        always = ("file", "block", "name")
        return {key: value for key, value in values.items() if value != "" or key in always}


@dataclass(frozen=True, slots=True)
class StandardsRun:
    """The tests of standards that a run was given, in document order, and the enforcement that they ran under."""

    enforcement: Enforcement
    tests: tuple[StandardResult, ...]
    duration: float = 0.0

    @property
    def counts(self) -> Counts:
        """How many ended in each way; they add up to the number of tests."""
        return Counts.of(test.outcome for test in self.tests)

    def to_json(self) -> dict[str, Any]:
        """The run as JSON values; the level of enforcement is said once."""
        return {
            "enforcement": self.enforcement.to_json(),
            "counts": {outcome.value: getattr(self.counts, outcome.value) for outcome in OF_STANDARDS},
            "total": len(self.tests),
            "tests": [test.to_json() for test in self.tests],
        }
