"""Rewriting a command that cannot fail, or cannot pass, into one that would really test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.shell.chain import JOINED, chain
from devnet_runner.shell.ends import BAD, GOOD
from devnet_runner.shell.filters import FILTERS
from devnet_runner.shell.grammar import Unreadable, arguments, name_of, parse, statements, text
from devnet_runner.shell.simple import ALWAYS_GOOD
from devnet_runner.shell.status import ends, stage

if TYPE_CHECKING:
    from tree_sitter import Node

    from devnet_runner.shell.chain import Pipeline, Stage

SEARCHES = {"grep", "egrep", "fgrep", "rg"}
QUIET = {"-q", "--quiet", "--silent"}
ANY = "grep -q ."
LISTS_ABSENT = re.compile(r"-[a-zA-Z]*L|--files-without")
"""What asks for the files in which nothing is found, whose status says the opposite where it is quiet."""


def rewritten(root: Node) -> str:
    """A command that tests what this one means to; empty where none can be made that may end either way."""
    found = _sequence(root)
    try:
        status = ends(parse(found)).all if found else GOOD
    except Unreadable:
        return ""
    return "" if status in {GOOD, BAD} else found


def noise(one: Pipeline) -> bool:
    """Whether a pipeline only prints, or only succeeds."""
    name = _name(one.stages[-1])
    printed = name in ALWAYS_GOOD or (name == "exit" and stage(one.stages[-1]).all == GOOD)
    return len(one.stages) == 1 and printed


def _sequence(node: Node) -> str:
    """The statements that say anything, each of which must hold."""
    parts = [part for part in map(_statement, statements(node)) if part]
    return " && ".join(part if at == 0 or " || " not in part else f"{{ {part}; }}" for at, part in enumerate(parts))


def _statement(node: Node) -> str:
    """A statement up to the last pipeline that says anything; empty where none does."""
    pipelines = chain(node)
    while pipelines and noise(pipelines[-1]):
        pipelines.pop()
    return "".join(f" {one.operator} {_pipeline(one)}" if one.operator else _pipeline(one) for one in pipelines)


def _pipeline(one: Pipeline) -> str:
    """A pipeline without the filters at its end, made to answer by its status."""
    kept = list(one.stages)
    while len(kept) > 1 and _filters(kept[-1]):
        kept.pop()
    if len(kept) < len(one.stages):
        return _asking(one, tuple(kept))
    last = kept[-1]
    if len(kept) == 1 and last.command is not None and stage(last).all == GOOD:
        return "! " * one.negated + _alone(last, last.command)
    return one.said()


def _alone(one: Stage, command: Node) -> str:
    """A command that cannot fail by itself."""
    if name_of(command) == "find":
        return f"{one.said(_errors(one))} | {ANY}"
    inner = _sequence(command) if command.type in {"subshell", "compound_statement"} else ""
    return f"({inner})" if inner else one.said()


def _asking(one: Pipeline, kept: tuple[Stage, ...]) -> str:
    """The stages that are left, made to answer by the status of the last."""
    *before, last = kept
    if (command := last.command) is not None and name_of(command) in SEARCHES | {"ls"}:
        words = [text(word) for word in arguments(command)]
        if name_of(command) == "ls" or QUIET & set(words):
            return one.said(kept)
        if not any(LISTS_ABSENT.match(word) for word in words):
            start = "".join(f"{stage.said()} | " for stage in before)
            return "! " * one.negated + start + _quiet(command) + "".join(f" {text(one)}" for one in last.redirects)
    said = " | ".join([*(stage.said() for stage in before), last.said(_errors(last)), ANY])
    return "! " * one.negated + said


def _quiet(command: Node) -> str:
    name = command.child_by_field_name("name")
    at = name.end_byte - command.start_byte if name is not None else 0
    raw = command.text or b""
    return (raw[:at] + b" -q" + raw[at:]).decode("utf-8", "replace")


def _errors(one: Stage) -> tuple[Node, ...]:
    """The redirections that leave what is printed alone."""
    return tuple(redirect for redirect in one.redirects if text(redirect).startswith(("2>", "<")))


def _filters(one: Stage) -> bool:
    """Whether a stage passes on what it gets, and says nothing by its status."""
    return _name(one) in FILTERS and stage(one).all == GOOD


def _name(one: Stage) -> str:
    return name_of(one.command) if one.command is not None and one.command.type not in JOINED else ""
