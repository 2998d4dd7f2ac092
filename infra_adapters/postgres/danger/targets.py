"""What a statement changes, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postgast import pg_query_pb2 as pb

from infra_adapters.postgres.danger.nodes import Name, inner, named, spelled

if TYPE_CHECKING:
    from infra_adapters.postgres.danger.statements import Statement

_ONE = {"alter_table_stmt", "index_stmt", "cluster_stmt", "refresh_mat_view_stmt", "reindex_stmt", "create_trig_stmt"}
_MANY = {"truncate_stmt", "lock_stmt"}
_TYPED = {"alter_enum_stmt", "alter_domain_stmt"}
_OBJECT = {"rename_stmt": "rename_type", "alter_object_schema_stmt": "object_type", "alter_owner_stmt": "object_type"}
_PARTS = {"OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"}
_FUNCTIONS = {"OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"}
_RELATIONS = {
    f"OBJECT_{kind}" for kind in ("TABLE", "INDEX", "VIEW", "MATVIEW", "SEQUENCE", "FOREIGN_TABLE", "STATISTIC_EXT")
}


def targets(statement: Statement) -> tuple[Name, ...]:
    """The names of all that a statement changes; empty where that is not known of everything."""
    kind, node = statement.kind, statement.node
    if kind in _ONE and node.relation.relname:
        return (named(_group_of(kind, node), node.relation),)
    if kind in _MANY:
        return tuple(named("relation", one) for one in node.relations)
    if kind in _TYPED:
        return (spelled("type", node.type_name),)
    if kind == "drop_stmt":
        return _dropped(pb.ObjectType.Name(node.remove_type), node)
    if kind == "grant_stmt" and pb.GrantTargetType.Name(node.targtype) == "ACL_TARGET_OBJECT":
        return _of(pb.ObjectType.Name(node.objtype), node.objects)
    if kind in _OBJECT:
        if node.HasField("relation"):
            return (named("relation", node.relation),)
        return _of(pb.ObjectType.Name(getattr(node, _OBJECT[kind])), (node.object,))
    return ()


def _group_of(kind: str, node: Any) -> str:
    typed = kind == "alter_table_stmt" and pb.ObjectType.Name(node.objtype) == "OBJECT_TYPE"
    return "type" if typed else "relation"


def _dropped(what: str, node: Any) -> tuple[Name, ...]:
    if what in _PARTS:
        # The last part is the trigger's or the policy's own name; before it is the table's.
        return tuple(spelled("relation", list(one.list.items)[:-1]) for one in node.objects)
    # Functions of one name may be several, so that the one that is dropped need not be the one that was made.
    return () if what in _FUNCTIONS else _of(what, node.objects)


def _of(what: str, objects: Any) -> tuple[Name, ...]:
    if what in _RELATIONS:
        return tuple(named("relation", one) for one in objects)
    if what in {"OBJECT_TYPE", "OBJECT_DOMAIN"}:
        return tuple(named("type", one) for one in objects)
    if what in _FUNCTIONS:
        return tuple(named("function", one) for one in objects)
    return (
        tuple(named("schema", one) for one in objects if inner(one)[0] == "string") if what == "OBJECT_SCHEMA" else ()
    )
