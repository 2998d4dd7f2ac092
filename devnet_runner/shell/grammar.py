"""The syntax of a shell command, by the tree-sitter grammar of bash, which POSIX commands are also read by."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import tree_sitter
import tree_sitter_bash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

LONGEST, DEEPEST = 2_000, 150
"""Characters and levels of what is read at all: the parser takes its time squared on some hostile commands."""
KEYWORDS = {
    "{", "}", "!", "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "for", "while", "until", "in",
}  # fmt: skip
ESCAPED = {"\\(", "\\)", "\\!", "\\;"}
"""Words of one escaped character, as `find` takes them."""
STATEMENTS = {
    "command", "list", "pipeline", "negated_command", "redirected_statement", "subshell", "compound_statement",
    "if_statement", "while_statement", "for_statement", "c_style_for_statement", "case_statement",
    "function_definition", "test_command", "variable_assignment", "variable_assignments", "declaration_command",
    "unset_command",
}  # fmt: skip


class Unreadable(ValueError):
    """A command that the grammar does not take, with where it gives up."""


@cache
def _language() -> tree_sitter.Language:
    return tree_sitter.Language(tree_sitter_bash.language())


def parse(command: str) -> Node:
    """The root of the syntax tree. Raises Unreadable for no shell, and for what is too long or too deep to look at."""
    if len(command) > LONGEST:
        raise Unreadable(f"it is longer than {LONGEST} characters")
    root = tree_sitter.Parser(_language()).parse(command.encode("utf-8", "replace")).root_node
    if root.has_error:
        raise Unreadable(_fault(root))
    _refuse(root)
    return root


def _fault(root: Node) -> str:
    for node in walk(root):
        if node.is_missing:
            return f"something is missing at column {node.start_point[1] + 1}: {node.type}"
        if node.is_error:
            return f"it cannot be read from column {node.start_point[1] + 1} on: {text(node)[:40]!r}"
    return "it cannot be read"


def _refuse(root: Node) -> None:
    """Refuse what is too deep to look at, and what the grammar takes otherwise than a POSIX shell."""
    waiting = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise Unreadable(f"it is nested deeper than {DEEPEST} levels")
        if why := _misread(node):
            raise Unreadable(why)
        waiting += [(child, depth + 1) for child in node.children]


def _misread(node: Node) -> str:
    """Why a node means something else to the shell: the grammar knows no `! { …; }`, and `((` as arithmetic."""
    kind = node.type
    if kind == "((":
        return "`((` means two subshells to one shell and arithmetic to another"
    if kind == "pipeline" and "negated_command" in {child.type for child in node.named_children[1:]}:
        return "`!` stands inside of a pipeline, where no shell takes it"
    if kind == "command_name" and text(node) in KEYWORDS:
        return f"the grammar does not take `{text(node)}` where it stands"
    return ""


def walk(root: Node) -> Iterator[Node]:
    """A node and everything below it, in the order of the text."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


def text(node: Node) -> str:
    """The text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def statements(node: Node) -> list[Node]:
    """The statements that a node holds, in order."""
    return [child for child in node.named_children if child.type in STATEMENTS]


def name_of(node: Node) -> str:
    """The name of a command where it stands there as it is; empty where the shell would have to work it out."""
    name = node.child_by_field_name("name")
    if name is None or [child.type for child in name.children] != ["word"]:
        return ""
    found = text(name)
    return "" if set(found) & set("\\*?[]{}~$") - ({"["} if found == "[" else set()) else found


def arguments(node: Node) -> list[Node]:
    """The arguments of a command."""
    return node.children_by_field_name("argument")


def literal(node: Node) -> str | None:
    """The value of a word that the shell takes as it stands, without its quotes; None where it expands something."""
    raw = text(node)
    if node.type in {"word", "number"}:
        if raw in ESCAPED:
            return raw[1:]
        return None if set(raw) & set("\\*?[~$`") else raw
    if node.type == "raw_string":
        return raw[1:-1]
    if node.type == "string":
        inner = [child for child in node.named_children if child.type != "string_content"]
        return None if inner or "\\" in raw else raw[1:-1]
    return _joined(node) if node.type == "concatenation" else None


def _joined(node: Node) -> str | None:
    """The value of a word of several parts; None where braces may make several words of it."""
    parts = [literal(child) for child in node.children]
    whole = "".join(part for part in parts if part is not None)
    return None if None in parts or ("{" in whole and ("," in whole or ".." in whole)) else whole
