"""What takes away or switches off something that a service relies on, where Squawk has no rule for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postgast import pg_query_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_adapters.postgres.danger.statements import Statement

_DROPS = {"drop_subscription_stmt", "drop_user_mapping_stmt", "drop_table_space_stmt"}
_UNSEEN = {
    f"OBJECT_{kind}"
    for kind in ("ACCESS_METHOD", "COLLATION", "CONVERSION", "EVENT_TRIGGER", "FDW", "FOREIGN_SERVER", "LANGUAGE",
                 "PUBLICATION", "TRANSFORM", "TSCONFIGURATION", "TSDICTIONARY", "TSPARSER", "TSTEMPLATE")
}  # fmt: skip
"""What DROP drops and Squawk says nothing of; statistics are not among them, as nothing relies on them."""


def removals(statement: Statement) -> Iterator[str]:
    """The kinds of danger in what a statement takes away."""
    kind, node = statement.kind, statement.node
    if kind in _DROPS or (kind == "drop_stmt" and pb.ObjectType.Name(node.remove_type) in _UNSEEN):
        yield "object-drop"
    if kind == "variable_set_stmt" and node.name.lower() == "session_replication_role":
        held = [one.a_const.sval.sval.lower() for one in node.args]
        yield from ("ban-disable-trigger",) if held not in ([], ["origin"]) else ()
