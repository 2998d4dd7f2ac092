"""Nodes of the tree that PostgreSQL's own parser makes of SQL, and the names in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

BODIES = frozenset({"create_function_stmt", "rule_stmt", "view_stmt"})
"""What keeps statements for later: nothing in them runs now."""


class Name(NamedTuple):
    """What something is called; `schema` is empty where the text has none, `group` says which names it is among."""

    group: str
    schema: str
    name: str


def inner(node: Any) -> tuple[str, Any]:
    """The kind of a node, like `delete_stmt`, and what is in it."""
    kind = node.WhichOneof("node") or ""
    return kind, getattr(node, kind) if kind else None


def within(kind: str, node: Message, skipped: frozenset[str] = BODIES) -> Iterator[tuple[str, Any]]:
    """A node and all that is below it, by the names of their fields; not what is below those that are skipped."""
    if kind in skipped:
        return
    yield kind, node
    for field, value in node.ListFields():
        if field.message_type is not None:
            for one in (value,) if isinstance(value, Message) else tuple(value):
                yield from within(field.name, one, skipped)


def named(group: str, node: Any) -> Name:
    """The name that a node is: of a relation, a type, a function, or a row of its parts."""
    kind, held = inner(node) if type(node).__name__ == "Node" else (type(node).__name__, node)
    if kind in {"range_var", "RangeVar"}:
        return Name(group, held.schemaname, held.relname)
    parts = {"type_name": "names", "TypeName": "names", "object_with_args": "objname", "list": "items"}
    if kind in parts:
        return spelled(group, getattr(held, parts[kind]))
    return Name(group, "", held.sval)


def spelled(group: str, parts: Any) -> Name:
    """The name whose parts are these strings, the last one its own, the one before it its schema."""
    words = [part.string.sval for part in parts]
    return Name(group, words[-2] if len(words) > 1 else "", words[-1])
