"""How a unit of work is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_adapters.errors import ConfigError

if TYPE_CHECKING:
    from uuid import UUID

LEVELS = ("", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
"""Isolation levels of a transaction, the server's own first; the driver's AUTOCOMMIT is none."""


@dataclass(frozen=True, slots=True)
class UnitOptions:
    """`tenant`: whose rows it is about. `timeout`: its deadline in seconds, from its begin to its end.

    `isolation` is one of `LEVELS`, else ConfigError is raised.
    """

    tenant: UUID | None = None
    timeout: float | None = None
    isolation: str = ""

    def __post_init__(self) -> None:
        if self.isolation not in LEVELS:
            raise ConfigError(f"the isolation of a unit of work is one of {', '.join(LEVELS[1:])}")
