"""Statements that lock a table for as long as they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_adapters.postgres.danger.nodes import named
from infra_adapters.postgres.danger.writes import switched_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_adapters.postgres.danger.scope import Scope
    from infra_adapters.postgres.danger.statements import Statement

_SHARE = 5
"""The number of the weakest lock that stops writers. Source: PostgreSQL's storage/lockdefs.h"""


def locks(statement: Statement, scope: Scope) -> Iterator[str]:
    """The kinds of danger in what a statement locks."""
    kind, node = statement.kind, statement.node
    if (
        kind == "lock_stmt"
        and node.mode >= _SHARE
        and not all(scope.knows(named("relation", one)) for one in node.relations)
    ):
        yield "whole-table-lock"
    if kind == "cluster_stmt" and not scope.knows(named("relation", node.relation)):
        yield "whole-table-lock"
    if kind == "vacuum_stmt":
        full = [one.def_elem for one in node.options if one.def_elem.defname == "full"]
        yield from ("whole-table-lock",) if any(map(switched_on, full)) else ()
    if kind == "refresh_mat_view_stmt" and not node.concurrent and not scope.knows(named("relation", node.relation)):
        yield "blocking-refresh"
