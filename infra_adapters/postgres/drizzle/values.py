"""A Drizzle folder and the table of a database as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import psycopg

    Where = str | psycopg.Connection[Any]
    """A URL, or a connection on which no transaction is open."""


class Format(StrEnum):
    """How a folder is laid out: with a journal (drizzle-kit 0.x), or with a folder for each migration (1.x)."""

    JOURNAL = "0.45"
    FOLDERS = "v1"


@dataclass(frozen=True, slots=True)
class Statement:
    """What stands between two breakpoints, without the space around it; `line` of the file is where it begins."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What drizzle-kit wrote down of the schema after a migration. `previous` are the snapshots that it follows."""

    path: Path
    id: str
    previous: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration. `created_at` is in milliseconds since 1970; `hash` is the SHA-256 of its file, in hexadecimal."""

    name: str
    path: Path
    created_at: int
    hash: str
    statements: tuple[Statement, ...]
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """The migrations in the order in which Drizzle runs them. `unlisted` is SQL beside them that it never looks at."""

    path: Path
    format: Format
    migrations: tuple[Migration, ...]
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Books:
    """Where Drizzle keeps what was applied: its options `migrationsSchema` and `migrationsTable`."""

    schema: str = "drizzle"
    table: str = "__drizzle_migrations"

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of one applied migration; only its newer form has `name` and `applied_at`."""

    id: int
    hash: str
    created_at: int | None
    name: str | None = None
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The table as it is. `exists` is False where Drizzle never ran; `named` is the newer form, with `name`."""

    schema_exists: bool
    exists: bool
    named: bool
    rows: tuple[Row, ...] = ()
