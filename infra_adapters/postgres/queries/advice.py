"""The index that a statement's conditions and order ask for: equality first, then order, then one range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BinaryExpression, BooleanClauseList, ColumnElement, Grouping, Join, UnaryExpression
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import operators
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import iterate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ClauseElement, Column, Select

SAME = {operators.eq, operators.in_op, operators.is_}
RANGE = {operators.lt, operators.le, operators.gt, operators.ge, operators.between_op}
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def advised_index(statement: Select[Any], table: str) -> str:
    """The CREATE INDEX that would serve a statement at a table (quoted, with its schema); empty where none would."""
    asked = [one for clause in _clauses(statement) for one in _parts(clause)]
    same = [_rendered(side) for one in asked if one.operator in SAME for side in _sides(one, table)]
    ranged = [_rendered(side) for one in asked if one.operator in RANGE for side in _sides(one, table)]
    order = list(_order(statement, table))
    # An order that goes one way throughout is read off an index from either end.
    mixed = len({descending for _, descending in order}) > 1
    known = [name for name, _ in order]
    ways = [f"{name} DESC" if mixed and descending else name for name, descending in order if name not in same]
    keys = list(dict.fromkeys([*same, *ways, *[one for one in ranged[:1] if one not in known]]))
    return f"CREATE INDEX ON {table} ({', '.join(keys)})" if keys else ""


def _clauses(statement: Select[Any]) -> Iterator[Any]:
    if statement.whereclause is not None:
        yield statement.whereclause
    for source in statement.get_final_froms():
        yield from (one.onclause for one in iterate(source) if isinstance(one, Join) and one.onclause is not None)


def _parts(clause: Any) -> Iterator[BinaryExpression[Any]]:
    """The comparisons that all hold; what stands under OR or NOT begins no index."""
    if isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
        for one in clause.clauses:
            yield from _parts(one)
    elif isinstance(clause, Grouping):
        yield from _parts(clause.element)
    elif isinstance(clause, BinaryExpression):
        yield clause


def _sides(comparison: BinaryExpression[Any], table: str) -> Iterator[ColumnElement[Any]]:
    """The columns of a table in a comparison, or the function of one, as an index can hold it."""
    for side in (comparison.left, comparison.right):
        columns = _columns(side)
        if columns and isinstance(side, FunctionElement | type(columns[0])) and _is_of(columns[0], table):
            yield side


def _columns(clause: ClauseElement) -> list[Column[Any]]:
    return [one for one in iterate(clause) if getattr(one, "table", None) is not None]  # type: ignore[misc]


def _is_of(column: Column[Any], table: str) -> bool:
    named = getattr(column.table, "element", column.table)
    name = str(getattr(named, "name", ""))
    doubled = name.replace('"', '""')
    return table.endswith(f'."{doubled}"')


def _order(statement: Select[Any], table: str) -> Iterator[tuple[str, bool]]:
    for one in statement._order_by_clauses:  # noqa: SLF001 - SQLAlchemy shows the order nowhere else
        descending = isinstance(one, UnaryExpression) and one.modifier is operators.desc_op
        inner = one.element if isinstance(one, UnaryExpression) else one
        columns = _columns(inner)
        if columns and _is_of(columns[0], table):
            yield _rendered(inner), descending


def _rendered(clause: ClauseElement) -> str:
    compiled = clause.compile(dialect=DIALECT, compile_kwargs={"include_table": False, "literal_binds": True})
    return str(compiled)
