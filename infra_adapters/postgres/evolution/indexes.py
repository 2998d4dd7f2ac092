"""Indexes that are built while others write, and the repair of those whose building failed.

A concurrent build that fails leaves an INVALID index: no query uses it, every write pays for it, and CREATE INDEX
CONCURRENTLY IF NOT EXISTS takes it for done. Here it is dropped and built again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from infra_adapters.errors import InfraError, LockTimeout, MigrationFailed
from infra_adapters.postgres.evolution.locking import USUAL, Patience, retrying, set_timeouts
from infra_adapters.postgres.evolution.names import columns, table_name
from infra_adapters.postgres.evolution.stage import staged

if TYPE_CHECKING:
    from infra_adapters.postgres.evolution.stage import Stage, Statement, Target

STATE = """
SELECT i.indexrelid, i.indisvalid AND i.indisready, i.indrelid = to_regclass(%(table)s),
       EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
  FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
 WHERE c.oid = to_regclass(%(index)s)
"""
PARTITIONED = "SELECT 1 FROM pg_class WHERE oid = to_regclass(%s) AND relkind = 'p'"
FEATURES = """
SELECT am.amname, i.indisunique, i.indnkeyatts, i.indoption::text, i.indclass::text, i.indcollation::text,
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, true) FROM generate_series(1, i.indnatts) n),
       pg_get_expr(i.indpred, i.indrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
 WHERE i.indexrelid = {}
"""


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a table. `on` are columns or expressions as SQL, each with its order; `where` is SQL as well."""

    name: str
    table: str
    on: tuple[str, ...]
    unique: bool = False
    where: str = ""
    include: tuple[str, ...] = ()
    method: str = "btree"

    def named(self) -> sql.Identifier:
        """The index itself, which is in the schema of its table."""
        return sql.Identifier(*self.table.split(".", 1)[:-1], self.name)

    def created(self, how: str, table: sql.Identifier) -> sql.Composed:
        """The statement that makes it on a table."""
        parts = [
            sql.SQL("CREATE {}INDEX {}{} ON {} USING {} ({})").format(
                sql.SQL("UNIQUE " if self.unique else ""),
                sql.SQL(how),
                sql.Identifier(self.name),
                table,
                sql.Identifier(self.method),
                sql.SQL(", ".join(self.on)),
            )
        ]
        if self.include:
            parts.append(sql.SQL("INCLUDE ({})").format(columns(self.include)))
        if self.where:
            parts.append(sql.SQL("WHERE {}").format(sql.SQL(self.where)))
        return sql.SQL(" ").join(parts)


def create_index(target: Target, index: Index, *, patience: Patience = USUAL) -> None:
    """Build an index concurrently; an invalid one of its name is built again. The way back is `drop_index`.

    Raises UniqueViolated where two rows are alike, and leaves no index then; MigrationFailed for a valid index of its
    name that is another one; LockTimeout where somebody builds it, or stands in the way, for longer than the patience.
    """
    with staged(target, patience) as stage:
        built(stage, index)


def drop_index(target: Target, index: Index, *, patience: Patience = USUAL) -> None:
    """Drop an index while others write."""
    with staged(target, patience) as stage:
        retrying(lambda: dropped(stage, index.named()), patience)


def built(stage: Stage, index: Index) -> None:
    """The steps of `create_index`."""
    retrying(lambda: _attempt(stage, index), stage.patience)


def _attempt(stage: Stage, index: Index) -> None:
    if stage.one(PARTITIONED, table_name(index.table).as_string()):
        cure = "make it on ONLY this table, then on each partition, and attach those with ALTER INDEX"
        raise MigrationFailed(f"{index.table} is partitioned, and no index of it is built while others write: {cure}")
    found = _state(stage, index)
    if found is not None:
        number, valid, of_table, building = found
        if building:
            raise LockTimeout(f"index {index.name} is being built by another process")
        if not of_table or (valid and not _alike(stage, index, number)):
            raise MigrationFailed(f"index {index.name} is there, and is another one")
        if valid:
            return
        dropped(stage, index.named())
    try:
        stage.concurrently(index.created("CONCURRENTLY ", table_name(index.table)))
    except InfraError:
        # Best effort: where even this fails, the next try finds the invalid index and drops it.
        with suppress(InfraError):
            dropped(stage, index.named())
        raise


def _state(stage: Stage, index: Index) -> tuple[Any, ...] | None:
    if stage.connection is None:
        return None
    names = {"table": table_name(index.table).as_string(), "index": index.named().as_string()}
    return stage.connection.execute(STATE, names).fetchone()


def _alike(stage: Stage, index: Index, number: int) -> bool:
    """Whether an index is the one asked for, which is made on an empty table of the same columns to be looked at."""
    connection = stage.connection
    assert connection is not None  # noqa: S101 - an index was found
    twin = sql.Identifier("pg_temp", "infra_twin")
    with connection.transaction(force_rollback=True):
        set_timeouts(connection, lock=stage.patience.lock, statement=0)
        connection.execute(sql.SQL("CREATE TEMP TABLE infra_twin (LIKE {})").format(table_name(index.table)))
        connection.execute(index.created("", twin))
        name = sql.Identifier("pg_temp", index.name).as_string()
        asked = connection.execute(sql.SQL(FEATURES).format(sql.SQL("to_regclass({})").format(name))).fetchone()
    return asked == connection.execute(sql.SQL(FEATURES).format(number)).fetchone()


def dropped(stage: Stage, name: Statement | sql.Identifier) -> None:
    """Drop an index by its name, if it is there."""
    stage.concurrently(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(name))
