"""Commands joined by `&&`, `||`, `|` and `!`, as a shell joins them.

The grammar gives a redirection everything that stands before it (`a && b >f | c` is `(a && b) >f | c` to it), and the
negation of a pipeline to its first command. Here they belong where POSIX.1-2024, section 2.9, puts them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from devnet_runner.shell.grammar import statements, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

JOINED = {"list", "pipeline", "negated_command", "redirected_statement"}
OPERATORS = {"&&", "||", "|", "|&"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One command with its redirections; without a command where there are only redirections."""

    command: Node | None
    redirects: tuple[Node, ...] = ()

    def said(self, redirects: tuple[Node, ...] | None = None) -> str:
        """The text of it, with these redirections instead of its own where some are given."""
        kept = self.redirects if redirects is None else redirects
        return " ".join([*([text(self.command)] if self.command else []), *map(text, kept)])


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages that read from one another, the operator before them, empty for the first, and whether `!` is there."""

    operator: str
    negated: bool
    stages: tuple[Stage, ...]

    def said(self, stages: tuple[Stage, ...] | None = None) -> str:
        """The text of it, with these stages instead of its own where some are given."""
        kept = self.stages if stages is None else stages
        return "! " * self.negated + " | ".join(stage.said() for stage in kept)


def chain(node: Node) -> list[Pipeline]:
    """The pipelines of a statement, in order; at least one."""
    found = [Pipeline("", negated=False, stages=())]
    for part in _parts(node):
        last = found[-1]
        if isinstance(part, Stage):
            found[-1] = replace(last, stages=(*last.stages, part))
        elif part == "!":
            found[-1] = replace(last, negated=not last.negated)
        elif part in {"&&", "||"}:
            found.append(Pipeline(part, negated=False, stages=()))
    return found


def _parts(node: Node) -> Iterator[Stage | str]:
    """Commands and operators, in the order of the text."""
    if node.type not in JOINED:
        yield Stage(node)
    elif node.type == "redirected_statement":
        yield from _redirected(node)
    elif node.type == "negated_command":
        yield "!"
        yield from _parts(statements(node)[0])
    else:
        inner = statements(node)
        for child in node.children:
            if child.type in OPERATORS:
                yield child.type
            elif child in inner:
                yield from _parts(child)


def _redirected(node: Node) -> Iterator[Stage | str]:
    """What a redirection was given, with the redirection at its last command."""
    body = node.child_by_field_name("body")
    parts: list[Stage | str] = list(_parts(body)) if body is not None else [Stage(None)]
    last = parts.pop()
    added = tuple(node.children_by_field_name("redirect"))
    yield from parts
    yield replace(last, redirects=(*last.redirects, *added)) if isinstance(last, Stage) else last
