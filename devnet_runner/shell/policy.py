"""The policy for machines whose kernel holds nothing: commands that only read, and refusal of everything else.

It is an allowlist, of programs, of their options and of the shell's own forms: a list of what is forbidden has as
many ways around it as a shell has ways to spell a word. `/bin/sh` may be any shell: what one of them runs is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.shell.grammar import Unreadable, arguments, literal, name_of, parse, text, walk
from devnet_runner.shell.readers import harmless_test, reads_only
from devnet_runner.shell.status import harmless

if TYPE_CHECKING:
    from tree_sitter import Node

FORMS = {
    "program", "list", "pipeline", "negated_command", "subshell", "compound_statement", "redirected_statement",
    "if_statement", "elif_clause", "else_clause", "for_statement", "while_statement", "do_group", "case_statement",
    "case_item", "command", "command_name", "test_command", "unary_expression", "binary_expression", "test_operator",
    "parenthesized_expression", "variable_assignment", "variable_assignments", "variable_name",
    "special_variable_name", "simple_expansion", "expansion", "command_substitution", "string", "string_content",
    "raw_string", "word", "number", "concatenation", "file_redirect", "file_descriptor", "extglob_pattern",
}  # fmt: skip
"""What a command may be made of: here-documents, arithmetic, arrays, functions and comments are not among it."""
OPAQUE = {"word", "string_content", "extglob_pattern", "number"}
"""Leaves whose text the grammar does not look into."""
HIDDEN = re.compile(r"(?:^|[^\\])(?:\\\\)*(?:`|\$[({\[])")
EXPANSION = re.compile(r"\$\{#?\w+\}|\$\{\w+:?[-+][\w ./:@%,=-]*\}")
OWN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
LOCALE = re.compile(r"(?:LANG|LC_[A-Z]+)=[\w.-]*")
EXPRESSIONS = {"unary_expression", "binary_expression", "parenthesized_expression"}


def refused(command: str) -> str:
    """Why a command may not run where the kernel holds nothing; empty for one that only reads."""
    if odd := next((char for char in command if not char.isprintable() and char not in "\n\t"), ""):
        return f"it holds the character {odd!a}, which shells take for different things"
    if "\\\n" in command:
        return "it continues a line, inside of a word for all one knows"
    try:
        root = parse(command)
    except Unreadable as error:
        return str(error)
    nodes = tuple(walk(root))
    return next((why for why in map(_refused, nodes) if why), "") or _together(root, nodes)


def _together(root: Node, nodes: tuple[Node, ...]) -> str:
    """Why a command is refused as a whole, each part of which only reads."""
    source, end = root.text or b"", root.start_byte
    for node in nodes:
        if not node.children:
            if source[end - root.start_byte : node.start_byte - root.start_byte].strip():
                return "the grammar left a part of it out"
            end = node.end_byte
    if {"cd", "git"} <= {name_of(node) for node in nodes if node.type == "command"}:
        return "it asks git in another folder, whose settings git would follow"
    return ""


def _refused(node: Node) -> str:
    if node.type in {"&", "|&"} or (node.is_named and node.type not in FORMS):
        return f"it may do more than read by `{text(node)[:60]}`"
    if node.type in OPAQUE:
        return f"`{text(node)[:60]}` may hold another command" if HIDDEN.search(text(node)) else ""
    rule = RULES.get(node.type)
    return rule(node) if rule else ""


def _expansion(node: Node) -> str:
    return "" if EXPANSION.fullmatch(text(node)) else f"`{text(node)[:60]}` may do more than expand a variable"


def _named(node: Node) -> str:
    """What sets a variable: an environment's variable may change what every program after it does."""
    name = node.child_by_field_name("name" if node.type == "variable_assignment" else "variable")
    if (name is not None and OWN_NAME.fullmatch(text(name))) or LOCALE.fullmatch(text(node)):
        return ""
    return f"it sets {text(name) if name is not None else 'a variable'}"


def _redirect(node: Node) -> str:
    target = node.child_by_field_name("destination")
    value = literal(target) if target is not None else None
    if "<" in {child.type for child in node.children} and value and not value.startswith("/dev/"):
        return ""
    return "" if harmless(node) else f"it writes by {text(node)[:60]}"


def _tested(node: Node) -> str:
    if not text(node).startswith("[ "):
        return "`[[` evaluates its words in some shells, and is no command in others"
    return "" if harmless_test(_words(node)) else f"`{text(node)[:60]}` may evaluate a word as an expression"


def _words(node: Node) -> list[Node]:
    """The words between the brackets of a test, in order."""
    found: list[Node] = []
    for child in node.children:
        if child.type in EXPRESSIONS:
            found += _words(child)
        elif child.type not in {"[", "]"}:
            found.append(child)
    return found


def _command(node: Node) -> str:
    if node.child_by_field_name("name") is None:
        return ""
    name = name_of(node)
    if not name:
        return f"what it calls is not written out: {text(node)[:60]}"
    if reads_only(name, arguments(node)):
        return ""
    return f"`{text(node)[:60]}` is not known to only read"


RULES = {
    "expansion": _expansion,
    "variable_assignment": _named,
    "for_statement": _named,
    "file_redirect": _redirect,
    "test_command": _tested,
    "command": _command,
}
