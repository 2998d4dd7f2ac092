"""Rename a column while versions of a service that know either name are running.

Expand: the new column, and a trigger that keeps both alike whichever is written. Backfill: rows that were there. Then
the versions that read the new name go live, and once the last of the old ones is gone: contract.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from psycopg import sql

from infra_adapters.errors import DataLossRefused, MigrationFailed
from infra_adapters.postgres.evolution.backfill import backfill_on
from infra_adapters.postgres.evolution.both_names import (
    Rename,
    altered,
    both_names,
    one_name,
    trigger_name,
    with_default,
)
from infra_adapters.postgres.evolution.carrying import carried
from infra_adapters.postgres.evolution.catalog import column_of, is_of_kind
from infra_adapters.postgres.evolution.columns import not_null, refuse_loss
from infra_adapters.postgres.evolution.ledger import Ledger
from infra_adapters.postgres.evolution.locking import USUAL, Patience
from infra_adapters.postgres.evolution.names import table_name
from infra_adapters.postgres.evolution.stage import staged

if TYPE_CHECKING:
    from infra_adapters.postgres.evolution.catalog import Column
    from infra_adapters.postgres.evolution.stage import Stage, Target

DEPENDENTS = """
SELECT DISTINCT identity FROM pg_depend d
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid,
  LATERAL pg_identify_object(d.classid, d.objid, d.objsubid)
 WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass(%s) AND a.attname = %s
   AND d.classid <> 'pg_attrdef'::regclass
   AND NOT EXISTS (SELECT FROM pg_constraint c WHERE d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
                      AND c.contype = 'n')
 ORDER BY 1
"""
"""Indexes, constraints, views, policies and others that use a column."""
TRIGGERS = """
SELECT format('trigger %%I', t.tgname) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE t.tgrelid = to_regclass(%s) AND NOT t.tgisinternal AND t.tgname <> %s AND p.prosrc ~* ('\\m' || %s || '\\M')
 ORDER BY 1
"""
"""Triggers whose function speaks of a column: the server does not know that they use it, and they fail without it."""


def expand_rename(target: Target, rename: Rename, *, patience: Patience = USUAL) -> None:
    """Add the new column and the trigger that writes both; the way back is `abandon_rename`.

    The new column gets the old one's grants and comment. A row that is written with a value under each name takes the
    new one's. Raises MigrationFailed where the old column is not as `rename` says, or the server makes its values.
    """
    with staged(target, patience) as stage:
        _checked(stage, rename, column_of(stage, rename.table, rename.old))
        stage.brief(*both_names(rename, rename.new), carried(rename, rename.old, rename.new))


def abandon_rename(target: Target, rename: Rename, *, patience: Patience = USUAL) -> None:
    """Take `expand_rename` back. Raises DataLossRefused where the new column is the only one, so holds the values."""
    with staged(target, patience) as stage:
        if stage.connection is not None:
            if column_of(stage, rename.table, rename.old) is None:
                raise DataLossRefused(f"column {rename.old} of {rename.table} is gone: {rename.new} holds its values")
            Ledger(rename.job()).forget(stage.connection)
        stage.brief(*one_name(rename), altered(rename, "DROP COLUMN IF EXISTS {}", sql.Identifier(rename.new)))


def contract_rename(
    target: Target, rename: Rename, *, letting_go: tuple[str, ...] = (), patience: Patience = USUAL
) -> None:
    """Give the new column the default and the NOT NULL of the old one, which goes; the way back is `restore_rename`.

    What was granted on the old column meanwhile is granted on the new one too, and a comment that it lacks comes along.
    `letting_go` names what may go with the old column, such as its indexes, as the error for others spells them. Raises
    MigrationFailed for others, and DataLossRefused where a row differs, so that the backfill is not done.
    """
    with staged(target, patience) as stage:
        there = column_of(stage, rename.table, rename.old)
        if stage.connection is not None and there is None and column_of(stage, rename.table, rename.new):
            return
        _checked(stage, rename, there)
        _refuse_dependents(stage, rename, letting_go)
        differ = sql.SQL("{}::text IS DISTINCT FROM {}::text").format(*map(sql.Identifier, (rename.old, rename.new)))
        said = f"rows of {rename.table} differ in {rename.old} and {rename.new}: the backfill is not done"
        refuse_loss(stage, rename.table, differ, said)
        if rename.not_null:
            not_null(stage, rename.table, rename.new)
        dropped = altered(rename, "DROP COLUMN {}", sql.Identifier(rename.old))
        kept = carried(rename, rename.old, rename.new)
        stage.brief(*one_name(rename), *with_default(rename, rename.new), kept, dropped)


def restore_rename(target: Target, rename: Rename, *, patience: Patience = USUAL) -> None:
    """Take `contract_rename` back: the old column with its values, kept alike again; what was let go is yours to make.

    Offline the backfill is left out, so that its place in the SQL refuses to go on where it is needed.
    """
    with staged(target, patience) as stage:
        kept = altered(rename, "ALTER COLUMN {} DROP DEFAULT", sql.Identifier(rename.new))
        loose = altered(rename, "ALTER COLUMN {} DROP NOT NULL", sql.Identifier(rename.new))
        stage.brief(kept, loose, *both_names(rename, rename.old), carried(rename, rename.new, rename.old))
        job = rename.job(back=True)
        if stage.connection is None:
            stage.write(f"-- backfill {job.name} of {job.table} runs against a database only")
        else:
            backfill_on(
                stage.connection, job, report=lambda _: None, wait=patience.online, dry_run=False, sleep=patience.sleep
            )
            Ledger(job).forget(stage.connection)
        if rename.not_null:
            not_null(stage, rename.table, rename.old)
        if rename.default:
            stage.brief(*with_default(rename, rename.old))


def _checked(stage: Stage, rename: Rename, there: Column | None) -> None:
    """Raise MigrationFailed where the old column is not the one that is to be renamed."""
    if stage.connection is None:
        return
    if there is None:
        raise MigrationFailed(f"column {rename.old} of {rename.table} is not there")
    if there.made:
        raise MigrationFailed(f"column {rename.old} of {rename.table} is generated by the server: it cannot be written")
    new = column_of(stage, rename.table, rename.new) or there
    as_said = (there.not_null, there.default is not None) == (rename.not_null, bool(rename.default))
    if not (as_said and is_of_kind(stage, there, rename.kind) and is_of_kind(stage, new, rename.kind)):
        has = f"{there.kind}{' NOT NULL' if there.not_null else ''} DEFAULT {there.default or 'NULL'}"
        raise MigrationFailed(f"column {rename.old} of {rename.table} is {has}, and {rename.new} {new.kind}")


def _refuse_dependents(stage: Stage, rename: Rename, letting_go: tuple[str, ...]) -> None:
    if stage.connection is None:
        return
    found = stage.connection.execute(DEPENDENTS, [table_name(rename.table).as_string(), rename.old])
    named = (table_name(rename.table).as_string(), trigger_name(rename), re.escape(rename.old))
    speaking = stage.connection.execute(TRIGGERS, named)
    if kept := [name for (name,) in (*found, *speaking) if name not in letting_go]:
        raise MigrationFailed(f"column {rename.old} of {rename.table} is used by {', '.join(kept)}")
