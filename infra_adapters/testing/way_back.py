"""Whether every revision leads back to where it came from: up, down and up again, also with rows in the tables."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from infra_adapters.errors import InfraError
from infra_adapters.postgres.catalog import Catalog, differences
from infra_adapters.postgres.migrations import ledger
from infra_adapters.postgres.migrations.locking import connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra_adapters.postgres.migrations import Migrations, Revision

    Seed = Callable[[Any], None]


def way_back(migrations: Migrations, seed: Seed | None = None) -> tuple[str, ...]:
    """What differs, revision by revision, after going up, down and up again; empty where nothing does.

    The database begins before the history and ends at its end. `seed` is given a SQLAlchemy connection after each step
    up, to put rows into what is there; it is committed. Then the way is gone once more, and what earlier steps left in
    their tables must be there still. Raises MigrationFailed where the revisions do not make one line.
    """
    wrong: list[str] = []
    history = migrations.history()
    try:
        for revision in history:
            wrong += _tried(migrations, revision)
            if seed:
                wrong += _tried_with_rows(migrations, revision, seed)
    except _Failed as error:
        wrong.append(str(error))
    return tuple(wrong)


class _Failed(Exception):
    """A step that could not be gone, with its name."""


@contextmanager
def _going(step: str) -> Iterator[None]:
    try:
        yield
    except InfraError as error:
        raise _Failed(f"{step}: {error}") from error


def _tried(migrations: Migrations, revision: Revision) -> Iterator[str]:
    """Up, down and up again; what earlier steps left in their tables is looked at."""
    before = _schema(migrations)
    rows = _rows(migrations, before)
    with _going(f"{revision.id} up"):
        migrations.upgrade(revision.id)
    there = _schema(migrations)
    with _going(f"{revision.id} back"):
        migrations.downgrade(revision.down or "base", allow_data_loss=True)
    back = _schema(migrations)
    yield from (f"{revision.id} back: {one}" for one in differences(before, back))
    if not differences(before, back):
        lost = [table for table, found in _rows(migrations, before).items() if found != rows[table]]
        yield from (f"{revision.id} back: the rows of {table} are not what they were" for table in lost)
    with _going(f"{revision.id} again"):
        migrations.upgrade(revision.id)
    yield from (f"{revision.id} again: {one}" for one in differences(there, _schema(migrations)))


def _tried_with_rows(migrations: Migrations, revision: Revision, seed: Seed) -> Iterator[str]:
    """Down and up again, from tables that hold rows; they hold some at the end."""
    there = _schema(migrations)
    _seeded(migrations, seed)
    with _going(f"{revision.id} back with rows"):
        migrations.downgrade(revision.down or "base", allow_data_loss=True)
    with _going(f"{revision.id} again with rows"):
        migrations.upgrade(revision.id)
    yield from (f"{revision.id} again with rows: {one}" for one in differences(there, _schema(migrations)))
    _seeded(migrations, seed)


def _seeded(migrations: Migrations, seed: Seed) -> None:
    with connected(migrations.url) as connection:
        seed(connection)
        connection.commit()


def _schema(migrations: Migrations) -> Catalog:
    with connected(migrations.url) as connection:
        return ledger.schema(connection)


def _rows(migrations: Migrations, schema: Catalog) -> dict[str, str | None]:
    """A digest of the rows of each table, in no order."""
    asked = "SELECT md5(string_agg(md5(found::text), '' ORDER BY md5(found::text))) FROM {} AS found"
    with connected(migrations.url) as connection:
        tables = [name for kind, name in schema.objects if kind == "table"]
        return {name: connection.execute(text(asked.format(name))).scalar() for name in tables}
