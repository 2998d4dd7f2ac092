"""Indexes whose building failed, whoever began it: which they are, and how they become whole."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from psycopg import sql

from infra_adapters.errors import InfraError
from infra_adapters.postgres.evolution.indexes import dropped
from infra_adapters.postgres.evolution.locking import USUAL, Patience, retrying
from infra_adapters.postgres.evolution.stage import staged

if TYPE_CHECKING:
    import psycopg

    from infra_adapters.postgres.evolution.stage import Stage, Target

INVALID = """
SELECT format('%I.%I', n.nspname, c.relname), i.indrelid::regclass::text, pg_get_indexdef(c.oid),
       EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT (i.indisvalid AND i.indisready) AND c.relkind = 'i' ORDER BY 1
"""
LEFT_OF_REINDEX = re.compile(r"_cc(new|old)\d*\"?$")


@dataclass(frozen=True, slots=True)
class InvalidIndex:
    """An index that no query uses. `building`: a process is at it just now, so it is not to be repaired."""

    name: str
    table: str
    definition: str
    building: bool


def invalid_indexes(connection: psycopg.Connection[Any]) -> tuple[InvalidIndex, ...]:
    """The indexes of a database whose building failed or is under way."""
    return tuple(InvalidIndex(*row) for row in connection.execute(INVALID))


def repair_indexes(target: Target, *, patience: Patience = USUAL) -> tuple[str, ...]:
    """Build every invalid index of a database again, but for those being built; what a REINDEX left behind goes.

    Tells the names. Raises UniqueViolated where two rows are alike, and leaves that index away.
    """
    with staged(target, patience) as stage:
        if stage.connection is None:
            return ()
        found = [one for one in invalid_indexes(stage.connection) if not one.building]
        for one in found:
            retrying(partial(_repaired, stage, one), patience)
        return tuple(one.name for one in found)


def _repaired(stage: Stage, index: InvalidIndex) -> None:
    name = sql.SQL(index.name)
    dropped(stage, name)
    if LEFT_OF_REINDEX.search(index.name):
        return
    try:
        stage.concurrently(sql.SQL(index.definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)))
    except InfraError:
        with suppress(InfraError):
            dropped(stage, name)
        raise
