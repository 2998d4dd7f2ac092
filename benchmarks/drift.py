"""Goal G7: every single edit of a schema is found, beside Alembic; pg_dump agrees on random schemas; linear time."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import psycopg

from benchmarks.whole import Goal
from devnet_runner.database import Template, open_database
from devnet_runner.database.programs import find_programs
from infra_adapters.postgres.catalog import read_catalog
from tests.infra.catalog_schemas import EDITS, based, of_alembic, ours, verdicts

if TYPE_CHECKING:
    from typing import Any

SCHEMAS = 200
TABLES = 300
TABLE = """
CREATE TABLE t{n} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text NOT NULL DEFAULT 'x',
                   b int CHECK (b > 0), c timestamptz, d numeric(10, 2));
CREATE INDEX ON t{n} (a) WHERE b > 1; CREATE INDEX ON t{n} (c)
"""


def main() -> list[Goal]:
    """The share of edits that are missed, of verdicts that are not pg_dump's, and how reading grows with the tables."""
    with open_database(environ=os.environ) as database:
        template = Template.create(database.url, lambda _: None)
        try:
            return [edits(template), oracle(template), growth(template)]
        finally:
            template.drop()


def edits(template: Template) -> Goal:
    """Edits that we miss, with those that Alembic sees."""
    with template.fresh() as url, based(url) as connection:
        found = [edit for edit, statement in EDITS.items() if ours(connection, statement)]
        seen = [edit for edit, statement in EDITS.items() if of_alembic(connection, statement)]
    note = f"found {len(found)} of {len(EDITS)}, Alembic {len(seen)}"
    return Goal("G7 single edits of a schema that are missed", len(EDITS) - len(found), 0, note)


def oracle(template: Template) -> Goal:
    """Random schemas with a change each, on which pg_dump and we do not agree."""
    program = find_programs(os.environ).folder / "pg_dump"
    with template.fresh() as url, psycopg.connect(url, autocommit=True) as connection:
        said = [verdicts(connection, program, url, seed) for seed in range(SCHEMAS)]
    same = sum(dump for _, dump, _ in said)
    wrong = sum(own != dump for own, dump, _ in said)
    return Goal("G7 random schemas judged otherwise than by pg_dump", wrong, 0, f"{SCHEMAS} schemas, {same} unchanged")


def growth(template: Template) -> Goal:
    """The time to read ten times the tables, as a share of ten times the time."""
    with template.fresh() as url, psycopg.connect(url, autocommit=True) as connection:
        few = made(connection, 0, TABLES // 10)
        many = made(connection, TABLES // 10, TABLES)
    note = f"{TABLES // 10} tables {few * 1000:.0f} ms, {TABLES} tables {many * 1000:.0f} ms"
    return Goal("G7 reading ten times the tables, of ten times the time", many / few / 10, 1.5, note)


def made(connection: psycopg.Connection[Any], first: int, last: int) -> float:
    """The shortest of five times to read the catalog, in seconds, after the tables were made."""
    for number in range(first, last):
        connection.execute(TABLE.format(n=number).encode())
    connection.execute("ANALYZE")
    times = []
    for _ in range(5):
        began = time.perf_counter()
        read_catalog(connection)
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    for goal in main():
        print(goal.line())
