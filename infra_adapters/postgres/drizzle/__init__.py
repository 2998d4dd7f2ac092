"""Beside a Drizzle team: its migrations read, compared with a database and applied as its own migrator would."""

from infra_adapters.postgres.drizzle.drift import drift
from infra_adapters.postgres.drizzle.folder import read_folder
from infra_adapters.postgres.drizzle.migrator import apply, plan, status
from infra_adapters.postgres.drizzle.state import State, compare
from infra_adapters.postgres.drizzle.values import (
    Books,
    Folder,
    Format,
    Ledger,
    Migration,
    Row,
    Snapshot,
    Statement,
)

__all__ = [
    "Books",
    "Folder",
    "Format",
    "Ledger",
    "Migration",
    "Row",
    "Snapshot",
    "State",
    "Statement",
    "apply",
    "compare",
    "drift",
    "plan",
    "read_folder",
    "status",
]
