"""The values of the sandbox: how much of it is held, what is tried in it, and how that ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Level(StrEnum):
    """How much of a test's confinement the kernel holds, as a self-test found it."""

    ENFORCED = "enforced"
    PARTLY = "partly"
    POLICY_ONLY = "policy only"


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


class Ending(StrEnum):
    """How a trial ended: by itself, at a limit, or not as a trial at all."""

    ENDED = "ended"
    TIMED_OUT = "timed_out"
    NOT_STARTED = "not_started"
    TOO_MUCH_OUTPUT = "output"
    TOO_MANY_PROCESSES = "processes"
    TOO_MUCH_MEMORY = "memory"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Trial:
    """A shell command to try, with variables of its own and the seconds that it may take."""

    command: str
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a trial ended. `exit_code` is negative for a signal; `output` is bounded; `duration` is in seconds."""

    ending: Ending
    exit_code: int = -1
    output: str = ""
    duration: float = 0.0
