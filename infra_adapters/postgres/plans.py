"""Which index the planner uses for a statement: what makes a declared access path more than a declaration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncConnection


async def indexes_used(connection: AsyncConnection, statement: Select[Any]) -> tuple[str, ...]:
    """The indexes in the plan of a statement; empty where it reads a whole table."""
    compiled = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    with translated():
        found = (await connection.execute(text(f"EXPLAIN (FORMAT JSON) {compiled}".replace(":", "\\:")))).scalar_one()
    plan = json.loads(found) if isinstance(found, str) else found
    return indexes_of(plan[0]["Plan"])


def indexes_of(plan: dict[str, Any]) -> tuple[str, ...]:
    """The indexes in a plan."""
    return tuple(sorted(set(_indexes(plan))))


def _indexes(node: dict[str, Any]) -> Iterator[str]:
    if "Index Name" in node:
        yield str(node["Index Name"])
    for child in node.get("Plans", ()):
        yield from _indexes(child)
