"""Foreign keys and unique constraints that come without stopping who reads and writes their tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from infra_adapters.errors import ConstraintViolated, MigrationFailed
from infra_adapters.postgres.evolution.catalog import constraint_of, oid_of
from infra_adapters.postgres.evolution.indexes import Index, built
from infra_adapters.postgres.evolution.locking import USUAL, Patience
from infra_adapters.postgres.evolution.names import columns, table_name
from infra_adapters.postgres.evolution.stage import staged

if TYPE_CHECKING:
    from infra_adapters.postgres.evolution.stage import Stage, Target

DELETING = {"NO ACTION": "a", "RESTRICT": "r", "CASCADE": "c", "SET NULL": "n", "SET DEFAULT": "d"}
"""What becomes of a row whose referred row goes, and the catalog's letter for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Columns of a table that refer to those of another. `on_delete` is one of DELETING."""

    name: str
    table: str
    columns: tuple[str, ...]
    refers_to: str
    referred: tuple[str, ...]
    on_delete: str = "NO ACTION"


def add_foreign_key(target: Target, key: ForeignKey, *, patience: Patience = USUAL) -> None:
    """Add a foreign key, then validate the rows that were there; the way back is `drop_constraint`.

    Raises ForeignKeyViolated, and leaves no constraint, where a row refers to nothing; MigrationFailed for another
    constraint of its name.
    """
    if key.on_delete not in DELETING:
        raise MigrationFailed(f"foreign key {key.name}: ON DELETE {key.on_delete} does not exist")
    with staged(target, patience) as stage:
        there = constraint_of(stage, key.table, key.name)
        if there is None:
            stage.brief(_added(key))
        elif (there.columns, there.table, there.referred, there.on_delete) != (
            key.columns,
            oid_of(stage, key.refers_to),
            key.referred,
            DELETING[key.on_delete],
        ):
            raise MigrationFailed(f"constraint {key.name} of {key.table} is there, and is another one")
        if there is None or not there.valid:
            validated(stage, key.table, key.name)


def add_unique(target: Target, table: str, name: str, over: tuple[str, ...], *, patience: Patience = USUAL) -> None:
    """Add a unique constraint whose index is built while others write; the way back is `drop_constraint`.

    Raises UniqueViolated, and leaves no index, where two rows are alike; MigrationFailed for another constraint of its
    name.
    """
    with staged(target, patience) as stage:
        there = constraint_of(stage, table, name)
        if there is not None:
            if (there.kind, there.columns) != ("u", over):
                raise MigrationFailed(f"constraint {name} of {table} is there, and is another one")
            return
        built(stage, Index(name, table, tuple(sql.Identifier(one).as_string() for one in over), unique=True))
        query = "ALTER TABLE {} ADD CONSTRAINT {} UNIQUE USING INDEX {}"
        stage.brief(sql.SQL(query).format(table_name(table), sql.Identifier(name), sql.Identifier(name)))


def drop_constraint(target: Target, table: str, name: str, *, patience: Patience = USUAL) -> None:
    """Drop a constraint, and the index of a unique one."""
    with staged(target, patience) as stage:
        stage.brief(_dropped(table, name))


def validated(stage: Stage, table: str, name: str) -> None:
    """Have the server read all rows, while others write. Leaves no constraint where a row breaks it, and says so."""
    query = sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {}").format(table_name(table), sql.Identifier(name))
    try:
        stage.online(query)
    except ConstraintViolated:
        stage.brief(_dropped(table, name))
        raise


def _added(key: ForeignKey) -> sql.Composed:
    query = "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} NOT VALID"
    return sql.SQL(query).format(
        table_name(key.table),
        sql.Identifier(key.name),
        columns(key.columns),
        table_name(key.refers_to),
        columns(key.referred),
        sql.SQL(key.on_delete),
    )


def _dropped(table: str, name: str) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}").format(table_name(table), sql.Identifier(name))
