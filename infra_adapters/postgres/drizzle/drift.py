"""What a database is otherwise than the migrations that were applied to it made it.

They are run on an empty database and taken back again; the catalogs of both are compared. A snapshot of drizzle-kit
says less: nothing of triggers, functions and whatever a migration holds that was written by hand.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from infra_adapters.errors import MigrationFailed, PermissionDenied
from infra_adapters.postgres.catalog import Catalog, differences, read_catalog
from infra_adapters.postgres.drizzle.failures import broken, says
from infra_adapters.postgres.drizzle.migrator import BOOKS, status
from infra_adapters.postgres.drizzle.steps import statements
from infra_adapters.postgres.drizzle.table import opened, send
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    is made and dropped. `everything` also names grants, comments, and objects beside the tables of the folder.
    Raises PermissionDenied where none may be made, MigrationFailed where the migrations do not run on an empty one.
    """
    with opened(where) as connection:
        applied = status(connection, folder, books=books).applied
        found, own = read_catalog(connection), _own(connection, books)
        with _scratch(connection, scratch) as empty:
            expected = _made(empty, applied, _extensions(connection))
    found = _without_books(found, expected, own)
    if not everything:
        expected, found = _known(expected), _concerned(expected, _known(found))
    return differences(expected, found)


@contextmanager
def _scratch(connection: psycopg.Connection[Any], given: str | None) -> Iterator[psycopg.Connection[Any]]:
    if given is not None:
        with opened(given) as empty:
            yield empty
        return
    name = f"infra_drizzle_{secrets.token_hex(6)}"
    told = make_conninfo(connection.info.dsn, password=connection.info.password or None)
    with psycopg.connect(told, autocommit=True) as maker:
        try:
            maker.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            cure = "let it, or name an empty one to try the migrations on"
            raise PermissionDenied(f"the database role may not create a database; {cure}") from None
        try:
            with psycopg.connect(make_conninfo(told, dbname=name)) as empty:
                yield empty
        finally:
            maker.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _extensions(connection: psycopg.Connection[Any]) -> tuple[Composed, ...]:
    """What makes the extensions of a database in another one."""
    with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(EXTENSIONS).fetchall()
    schemas = tuple(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)) for _, schema in found)
    making = SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}")
    return schemas + tuple(making.format(Identifier(name), Identifier(schema)) for name, schema in found)


def _made(empty: psycopg.Connection[Any], migrations: tuple[Migration, ...], extensions: Sequence[Composed]) -> Catalog:
    """The catalog after these migrations; all of it is taken back.

    Drizzle makes no extension, so they may have been made by hand before: where it fails it is tried after those.
    """
    try:
        return _tried(empty, migrations)
    except MigrationFailed:
        if not extensions:
            raise
    return _tried(empty, migrations, extensions)


def _tried(
    empty: psycopg.Connection[Any], migrations: tuple[Migration, ...], before: Sequence[Composed] = ()
) -> Catalog:
    with translated(), empty.transaction(force_rollback=True):
        for statement in before:
            empty.execute(statement)
        for one in migrations:
            _run(empty, one)
        return read_catalog(empty)


def _run(empty: psycopg.Connection[Any], migration: Migration) -> None:
    for step in statements(migration):
        try:
            send(empty, step.sql)
        except psycopg.Error as error:
            if not broken(error):
                raise
            why = f"the migrations do not run on an empty database: {says(step, error)}"
            raise MigrationFailed(f"{why}; name a database that has what they need before") from None


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
