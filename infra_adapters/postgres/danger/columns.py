"""The types of columns, as far as the texts before a statement tell; where they leave a doubt, nothing is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from postgast import pg_query_pb2 as pb

from infra_adapters.postgres.danger.nodes import Name, named, within
from infra_adapters.postgres.danger.scope import Scope, rolls_back
from infra_adapters.postgres.danger.targets import targets
from infra_adapters.postgres.danger.widening import Kind, kind_of, widens

if TYPE_CHECKING:
    from infra_adapters.postgres.danger.statements import Statement

_RETYPED = "AT_AlterColumnType"
_KEPT = {
    "AT_AddColumn", _RETYPED, "AT_ColumnDefault", "AT_SetNotNull", "AT_DropNotNull", "AT_DropConstraint",
    "AT_ValidateConstraint", "AT_EnableRowSecurity", "AT_ForceRowSecurity", "AT_AddConstraint", "AT_DropColumn",
}  # fmt: skip
"""Changes of a table after which what was known of other columns still holds."""


@dataclass(slots=True)
class Columns:
    """Types by table and column, but for columns that a check, an expression or a predicate reads.

    Where such a column changes its type, the server reads every row again, whatever the type.
    """

    scope: Scope = field(default_factory=Scope)
    kinds: dict[tuple[Name, str], Kind] = field(default_factory=dict)
    read: set[tuple[Name, str]] = field(default_factory=set)

    def begin(self) -> None:
        """Take what follows for another text: what was made is there now, and the search path is the usual one."""
        self.scope = Scope()

    def widened(self, statement: Statement) -> bool:
        """Whether every change of a type in a statement leaves each row as it is."""
        table = self._table(statement.node)
        actions = [one.alter_table_cmd for one in statement.node.cmds]
        return all(self._widens((table, one.name), _definition(one)) for one in actions if _what(one) == _RETYPED)

    def _widens(self, column: tuple[Name, str], definition: Any) -> bool:
        old, new = self.kinds.get(column), kind_of(definition.type_name)
        plain = not definition.HasField("raw_default") and not definition.HasField("coll_clause")
        return plain and column not in self.read and old is not None and new is not None and widens(old, new)

    def learn(self, statement: Statement) -> None:
        """Take note of the columns that a statement makes, changes and reads."""
        kind, node = statement.kind, statement.node
        if not kind or statement.dynamic or (kind == "transaction_stmt" and rolls_back(node)):
            self.kinds.clear()
        elif kind == "create_stmt" and not statement.nested:
            self._create(self._table(node), node)
        elif kind == "alter_table_stmt" and not statement.nested:
            for one in node.cmds:
                self._alter(self._table(node), one.alter_table_cmd)
        elif kind != "index_stmt":
            for name in targets(statement):
                self._forget(self.scope.whole(name))
        if kind in {"create_stmt", "alter_table_stmt", "index_stmt"}:
            self.read |= {(self._table(node), name) for name in _named_in(kind, node)}
        self.scope.learn(statement)

    def _table(self, node: Any) -> Name:
        return self.scope.whole(named("relation", node.relation))

    def _forget(self, table: Name) -> None:
        self.kinds = {column: kind for column, kind in self.kinds.items() if column[0] != table}

    def _create(self, table: Name, node: Any) -> None:
        self._forget(table)
        if not node.if_not_exists and not node.inh_relations and not node.HasField("partspec"):
            for one in node.table_elts:
                self._know(table, one.column_def.colname, one.column_def)

    def _alter(self, table: Name, action: Any) -> None:
        what = _what(action)
        if what not in _KEPT:
            self._forget(table)
        elif what in {_RETYPED, "AT_DropColumn"}:
            self.kinds.pop((table, action.name), None)
        if what == _RETYPED:
            self._know(table, action.name, _definition(action))
        elif what == "AT_AddColumn" and not action.missing_ok:
            self._know(table, _definition(action).colname, _definition(action))

    def _know(self, table: Name, column: str, definition: Any) -> None:
        kind = kind_of(definition.type_name)
        if kind is not None and not definition.HasField("coll_clause"):
            self.kinds[table, column] = kind


def _what(action: Any) -> str:
    return str(pb.AlterTableType.Name(action.subtype))


def _definition(action: Any) -> Any:
    return getattr(action, "def").column_def


def _named_in(kind: str, node: Any) -> set[str]:
    """The columns that stand in expressions, and those beside them in an index, which is made anew as a whole."""
    parts = tuple(within(kind, node))
    found = {one.fields[-1].string.sval for field, one in parts if field == "column_ref"}
    return found | {one.name for field, one in parts if field == "index_elem"} if found else found
