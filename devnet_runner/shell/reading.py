"""What can be said of a command without running it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from devnet_runner.shell.chain import JOINED, chain
from devnet_runner.shell.ends import BAD, GOOD
from devnet_runner.shell.grammar import Unreadable, name_of, parse, statements, text, walk
from devnet_runner.shell.missing import supposing
from devnet_runner.shell.rewrite import noise, rewritten
from devnet_runner.shell.status import certain, pipeline, stage

if TYPE_CHECKING:
    from tree_sitter import Node

SILENT = re.compile(r"-[a-zA-Z]*[sS][a-zA-Z]*|--no-messages|--silent|--quiet")
CHOICES = {"negated_command", "pipeline", "command_substitution", "if_statement", "while_statement", "case_statement"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A command as it was read.

    `fault` says why the grammar did not take it. `cannot_fail` and `cannot_pass` are certain where they are true, for
    the reason given; `rewrite` would really test. `names` are the programs that it calls, `compound` whether it can
    turn the error of one of them into a pass, `hushed` whether it can keep an error from being heard.
    """

    fault: str = ""
    cannot_fail: bool = False
    cannot_pass: bool = False
    reason: str = ""
    rewrite: str = ""
    names: tuple[str, ...] = ()
    compound: bool = False
    hushed: bool = False

    @property
    def valid(self) -> bool:
        """Whether the grammar took it."""
        return not self.fault


@lru_cache(maxsize=4096)
def read_command(command: str) -> Reading:
    """Read a command of a document that need not be trusted; it is looked at, never run."""
    try:
        root = parse(command)
    except Unreadable as error:
        return Reading(str(error))
    nodes = tuple(walk(root))
    names = tuple(dict.fromkeys(filter(None, (name_of(node) for node in nodes if node.type == "command"))))
    status = certain(root, nodes)
    sure = status in {GOOD, BAD}
    return Reading(
        cannot_fail=status == GOOD,
        cannot_pass=status == BAD,
        reason=_reason(root, passes=status == GOOD) if sure else "",
        rewrite=rewritten(root) if sure else "",
        names=names,
        compound=_compound(root, nodes),
        hushed=_hushed(nodes),
    )


def doubtful(reading: Reading, output: str) -> bool:
    """Whether a pass may rest on an error: what errs says so, unless the command keeps it from being heard."""
    return reading.compound and (bool(output.strip()) or reading.hushed)


def counterfactual(command: str, reading: Reading) -> str | None:
    """A program that fails where a pass of the command rested on something missing; None where it cannot have."""
    return supposing(command, reading.names) if reading.compound and reading.names else None


def _compound(root: Node, nodes: tuple[Node, ...]) -> bool:
    return len(statements(root)) > 1 or any(node.type in CHOICES or node.type == "||" for node in nodes)


def _hushed(nodes: tuple[Node, ...]) -> bool:
    """Whether output is sent elsewhere than where errors are heard, or a program is asked to be silent about them."""
    silent = any(node.type == "word" and SILENT.fullmatch(text(node)) for node in nodes)
    return silent or any(node.type in {"file_redirect", "|&"} for node in nodes)


def _reason(node: Node, *, passes: bool) -> str:
    """The part of a command that decides how it ends."""
    word = "succeeds" if passes else "fails"
    if node.type in JOINED:
        return _decisive(node, word, passes=passes)
    inner = statements(node)
    if node.type in {"program", "compound_statement", "subshell"} and inner:
        return _reason(inner[-1], passes=passes)
    return f"`{text(node)[:80]}` always {word}"


def _decisive(node: Node, word: str, *, passes: bool) -> str:
    """The pipeline of several, or the stage of a pipeline, that decides."""
    *before, last = chain(node)
    if before and (noise(last) or pipeline(before[-1]).all == GOOD | BAD):
        return f"`{last.operator} {last.said()[:80]}` {word} whatever came before"
    final = last.stages[-1]
    if last.negated and passes is (stage(final).all == BAD):
        happens = "fails" if passes else "succeeds"
        return f"`{final.said()[:80]}` always {happens}, and `!` turns that around"
    if final.command is not None and not final.redirects:
        return _reason(final.command, passes=passes)
    return f"`{final.said()[:80]}` always {word}"
