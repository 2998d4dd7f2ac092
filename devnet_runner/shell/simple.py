"""How a single command can end, by its name and its words."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from devnet_runner.shell.ends import BAD, EITHER, GOOD, NEVER, Ends, Statuses
from devnet_runner.shell.filters import succeeds
from devnet_runner.shell.grammar import arguments, literal, name_of, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

ALWAYS_GOOD = {"true", ":", "echo", "printf", "pwd"}
UNKNOWABLE = {"set", "trap", "eval", "exec", ".", "source", "shopt", "kill", "alias"}
"""Commands after which nothing is certain."""
UNKNOWN = Ends(EITHER, EITHER)
"""What may do anything, end the shell among it."""
NUMBERS = re.compile("[0-9]{1,9} [0-9]{1,9}")
NUMBERED = re.compile(r"%[^%sbc]")


def command(node: Node) -> Ends:
    """A command with its arguments."""
    name, given = name_of(node), arguments(node)
    words = [literal(one) for one in given]
    if name in {"", "command", "builtin", "return", "shift"}:
        return UNKNOWN
    if name == "exit":
        return Ends(NEVER, _number(words))
    if name == "false":
        return Ends(BAD)
    if name == "test":
        return Ends(_tested(words))
    return Ends(GOOD if _prints(name, given) or succeeds(name, words) else EITHER)


def _prints(name: str, given: Sequence[Node]) -> bool:
    """Whether a command only prints, and cannot be given what it does not print: no number, no wrong option."""
    if name == "pwd":
        return not given
    if name != "printf":
        return name in ALWAYS_GOOD
    written = text(given[0]) if given else "-"
    return not written.strip("'\"").startswith(("-", "$", "`")) and not NUMBERED.search(written)


def _number(words: Sequence[str | None]) -> Statuses:
    if len(words) != 1 or words[0] is None or not re.fullmatch("[0-9]{1,3}", words[0]):
        return EITHER
    return GOOD if int(words[0]) % 256 == 0 else BAD


def test_command(node: Node) -> Ends:
    """`[ … ]` of words that all stand there as they are; `[[` is no command in every shell."""
    inner = text(node).strip()
    if inner.startswith("[[") or set(inner[1:-1]) & set("$`*?\\~[]{}<>") or node.named_child_count != 1:
        return Ends(EITHER)
    return Ends(_tested(shlex.split(inner[1:-1])))


def _tested(words: Sequence[str | None]) -> Statuses:
    """The status of `test` where its words say enough."""
    holds: bool | None = None
    match words:
        case [str(one)] | ["-n", str(one)]:
            holds = bool(one)
        case ["-z", str(one)]:
            holds = not one
        case [str(left), "=" | "!=" as operator, str(right)]:
            holds = (left == right) is (operator == "=")
        case [str(left), "-eq" | "-ne" as operator, str(right)] if NUMBERS.fullmatch(f"{left} {right}"):
            holds = (int(left) == int(right)) is (operator == "-eq")
    return EITHER if holds is None else frozenset({holds})


def assignment(node: Node) -> Ends:
    """An assignment alone, whose status is that of what it substitutes."""
    return Ends(EITHER) if b"$(" in (node.text or b"") or b"`" in (node.text or b"") else Ends(GOOD)
