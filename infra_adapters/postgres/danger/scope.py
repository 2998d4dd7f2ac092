"""What the text has made itself up to a statement: nobody else uses it yet, so it may be changed freely."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from postgast import pg_query_pb2 as pb

from infra_adapters.postgres.danger.nodes import Name, inner, named, spelled

if TYPE_CHECKING:
    from infra_adapters.postgres.danger.statements import Statement

_TEMPORARY = "pg_temp"
_MAKES = {
    "create_seq_stmt": ("relation", "sequence"),
    "create_stmt": ("relation", "relation"),
    "create_table_as_stmt": ("relation", "into.rel"),
    "view_stmt": ("relation", "view"),
    "select_stmt": ("relation", "into_clause.rel"),
    "create_foreign_table_stmt": ("relation", "base_stmt.relation"),
    "composite_type_stmt": ("type", "typevar"),
}
_SPELLED = {
    "create_enum_stmt": ("type", "type_name"),
    "create_range_stmt": ("type", "type_name"),
    "create_domain_stmt": ("type", "domainname"),
    "create_function_stmt": ("function", "funcname"),
}
_MOVES = ("drop_", "rename_", "alter_object_schema_")
_RENAMED = {f"OBJECT_{kind}" for kind in ("TABLE", "INDEX", "VIEW", "MATVIEW", "SEQUENCE", "FOREIGN_TABLE")}
_LAST = {"TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK"}
_ENDED = {"TRANS_STMT_ROLLBACK", "TRANS_STMT_ROLLBACK_TO"}


@dataclass(slots=True)
class Scope:
    """Names of tables and the like, types, functions and schemas; `path` is the schema of what is named without one.

    `after` is the path once the transaction has ended. What stands in a block makes nothing: it may run or not.
    """

    path: str = "public"
    made: set[Name] = field(default_factory=set)
    after: str = "public"

    def knows(self, name: Name) -> bool:
        """Whether the text has made it, or the schema that it is in."""
        return self.whole(name) in self.made or Name("schema", "", self.whole(name).schema) in self.made

    def learn(self, statement: Statement) -> None:
        """Take note of what a statement makes, renames and drops."""
        kind, node = statement.kind, statement.node
        if statement.nested and not kind.startswith(_MOVES):
            return
        if kind in _MAKES:
            self._relation(*_MAKES[kind], node)
        elif kind in _SPELLED and not getattr(node, "replace", False):
            group, where = _SPELLED[kind]
            self.made.add(self.whole(spelled(group, getattr(node, where))))
        elif kind == "create_schema_stmt" and not node.if_not_exists:
            self.made.add(Name("schema", "", node.schemaname))
        elif kind == "index_stmt" and self.knows(named("relation", node.relation)):
            self.made.add(self.whole(Name("relation", node.relation.schemaname, node.idxname)))
        elif kind == "transaction_stmt":
            self._turn(node)
        elif kind == "variable_set_stmt" and node.name == "search_path":
            self.path = node.args[0].a_const.sval.sval if node.args else "public"
            self.after = self.after if node.is_local else self.path
        else:
            self._move(kind, node)

    def _turn(self, node: Any) -> None:
        if rolls_back(node):
            self.made.clear()
        if pb.TransactionStmtKind.Name(node.kind) in _LAST:
            self.path = self.after

    def _relation(self, group: str, way: str, node: Any) -> None:
        """What may have been there before (IF NOT EXISTS, OR REPLACE) is not made here."""
        if getattr(node, "if_not_exists", False) or getattr(node, "replace", False):
            return
        for step in way.split("."):
            node = getattr(node, step)
        if not node.relname:
            return
        schema = _TEMPORARY if node.relpersistence == "t" else node.schemaname
        self.made.add(self.whole(Name(group, schema, node.relname)))

    def _move(self, kind: str, node: Any) -> None:
        if kind == "drop_stmt":
            self.made -= {self.whole(named(group, one)) for one in node.objects for group in ("relation", "type")
                          if inner(one)[0] in {"list", "type_name"}}  # fmt: skip
        elif kind == "rename_stmt" and pb.ObjectType.Name(node.rename_type) in _RENAMED:
            self._replace(named("relation", node.relation), node.relation.schemaname, node.newname)
        elif kind == "alter_object_schema_stmt" and node.relation.relname:
            self._replace(named("relation", node.relation), node.newschema, node.relation.relname)

    def _replace(self, old: Name, schema: str, name: str) -> None:
        if self.knows(old):
            self.made.discard(self.whole(old))
            self.made.add(self.whole(Name(old.group, schema, name)))

    def whole(self, name: Name) -> Name:
        """A name with its schema; a temporary table hides others of its name."""
        if name.schema or name.group == "schema":
            return name
        hidden = name._replace(schema=_TEMPORARY)
        return hidden if hidden in self.made else name._replace(schema=self.path)


def rolls_back(node: Any) -> bool:
    """Whether the end of a transaction, or of a part of it, undoes what was made."""
    return pb.TransactionStmtKind.Name(node.kind) in _ENDED
