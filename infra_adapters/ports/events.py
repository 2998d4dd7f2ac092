"""Domain events: frozen dataclasses that are kept in streams, each under a lasting name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from infra_adapters.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event whose kind this version of the program does not know, or cannot read; nothing of it is lost."""

    kind: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in its stream: `version` counts from 1 without gaps."""

    version: int
    event: object
    at: datetime


@dataclass(frozen=True, slots=True)
class EventTypes:
    """The kinds of events that a program knows: lasting name → dataclass. Raises ConfigError for a type twice."""

    types: Mapping[str, type] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(set(self.types.values())) != len(self.types):
            raise ConfigError("an event type has one name only")

    def name_of(self, event: object) -> str:
        """The lasting name of an event's type. Raises ConfigError where it has none."""
        for name, known in self.types.items():
            if known is type(event):
                return name
        raise ConfigError(f"the event type {type(event).__name__} has no name")


class EventStore(Protocol):
    """Streams of events, each in order and without gaps."""

    async def append(self, stream: str, events: Sequence[object], *, expected: int | None = None) -> int:
        """Add events to a stream and return its new version.

        Raises ConcurrencyConflict where the stream is not at version `expected`, or was added to meanwhile.
        """

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> tuple[Recorded, ...]:
        """The events of a stream after a version, oldest first. What is not known is an UnknownEvent."""
