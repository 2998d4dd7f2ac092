"""What a product keeps: its kinds of aggregates with their rows, and its kinds of events."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra_adapters.errors import ConfigError
from infra_adapters.ports.events import EventTypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_adapters.ports.aggregates import A, Kind
    from infra_adapters.postgres.statements import Stored


@dataclass(frozen=True, slots=True)
class Model:
    """`kept` has each kind once, else ConfigError is raised; `cursor_keys` sign cursors, newest first.

    `revisions` are those that the program needs, by the table that says where the schema is (`Script.needed`).
    """

    kept: tuple[Stored[Any], ...] = ()
    events: EventTypes = field(default_factory=EventTypes)
    revisions: Mapping[str, str] = field(default_factory=dict)
    cursor_keys: tuple[bytes, ...] = field(default_factory=lambda: (secrets.token_bytes(32),), repr=False)

    def __post_init__(self) -> None:
        names = [one.kind.name for one in self.kept]
        if len(set(names)) != len(names):
            raise ConfigError("a kind of aggregate is kept in one place only")

    def stored(self, kind: Kind[A]) -> Stored[A]:
        """How a kind is kept. Raises ConfigError where it is not."""
        for one in self.kept:
            if one.kind is kind:
                return one
        raise ConfigError(f"nothing says how a {kind.name} is kept; add it to the model")
