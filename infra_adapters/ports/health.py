"""How a dependency is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Condition(StrEnum):
    """How a dependency is: at its work, at its work with something wrong, or not."""

    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Health:
    """The database's health: `round_trip` in seconds, None where there was none; `size` is the most connections there
    may be, `waiting` how many callers wait for one; `message` says what is wrong, empty where nothing is.
    """

    condition: Condition
    round_trip: float | None
    size: int
    checked_out: int
    waiting: int = 0
    message: str = ""
