"""DO blocks: the statements that stand in one, and whether it runs more than stands there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import postgast
from google.protobuf.message import DecodeError

from infra_adapters.postgres.danger.nodes import within
from infra_adapters.postgres.evolution.carrying import CARRY

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOPS = {f"PLpgSQL_stmt_{kind}" for kind in ("loop", "while", "fori", "fors", "forc", "foreach_a", "dynfors")}
_MADE = {"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors", "PLpgSQL_stmt_call", "dynquery"}
"""What runs a text that is made while the block runs, or the body of a procedure."""
_QUIET = {"count", "set_config", "pg_notify", "nextval", "setval", "pg_advisory_lock", "pg_advisory_xact_lock"}
"""Functions that a block may call for what they do, as they do nothing to tables."""

_LITERAL = r"(?: ?E'(?:[^'\\]|''|\\\\)*'|'(?:[^'\\]|'')*')"
_WITHIN = r"""(?:"(?:[^"'%]|""|''|%%)+"\.)?"(?:[^"'%]|""|''|%%)+\""""
_HOLES = {"table": _LITERAL, "source": _LITERAL, "target": _LITERAL, "named": _WITHIN}
# The pieces between the holes stand for themselves; what fills a hole cannot leave its quotes.
_OURS = re.compile("".join(_HOLES.get(piece) or re.escape(piece) for piece in re.split(r"\{(\w+)\}", CARRY)))


@dataclass(frozen=True, slots=True)
class Block:
    """The statements of a block, each with whether it is in a loop; `dynamic`: it also runs what cannot be read."""

    texts: tuple[tuple[str, bool], ...] = ()
    dynamic: bool = False


def opened(text: str, node: Any) -> Block:
    """What is in a DO statement. A block of another language, or one that cannot be parsed, is dynamic."""
    if _OURS.fullmatch(text.strip()):
        return Block()
    words = {one.def_elem.defname: one.def_elem.arg.string.sval for one in node.args}
    try:
        tree = postgast.parse_plpgsql(text) if words.get("language", "plpgsql") == "plpgsql" else None
        return Block(dynamic=True) if tree is None else _read(tuple(_parts(tree, looped=False)))
    except (postgast.PgQueryError, DecodeError, RecursionError):
        return Block(dynamic=True)


def _read(parts: tuple[tuple[str, Any, bool], ...]) -> Block:
    texts = tuple(
        (part["PLpgSQL_expr"]["query"], looped)
        for kind, part, looped in parts
        if kind in {"sqlstmt", "query"} and isinstance(part, dict) and part["PLpgSQL_expr"]["parseMode"] == 0
    )
    calls = (part["expr"]["PLpgSQL_expr"]["query"] for kind, part, _ in parts if kind == "PLpgSQL_stmt_perform")
    return Block(texts, any(kind in _MADE for kind, _, _ in parts) or any(map(_acts, calls)))


def _parts(tree: Any, *, looped: bool) -> Iterator[tuple[str, Any, bool]]:
    """Each part of a block's tree with its name, and whether it is in a loop."""
    if isinstance(tree, list):
        for one in tree:
            yield from _parts(one, looped=looped)
    elif isinstance(tree, dict):
        for kind, part in tree.items():
            yield kind, part, looped
            yield from _parts(part, looped=looped or kind in _LOOPS)


def _acts(query: str) -> bool:
    """Whether a query calls a function of which it is not known that it leaves tables alone."""
    found = within("", postgast.parse(query))
    return any(node.funcname[-1].string.sval not in _QUIET for kind, node in found if kind == "func_call")
