"""The values of the sandbox: what is tried in it, and how that ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ending(StrEnum):
    """How a trial ended: by itself, at a limit, or not as a trial at all."""

    ENDED = "ended"
    TIMED_OUT = "timed_out"
    NOT_STARTED = "not_started"
    TOO_MUCH_OUTPUT = "output"
    TOO_MANY_PROCESSES = "processes"
    TOO_MUCH_MEMORY = "memory"
    TOO_MUCH_WRITTEN = "written"
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
