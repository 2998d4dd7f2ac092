"""What hangs on a column by its name, and so is lost with it: who may read and write it, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from infra_adapters.postgres.evolution.names import table_name

if TYPE_CHECKING:
    from infra_adapters.postgres.evolution.both_names import Rename
    from infra_adapters.postgres.evolution.stage import Statement

# A block of the server's own, so that it is in the SQL text as well. A privilege word comes from the server's list.
CARRY = """DO $infra_carry$
DECLARE given record; said text;
BEGIN
  FOR given IN SELECT held.* FROM pg_attribute, LATERAL aclexplode(attacl) AS held
                WHERE attrelid = {table}::regclass AND attname = {source} AND NOT attisdropped
  LOOP
    EXECUTE format('GRANT %s (%I) ON {named} TO %s%s', given.privilege_type, {target},
      CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE given.grantee::regrole::text END,
      CASE WHEN given.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
  SELECT col_description({table}::regclass, attnum) INTO said FROM pg_attribute
   WHERE attrelid = {table}::regclass AND attname = {source} AND NOT attisdropped
     AND NOT EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = {table}::regclass AND t.attname = {target}
                        AND col_description(t.attrelid, t.attnum) IS NOT NULL);
  IF said IS NOT NULL THEN EXECUTE format('COMMENT ON COLUMN {named}.%I IS %L', {target}, said); END IF;
END $infra_carry$"""


def carried(rename: Rename, source: str, target: str) -> Statement:
    """Give a column the grants and the comment of another one; what it has already stays."""
    named = table_name(rename.table).as_string()
    within = named.replace("'", "''").replace("%", "%%")
    return sql.SQL(CARRY).format(
        table=sql.Literal(named), named=sql.SQL(within), source=sql.Literal(source), target=sql.Literal(target)
    )
