"""Foreign keys that no index serves: deleting the row they refer to, or joining to it, reads the whole table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

BARE = text("""
SELECT key.conname, format('%I.%I', space.nspname, of.relname) AS name,
       (SELECT array_agg(quote_ident(attname) ORDER BY position)
          FROM unnest(key.conkey) WITH ORDINALITY AS part(number, position)
          JOIN pg_attribute ON attrelid = key.conrelid AND attnum = part.number) AS columns
  FROM pg_constraint AS key JOIN pg_class AS of ON of.oid = key.conrelid
  JOIN pg_namespace AS space ON space.oid = of.relnamespace
 WHERE key.contype = 'f' AND key.conparentid = 0 AND NOT EXISTS (
    SELECT FROM pg_index AS found JOIN pg_class AS made ON made.oid = found.indexrelid
      JOIN pg_am AS method ON method.oid = made.relam
     WHERE found.indrelid = key.conrelid AND found.indisvalid AND found.indpred IS NULL
       AND (method.amname = 'btree' OR (method.amname = 'hash' AND cardinality(key.conkey) = 1))
       AND found.indnkeyatts >= cardinality(key.conkey)
       AND (SELECT array_agg(one ORDER BY one) FROM unnest(found.indkey::int2[]) WITH ORDINALITY AS has(one, position)
             WHERE position <= cardinality(key.conkey))
         = (SELECT array_agg(one ORDER BY one) FROM unnest(key.conkey) AS one))
 ORDER BY name, key.conname
""")
"""An index serves where its first columns are the key's, in any order, and it is whole and finished."""


@dataclass(frozen=True, slots=True)
class BareForeignKey:
    """A foreign key without an index; names are quoted as SQL has them."""

    constraint: str
    table: str
    columns: tuple[str, ...]

    @property
    def statement(self) -> str:
        """What makes the index."""
        return f"CREATE INDEX ON {self.table} ({', '.join(self.columns)})"


async def foreign_keys_without_index(connection: AsyncConnection) -> tuple[BareForeignKey, ...]:
    """Every foreign key of the database that no index serves; a partitioned table's once, at the table itself."""
    with translated():
        found = (await connection.execute(BARE)).all()
    return tuple(BareForeignKey(name, table, tuple(columns)) for name, table, columns in found)
