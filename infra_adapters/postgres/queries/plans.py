"""What the planner makes of a statement, as values; and whether a declared access path has its index."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement, Executable, text
from sqlalchemy.ext.compiler import compiles

from infra_adapters.errors import InvalidRequest
from infra_adapters.postgres.queries.advice import advised_index
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncConnection
    from sqlalchemy.sql.compiler import SQLCompiler

LARGE = 1000
"""The rows from which on a table is not to be read as a whole."""
SORTED = 100
"""The rows that may always be sorted."""
ROWS_OF = text("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(:name)")


class Explain(Executable, ClauseElement):
    """The question for the plan of a statement, with the statement's own parameters."""

    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(Explain)
def _explained(element: Explain, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON, VERBOSE) {compiler.process(element.statement, **options)}"


@dataclass(frozen=True, slots=True)
class Node:
    """A step of a plan. `rows` is the planner's estimate; `table` is quoted and with its schema, empty for none."""

    kind: str
    rows: int
    table: str
    index: str
    inner: tuple[Node, ...]

    @classmethod
    def of(cls, found: dict[str, Any]) -> Node:
        """From PostgreSQL's JSON."""
        table = ".".join(_quoted(found[part]) for part in ("Schema", "Relation Name") if part in found)
        inner = tuple(cls.of(one) for one in found.get("Plans", ()))
        return cls(found["Node Type"], int(found["Plan Rows"]), table, found.get("Index Name", ""), inner)

    @property
    def indexes(self) -> tuple[str, ...]:
        """The names of the indexes that this step and those below it use."""
        return tuple(sorted({node.index for node in self.walk() if node.index}))

    def walk(self) -> Iterator[Node]:
        """This step and all below it."""
        yield self
        for one in self.inner:
            yield from one.walk()


class AccessPathMissing(AssertionError):
    """A declared access path reads or sorts more than it has to; `index` is the statement that would mend it."""

    def __init__(self, name: str, why: str, index: str) -> None:
        super().__init__(f"{name}: {why}; {index or 'no index follows from its conditions'}")
        self.index = index


async def plan_of(connection: AsyncConnection, statement: Select[Any]) -> Node:
    """The plan of a statement, which is not run."""
    with translated():
        found = (await connection.execute(Explain(statement))).scalar_one()
    plan = json.loads(found) if isinstance(found, str) else found
    return Node.of(plan[0]["Plan"])


async def indexes_used(connection: AsyncConnection, statement: Select[Any]) -> tuple[str, ...]:
    """The indexes in the plan of a statement; empty where it reads a whole table."""
    return (await plan_of(connection, statement)).indexes


def indexes_of(plan: dict[str, Any]) -> tuple[str, ...]:
    """The indexes in a plan that is there already, verbose or not."""
    return Node.of(plan).indexes


async def explain_check(connection: AsyncConnection, name: str, statement: Select[Any], *, large: int = LARGE) -> Node:
    """The plan of a declared access path on seeded and analysed tables.

    Raises AccessPathMissing where it reads a table of `large` rows or more as a whole, or sorts more rows than it
    gives back and than one sorts without a thought; InvalidRequest where a table that it reads was never analysed.
    """
    plan = await plan_of(connection, statement)
    read = {node.table for node in plan.walk() if node.table}
    rows = {table: await _rows(connection, table) for table in sorted(read)}
    for node in plan.walk():
        if node.kind == "Seq Scan" and rows[node.table] >= large:
            why = f"reads all {rows[node.table]} rows of {node.table}"
            raise AccessPathMissing(name, why, advised_index(statement, node.table))
    for given, node in _sorts(plan, plan.rows):
        if node.inner[0].rows > max(given, SORTED):
            table = next(one.table for one in node.walk() if one.table)
            why = f"sorts {node.inner[0].rows} rows of {table} to give {given}"
            raise AccessPathMissing(name, why, advised_index(statement, table))
    return plan


def _sorts(node: Node, given: int) -> Iterator[tuple[int, Node]]:
    """The sorts that read a table, each with how many rows are wanted of it."""
    if node.kind == "Sort" and any(one.table for one in node.walk()):
        yield given, node
    for one in node.inner:
        yield from _sorts(one, node.rows if node.kind == "Limit" else one.rows)


async def _rows(connection: AsyncConnection, table: str) -> int:
    with translated():
        rows = int((await connection.execute(ROWS_OF, {"name": table})).scalar_one() or 0)
    if rows < 0:
        raise InvalidRequest(f"the planner knows nothing of {table} yet; run ANALYZE {table} first")
    return rows


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
