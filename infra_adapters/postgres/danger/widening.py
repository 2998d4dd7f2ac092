"""Whether a type holds all that another one holds, in the same form: then the server changes only its catalog."""

from __future__ import annotations

from typing import Any, NamedTuple

from infra_adapters.postgres.danger.nodes import spelled

_TEXTS = {"varchar", "text"}
_SIZED = {"varchar", "varbit"}


class Kind(NamedTuple):
    """A type: its name, as the server has it, and what stands in brackets behind it."""

    name: str
    sizes: tuple[int, ...]


def kind_of(node: Any) -> Kind | None:
    """The type that a node of the tree names; None for arrays, types of a schema, and sizes that are no numbers."""
    if not node.names:
        return None
    name = spelled("type", node.names)
    sizes = [one.a_const for one in node.typmods]
    if name.schema not in {"", "pg_catalog"} or node.array_bounds or not all(one.HasField("ival") for one in sizes):
        return None
    return Kind(name.name, tuple(one.ival.ival for one in sizes))


def widens(old: Kind, new: Kind) -> bool:
    """Whether a column goes from one type to the other and no row is read. Source: ALTER TABLE in the manual."""
    if old == new:
        return True
    if old.name in _TEXTS and new.name in _TEXTS and not new.sizes:
        return True
    if old.name != new.name or not old.sizes:
        return False
    if old.name in _SIZED:
        return not new.sizes or new.sizes[0] >= old.sizes[0]
    if old.name == "numeric":
        (digits, scale), (more, other) = (*old.sizes, 0)[:2], (*new.sizes, 0, 0)[:2]
        return not new.sizes or (more >= digits and other == scale)
    return False
