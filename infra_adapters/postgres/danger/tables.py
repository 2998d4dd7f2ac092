"""ALTER TABLE and the like: what rewrites or reads a whole table under its lock, where Squawk has no rule for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postgast import pg_query_pb2 as pb

from infra_adapters.postgres.danger.nodes import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_adapters.postgres.danger.scope import Scope
    from infra_adapters.postgres.danger.statements import Statement

_REWRITES = {"AT_SetLogged", "AT_SetUnLogged", "AT_SetTableSpace", "AT_SetAccessMethod", "AT_SetExpression"}
_SERIAL = {f"{size}serial" for size in ("", "small", "big")} | {f"serial{size}" for size in (2, 4, 8)}


def tables(statement: Statement, scope: Scope) -> Iterator[str]:
    """The kinds of danger in a change of a table."""
    if statement.kind == "alter_table_move_all_stmt":
        yield "table-rewrite"
    if statement.kind == "alter_table_stmt":
        known = scope.knows(named("relation", statement.node.relation))
        indexed = pb.ObjectType.Name(statement.node.objtype) == "OBJECT_INDEX"
        for command in statement.node.cmds:
            yield from _action(command.alter_table_cmd, scope, known=known, indexed=indexed)


def _action(command: Any, scope: Scope, *, known: bool, indexed: bool) -> Iterator[str]:
    kind = pb.AlterTableType.Name(command.subtype)
    held = getattr(command, "def")
    if kind == "AT_AttachPartition" and not indexed and not scope.knows(named("relation", held.partition_cmd.name)):
        yield "partition-scan"
    if known:
        return
    if kind in _REWRITES:
        yield "table-rewrite"
    if kind == "AT_AddColumn":
        yield from _column(held.column_def)


def _column(column: Any) -> Iterator[str]:
    if column.type_name.names[-1].string.sval in _SERIAL:
        yield "adding-field-with-default"
    kinds = {pb.ConstrType.Name(one.constraint.contype) for one in column.constraints}
    if "CONSTR_CHECK" in kinds:
        yield "constraint-missing-not-valid"
