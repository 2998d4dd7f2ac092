"""How a unit of work is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_adapters.errors import ConfigError
from infra_adapters.postgres.engine import server_timeouts
from infra_adapters.postgres.schema import TENANT_SETTING

if TYPE_CHECKING:
    from uuid import UUID

    from infra_adapters.settings import DatabaseSettings

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

    def local(self, settings: DatabaseSettings) -> dict[str, str]:
        """The server's settings for this transaction alone, by their names."""
        # Without a tenant as well: what somebody has set on the connection before does not count.
        found = {TENANT_SETTING: str(self.tenant) if self.tenant else ""}
        if settings.pooler == "transaction":
            found |= {name: str(value) for name, value in server_timeouts(settings).items()}
        return found
