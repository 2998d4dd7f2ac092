"""A circuit breaker as a pure rule: it is told what happened and when, and says whether to try.

Closed → open after so many failures in a row; open → half-open after a time; half-open lets a few probes through at
once, closes when as many have succeeded, and opens again when one fails. Source: M. Nygard, "Release It!", 2007.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from infra_adapters.errors import CircuitOpen

if TYPE_CHECKING:
    from collections.abc import Callable


class State(StrEnum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True, eq=False)
class Permit:
    """A call that was let through; it says once how it ended, and anything after that is ignored."""

    breaker: Breaker
    era: int
    told: bool = False

    def succeeded(self) -> None:
        """The dependency did its work, whatever it answered."""
        self._tell(True)

    def failed(self) -> None:
        """The dependency could not be used."""
        self._tell(False)

    def given_up(self) -> None:
        """Nobody waited for the end: this tells nothing of the dependency."""
        self._tell(None)

    def _tell(self, well: bool | None) -> None:
        if not self.told:
            self.told = True
            self.breaker.told(self.era, well)


@dataclass(slots=True)
class Breaker:
    """`failures` in a row open it for `seconds`; `probes` successes close it. `clock` is monotonic, in seconds."""

    clock: Callable[[], float]
    failures: int = 5
    seconds: float = 60.0
    probes: int = 3
    state: State = State.CLOSED
    _count: int = 0
    _probing: int = 0
    _until: float = 0.0
    _era: int = field(default=0)

    def admit(self) -> Permit:
        """Let a call through. Raises CircuitOpen, with the seconds after which one may be let through."""
        if self.state is State.OPEN and self.clock() >= self._until:
            self._enter(State.HALF_OPEN)
        if self.state is State.OPEN:
            raise CircuitOpen("the last calls failed", retry_after=self._until - self.clock())
        if self.state is State.HALF_OPEN:
            if self._probing >= self.probes:
                raise CircuitOpen("it is being tried whether calls succeed again", retry_after=0.0)
            self._probing += 1
        return Permit(self, self._era)

    def told(self, era: int, well: bool | None) -> None:
        """A call that was let through in an era has ended; what belongs to an earlier era no longer counts."""
        if era != self._era:
            return
        if self.state is State.HALF_OPEN:
            self._probed(well)
        elif well is not None:
            self._count = 0 if well else self._count + 1
            if self._count >= self.failures:
                self._open()

    def _probed(self, well: bool | None) -> None:
        self._probing -= 1
        if well:
            self._count += 1
            if self._count >= self.probes:
                self._enter(State.CLOSED)
        elif well is False:
            self._open()

    def _open(self) -> None:
        self._enter(State.OPEN)
        self._until = self.clock() + self.seconds

    def _enter(self, state: State) -> None:
        self.state = state
        self._count = self._probing = 0
        self._era += 1
