"""Whether every revision leads back to where it came from: up, down and up again, and the schema is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_adapters.errors import InfraError
from infra_adapters.postgres.catalog import Catalog, differences
from infra_adapters.postgres.migrations import ledger
from infra_adapters.postgres.migrations.locking import connected

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_adapters.postgres.migrations import Migrations


def way_back(migrations: Migrations, seed: Callable[[Any], None] | None = None) -> tuple[str, ...]:
    """What differs, revision by revision, after going up, down and up again; empty where nothing does.

    The database begins before the history and ends at its end. `seed` is given a SQLAlchemy connection after each step
    up, to put rows into what is there; it is committed.
    """
    wrong: list[str] = []
    before = _schema(migrations)
    for revision in migrations.history():
        migrations.upgrade(revision.id)
        there = _schema(migrations)
        if seed:
            with connected(migrations.url) as connection:
                seed(connection)
                connection.commit()
        migrations.downgrade(revision.down or "base", allow_data_loss=True)
        wrong += [f"{revision.id} back: {one}" for one in differences(before, _schema(migrations))]
        try:
            migrations.upgrade(revision.id)
        except InfraError as error:
            return (*wrong, f"{revision.id} again: {error}")
        wrong += [f"{revision.id} again: {one}" for one in differences(there, _schema(migrations))]
        before = there
    return tuple(wrong)


def _schema(migrations: Migrations) -> Catalog:
    with connected(migrations.url) as connection:
        return ledger.schema(connection)
