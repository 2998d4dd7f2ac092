"""How a single command can end, by its name and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.shell.ends import BAD, EITHER, GOOD, NEVER, Ends, Statuses
from devnet_runner.shell.grammar import arguments, literal, name_of, text

if TYPE_CHECKING:
    from tree_sitter import Node

ALWAYS_GOOD = {"true", ":", "echo", "printf", "pwd"}
FILTERS = {
    "head",
    "tail",
    "cat",
    "wc",
    "sort",
    "uniq",
    "tr",
    "cut",
    "nl",
    "tac",
    "rev",
    "tee",
    "sed",
    "column",
    "less",
    "fold",
}
WITH_TEXT = {"tr": 2, "cut": 0, "sed": 1}
"""How many operands of a filter are no files."""
UNKNOWABLE = {"set", "trap", "eval", "exec", ".", "source", "shopt"}
"""Commands after which nothing is certain."""


def command(node: Node) -> Ends:
    """A command with its arguments."""
    name = name_of(node)
    if name in {"exit", "return"}:
        return Ends(NEVER, _number(node))
    if name in ALWAYS_GOOD:
        return Ends(GOOD)
    if name == "false":
        return Ends(BAD)
    if name == "test":
        return Ends(_tested([literal(one) for one in arguments(node)]))
    if name == "find":
        return Ends(GOOD if _finds_here(node) else EITHER)
    return Ends(GOOD if name in FILTERS and not _files(node, name) else EITHER)


def _number(node: Node) -> Statuses:
    given = arguments(node)
    value = literal(given[0]) if given else None
    if value is None or not value.isdigit():
        return EITHER
    return GOOD if int(value) % 256 == 0 else BAD


def _files(node: Node, name: str) -> bool:
    """Whether a filter reads a file rather than what is piped to it."""
    operands = [one for one in arguments(node) if not text(one).startswith("-") and one.type != "number"]
    return len(operands) > WITH_TEXT.get(name, 0)


def _finds_here(node: Node) -> bool:
    """Whether `find` looks in the current folder, which is there: it succeeds whether or not it finds anything."""
    words = [text(one) for one in arguments(node)]
    starts = []
    for word in words:
        if word.startswith(("-", "(", "!", "\\")):
            break
        starts.append(word)
    acts = any(word.startswith(("-exec", "-ok", "-delete", "-quit", "-fprint", "-fls")) for word in words)
    return not acts and all(start in {".", "./"} for start in starts)


def test_command(node: Node) -> Ends:
    """`[ … ]` of words that all stand there as they are."""
    inner = text(node).strip().removeprefix("[[").removeprefix("[").removesuffix("]]").removesuffix("]")
    if set(inner) & set("$`*?\\") or node.named_child_count != 1:
        return Ends(EITHER)
    return Ends(_tested([word.strip("'\"") for word in inner.split()]))


def _tested(words: list[str | None]) -> Statuses:
    """The status of `test` where its words say enough."""
    match words:
        case [str(one)]:
            return GOOD if one else BAD
        case ["-n", str(one)]:
            return GOOD if one else BAD
        case ["-z", str(one)]:
            return BAD if one else GOOD
        case [str(left), "=" | "==" | "-eq", str(right)]:
            return GOOD if left == right else BAD
        case [str(left), "!=" | "-ne", str(right)]:
            return BAD if left == right else GOOD
    return EITHER


def assignment(node: Node) -> Ends:
    """An assignment alone, whose status is that of what it substitutes."""
    return Ends(EITHER) if b"$(" in (node.text or b"") or b"`" in (node.text or b"") else Ends(GOOD)
