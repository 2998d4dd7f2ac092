"""The SQL that brings a database to the end of a folder, as Drizzle's own migrators would leave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Composable, Identifier, Literal

from infra_adapters.postgres.drizzle.table import quoted
from infra_adapters.postgres.drizzle.values import Books, Format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_adapters.postgres.drizzle.state import State
    from infra_adapters.postgres.drizzle.values import Ledger, Migration

NAMED = ("name text", "applied_at timestamp with time zone DEFAULT now()")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to send. `migration`, `number` and `line` say where a statement of the folder comes from."""

    sql: str
    migration: Migration | None = None
    number: int = 0
    line: int = 0

    @property
    def place(self) -> str:
        """Where it comes from, in words."""
        if self.migration is None:
            return "Drizzle's own table"
        return f"{self.migration.name}, statement {self.number}"


def preparing(ledger: Ledger, format_: Format, books: Books) -> tuple[Step, ...]:
    """What makes the schema and the table where they are missing, each in its own transaction as Drizzle does."""
    schema = SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(books.schema))
    columns = ["id SERIAL PRIMARY KEY", "hash text NOT NULL", "created_at bigint"]
    columns += NAMED if format_ is Format.FOLDERS else ()
    table = SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(quoted(books), SQL(", ".join(columns)))
    wanted = [] if ledger.schema_exists else [schema]
    return tuple(_step(one) for one in (wanted if ledger.exists else [*wanted, table]))


def locking(books: Books) -> Step:
    """The lock behind which Drizzle's migrators wait when they ask what was applied."""
    return _step(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(quoted(books)))


def applying(state: State, books: Books) -> tuple[Step, ...]:
    """Every pending statement and row, after what brings the table to its newer form where the folder has that."""
    return (*_upgrading(state, books), *_running(state, books))


def statements(migration: Migration) -> Iterator[Step]:
    """The statements of one migration."""
    for number, one in enumerate(migration.statements, start=1):
        yield Step(one.text, migration, number, one.line)


def _upgrading(state: State, books: Books) -> Iterator[Step]:
    if state.folder.format is Format.JOURNAL or state.ledger.named or not state.ledger.exists:
        return
    for column in NAMED:
        added = SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {}")
        yield _step(added.format(quoted(books), SQL(column)))
    for row in state.renamed:
        update = SQL("UPDATE {} SET name = {}, applied_at = NULL WHERE id = {}")
        yield _step(update.format(quoted(books), Literal(row.name), Literal(row.id)))


def _running(state: State, books: Books) -> Iterator[Step]:
    for one in state.pending:
        yield from statements(one)
        values: dict[str, Composable] = {"hash": Literal(one.hash), "created_at": Literal(one.created_at)}
        if state.folder.format is Format.FOLDERS:
            values["name"] = Literal(one.name)
        names = SQL(", ").join(map(Identifier, values))
        insert = SQL("INSERT INTO {} ({}) VALUES ({})")
        yield _step(insert.format(quoted(books), names, SQL(", ").join(values.values())))


def _step(sql: Composable) -> Step:
    return Step(sql.as_string(None))


def script(before: tuple[Step, ...], within: tuple[Step, ...]) -> str:
    """Steps as one text that psql takes: each says where it comes from, and ends with a semicolon."""
    steps = [*before, Step("BEGIN"), *within, Step("COMMIT")]
    return "".join(map(_written, steps)) if within else ""


def _written(step: Step) -> str:
    head = f"-- {step.place}, line {step.line}\n" if step.migration else ""
    # A semicolon behind a comment would be part of it.
    end = "" if step.sql.endswith(";") else "\n;" if "--" in step.sql.rpartition("\n")[2] else ";"
    return f"{head}{step.sql}{end}\n"
