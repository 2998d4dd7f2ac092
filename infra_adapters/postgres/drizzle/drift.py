"""What a database is otherwise than the migrations that were applied to it made it.

They are run on an empty database and taken back again; the catalogs of both are compared. A snapshot of drizzle-kit
says less: nothing of triggers, functions and whatever a migration holds that was written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from infra_adapters.errors import MigrationFailed
from infra_adapters.postgres.catalog import Catalog, differences, read_catalog
from infra_adapters.postgres.drizzle.failures import broken, says
from infra_adapters.postgres.drizzle.migrator import BOOKS, status
from infra_adapters.postgres.drizzle.scratch import made, named
from infra_adapters.postgres.drizzle.steps import statements
from infra_adapters.postgres.drizzle.table import opened
from infra_adapters.postgres.drizzle.whole import Ended, Whole, whole
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_adapters.postgres.catalog import Difference
    from infra_adapters.postgres.drizzle.values import Books, Folder, Migration, Where

EXTENSIONS = """
SELECT extname, nspname FROM pg_catalog.pg_extension JOIN pg_catalog.pg_namespace n ON n.oid = extnamespace
WHERE extname <> 'plpgsql' ORDER BY pg_extension.oid
"""
GRANTED = {"grants", "comment"}
"""What Drizzle does not know: it is somebody else's business."""


def drift(
    where: Where, folder: Folder, *, books: Books = BOOKS, scratch: str | None = None, everything: bool = False
) -> tuple[Difference, ...]:
    """Every difference, each named in words; what is pending is none.

    `scratch` is the URL of an empty database to try the migrations on, which is empty again afterwards; without it one
    is made and dropped, as are those that a process left which was killed. `everything` also names grants, comments,
    and objects beside the tables of the folder.
    Raises InvalidRequest where `scratch` is not empty, PermissionDenied where none may be made, MigrationFailed where
    the migrations do not run on an empty one.
    """
    with opened(where) as connection:
        applied = status(connection, folder, books=books).applied
        found, own = read_catalog(connection), _own(connection, books)
        with made(connection) if scratch is None else named(scratch) as empty:
            trial = _Trial(empty, applied, lasting=scratch is not None)
            before, expected = _read(empty), trial.catalog(_extensions(connection))
    expected = _without_rest(expected, before, found)
    found = _without_books(found, expected, own)
    if not everything:
        expected, found = _known(expected), _concerned(expected, _known(found))
    return differences(expected, found)


def _read(connection: psycopg.Connection[Any]) -> Catalog:
    with connection.transaction():
        return read_catalog(connection)


def _without_rest(expected: Catalog, before: Catalog, found: Catalog) -> Catalog:
    """What the migrations made, without an extension and the like that only the database to try them on has."""
    rest = before.objects.keys() - found.objects.keys()
    return Catalog({key: one for key, one in expected.objects.items() if key not in rest})


def _extensions(connection: psycopg.Connection[Any]) -> tuple[Composed, ...]:
    """What makes the extensions of a database in another one."""
    with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(EXTENSIONS).fetchall()
    schemas = tuple(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)) for _, schema in found)
    making = SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}")
    return schemas + tuple(making.format(Identifier(name), Identifier(schema)) for name, schema in found)


@dataclass(frozen=True, slots=True)
class _Trial:
    """Migrations on an empty database, all of it taken back. `lasting`: it is there afterwards."""

    empty: psycopg.Connection[Any]
    migrations: tuple[Migration, ...]
    lasting: bool

    def catalog(self, extensions: Sequence[Composed]) -> Catalog:
        """The catalog after the migrations.

        Drizzle makes no extension, so they may have been made by hand before: where it fails it is tried after those.
        """
        try:
            return self._tried()
        except MigrationFailed:
            if not extensions:
                raise
        return self._tried(extensions)

    def _tried(self, before: Sequence[Composed] = ()) -> Catalog:
        try:
            with translated(), whole(self.empty, back=True) as transaction:
                if self.lasting:
                    transaction.begin()
                for statement in before:
                    self.empty.execute(statement)
                for one in self.migrations:
                    _run(transaction, one)
                return read_catalog(self.empty)
        except Ended as error:
            raise MigrationFailed(
                f"{error.step.place}, line {error.step.line}, ended the transaction: the database that was named to "
                "try it on may hold what was made; make it anew, or name none"
            ) from None


def _run(transaction: Whole, migration: Migration) -> None:
    for step in statements(migration):
        try:
            transaction.send(step)
        except psycopg.Error as error:
            if not broken(error):
                raise
            why = f"the migrations do not run on an empty database: {says(step, error)}"
            raise MigrationFailed(f"{why}; name a database that has the extensions that they need") from None


def _known(catalog: Catalog) -> Catalog:
    return Catalog(
        {
            key: {name: text for name, text in found.items() if name not in GRANTED}
            for key, found in catalog.objects.items()
        }
    )


def _concerned(expected: Catalog, found: Catalog) -> Catalog:
    """What is found, without objects that stand beside what the folder makes, as they may be somebody else's."""
    made = {name for kind, name in expected.objects if kind in {"table", "view"}}
    return Catalog({key: one for key, one in found.objects.items() if key in expected.objects or one.get("of") in made})


def _own(connection: psycopg.Connection[Any], books: Books) -> tuple[str, str]:
    """The schema and the table of the books, as a catalog names them."""
    names = "SELECT pg_catalog.format('%%I', %s::text), pg_catalog.format('%%I.%%I', %s::text, %s::text)"
    with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        [schema, table] = cursor.execute(names, [books.schema, books.schema, books.table]).fetchone() or ("", "")
    return schema, table


def _without_books(found: Catalog, expected: Catalog, own: tuple[str, str]) -> Catalog:
    """The catalog without Drizzle's own table, and without a schema that is there for this table only."""
    schema, table = own
    rest = found.without(table)
    if ("schema", schema) in expected.objects or any(name.startswith(f"{schema}.") for _, name in rest.objects):
        return rest
    return Catalog({key: one for key, one in rest.objects.items() if key != ("schema", schema)})
