"""UPDATE, DELETE and MERGE, wherever a statement has them: whether something bounds the rows that they touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postgast import pg_query_pb2 as pb

from infra_adapters.postgres.danger.nodes import inner, named, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_adapters.postgres.danger.scope import Scope
    from infra_adapters.postgres.danger.statements import Statement

_WRITES = {"update_stmt", "delete_stmt", "merge_stmt"}
_ACTIONS = {"CMD_UPDATE", "CMD_DELETE"}
_SUBQUERY = frozenset({"subselect"})


def writes(statement: Statement, scope: Scope) -> Iterator[str]:
    """The kinds of danger in what a statement writes."""
    if statement.kind == "truncate_stmt" and not all(
        scope.knows(named("relation", one)) for one in statement.node.relations
    ):
        yield "truncation"
    if statement.kind == "explain_stmt" and not _runs(statement.node):
        return
    for kind, node in within(statement.kind, statement.node):
        if kind not in _WRITES or scope.knows(named("relation", node.relation)) or not _touches(kind, node):
            continue
        if statement.looped or not _held(kind, node):
            yield "unbounded-write"


def _runs(node: Any) -> bool:
    """Whether an EXPLAIN also runs what it explains."""
    given = [one.def_elem for one in node.options if one.def_elem.defname == "analyze"]
    return any(switched_on(one) for one in given)


def switched_on(option: Any) -> bool:
    """Whether an option like FULL is on: it is where nothing stands behind it."""
    kind, value = inner(option.arg)
    if kind == "integer":
        return bool(value.ival)
    return not kind or str(value.sval).lower() not in {"off", "false"}


def _touches(kind: str, node: Any) -> bool:
    return kind != "merge_stmt" or bool(_acting(node))


def _acting(node: Any) -> list[Any]:
    clauses = [one.merge_when_clause for one in node.merge_when_clauses]
    return [one for one in clauses if pb.CmdType.Name(one.command_type) in _ACTIONS]


def _held(kind: str, node: Any) -> bool:
    own = {node.relation.relname, node.relation.alias.aliasname}
    if kind != "merge_stmt":
        return _bounds(node.where_clause, own)
    return all(_clause_held(one, node, own) for one in _acting(node))


def _clause_held(clause: Any, node: Any, own: set[str]) -> bool:
    """A join says which rows are changed; which are deleted, or have no partner, a condition of the clause's own."""
    joined = (
        pb.CmdType.Name(clause.command_type) == "CMD_UPDATE"
        and pb.MergeMatchKind.Name(clause.match_kind) == "MERGE_WHEN_MATCHED"
    )
    return _bounds(clause.condition, own) or (joined and _bounds(node.join_condition, own))


def _bounds(condition: Any, own: set[str]) -> bool:
    """Whether a condition can be false for some rows of a table that has these names."""
    kind, held = inner(condition)
    if kind == "bool_expr":
        some = any if pb.BoolExprType.Name(held.boolop) == "AND_EXPR" else all
        return some(_bounds(one, own) for one in held.args)
    if kind == "current_of_expr":
        return True
    if kind == "a_expr" and _plain(held.lexpr, own) and _plain(held.lexpr, own) == _plain(held.rexpr, own):
        return False
    if kind == "sub_link" and pb.SubLinkType.Name(held.sub_link_type) == "EXISTS_SUBLINK":
        return any(len(name) > 1 and name[-2] in own for name in _columns(held.subselect, frozenset()))
    if kind == "sub_link" and _is_whole(held.subselect.select_stmt, own):
        return False
    return bool(kind) and any(len(name) == 1 or name[-2] in own for name in _columns(condition, _SUBQUERY))


def _is_whole(query: Any, own: set[str]) -> bool:
    """Whether a query yields every row of the table itself."""
    tables = {one.range_var.relname for one in query.from_clause}
    cut = query.HasField("limit_count") or query.HasField("having_clause")
    return bool(tables & own) and not cut and not _bounds(query.where_clause, tables | own)


def _plain(node: Any, own: set[str]) -> list[str]:
    """The name of a column without the table's, empty for what is none."""
    name = _name(node.column_ref)
    return name[-1:] if len(name) > 1 and name[-2] in own else name


def _columns(node: Any, skipped: frozenset[str]) -> Iterator[list[str]]:
    """The names of the columns that stand in an expression, each in its parts."""
    return (_name(one) for kind, one in within("", node, skipped) if kind == "column_ref")


def _name(column: Any) -> list[str]:
    return [part.string.sval for part in column.fields]
