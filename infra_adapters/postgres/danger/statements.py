"""From SQL to its statements, as PostgreSQL's own parser tells them apart; those of a DO block stand in its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import postgast
from google.protobuf.message import DecodeError

from infra_adapters.postgres.danger.blocks import Block, opened
from infra_adapters.postgres.danger.nodes import inner

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `kind` is the parser's name for it, empty where its tree is deeper than can be read.

    `nested`: it stands in a block, and may run or not. `looped`: it runs once for each turn of a loop. `dynamic`: it is
    a block that holds what nobody can read.
    """

    text: str
    kind: str
    node: Any
    nested: bool = False
    looped: bool = False
    dynamic: bool = False


def statements(sql: str) -> tuple[Statement, ...]:
    """The statements of a text, in order. Raises PgQueryError where PostgreSQL would not read it."""
    return tuple(one for text in postgast.split(sql) for one in _opened(_read(text)))


def _read(text: str, *, nested: bool = False, looped: bool = False) -> Statement:
    try:
        kind, node = inner(postgast.parse(text).stmts[0].stmt)
    except DecodeError:
        # The tree is handed over in a form that holds a hundred levels.
        kind, node = "", None
    return Statement(text, kind, node, nested, looped)


def _opened(statement: Statement) -> Iterator[Statement]:
    block = opened(statement.text, statement.node) if statement.kind == "do_stmt" else Block()
    yield replace(statement, dynamic=block.dynamic)
    yield from (_read(text, nested=True, looped=looped) for text, looped in block.texts)
