"""Rewriting a command that cannot fail, or cannot pass, into one that would really test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.shell.ends import BAD, GOOD
from devnet_runner.shell.grammar import Unreadable, name_of, parse, statements, text
from devnet_runner.shell.simple import ALWAYS_GOOD, FILTERS
from devnet_runner.shell.status import ends

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

SEARCHES = {"grep", "egrep", "fgrep", "rg"}
QUIET = {"-q", "--quiet", "--silent"}


def rewritten(root: Node) -> str:
    """A command that tests what this one means to; empty where none can be made that may end either way."""
    found = _of(root)
    try:
        status = ends(parse(found)).all if found else GOOD
    except Unreadable:
        return ""
    return "" if status in {GOOD, BAD} else found


def _of(node: Node) -> str:
    rule = RULES.get(node.type)
    return rule(node, statements(node)) if rule else text(node)


def _command(node: Node, _: list[Node]) -> str:
    return f"{text(node)} | grep -q ." if name_of(node) == "find" and ends(node).all == GOOD else text(node)


def _redirected(node: Node, inner: list[Node]) -> str:
    return _of(inner[0]) if inner and ends(node).all == GOOD else text(node)


def _sequence(_: Node, inner: list[Node]) -> str:
    """The statements up to the last one that says anything, each of which must hold."""
    meant = [node for node in inner if not _noise(node)]
    return " && ".join(part for part in map(_of, meant) if part)


def _list(node: Node, inner: list[Node]) -> str:
    left, right = inner
    operator = next(child.type for child in node.children if child.type in {"&&", "||"})
    if _noise(right):
        return _of(left)
    return f"{_of(left)} {operator} {_of(right)}"


def _pipeline(_: Node, stages: list[Node]) -> str:
    negated = stages[0].type == "negated_command"
    first = statements(stages[0])[0] if negated else stages[0]
    kept = [first, *stages[1:]]
    while len(kept) > 1 and _filters(kept[-1]):
        kept.pop()
    if len(kept) == len(stages):
        return " | ".join(text(stage) for stage in stages)
    return ("! " if negated else "") + _asking(kept)


def _asking(kept: list[Node]) -> str:
    """The stages that are left, made to answer by their status."""
    said = " | ".join(text(stage) for stage in kept)
    last = kept[-1]
    command = statements(last)[0] if last.type == "redirected_statement" else last
    name = name_of(command)
    if name in SEARCHES:
        return said if QUIET & set(text(command).split()) else _quiet(said, text(last), name)
    if name == "ls":
        return said
    return f"{said} | grep -q ."


def _quiet(said: str, last: str, name: str) -> str:
    return said[: len(said) - len(last)] + last.replace(name, f"{name} -q", 1)


def _filters(stage: Node) -> bool:
    """Whether a stage passes on what it gets, and says nothing by its status."""
    command = statements(stage)[0] if stage.type == "redirected_statement" and statements(stage) else stage
    return name_of(command) in FILTERS and ends(stage).all == GOOD


def _noise(node: Node) -> bool:
    """Whether a statement only prints, or only succeeds."""
    command = statements(node)[0] if node.type == "redirected_statement" and statements(node) else node
    return name_of(command) in ALWAYS_GOOD or (name_of(command) == "exit" and ends(node).all == GOOD)


RULES: dict[str, Callable[[Node, list[Node]], str]] = {
    "program": _sequence,
    "compound_statement": _sequence,
    "list": _list,
    "negated_command": lambda _, inner: f"! {_of(inner[0])}",
    "pipeline": _pipeline,
    "redirected_statement": _redirected,
    "subshell": lambda node, inner: f"({_sequence(node, inner)})",
    "command": _command,
}
