"""How a command can end, whatever the files are that it looks at: an abstract interpretation over two values.

Only what is certain is claimed; what depends on anything may end either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.shell.ends import BAD, EITHER, GOOD, NEVER, Ends
from devnet_runner.shell.grammar import statements, text
from devnet_runner.shell.simple import assignment, command, test_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node


def ends(node: Node) -> Ends:
    """How a node of the syntax tree can end."""
    return RULES.get(node.type, _either)(node)


def _either(_: Node) -> Ends:
    return Ends(EITHER)


def _good(_: Node) -> Ends:
    return Ends(GOOD)


def _sequence(node: Node) -> Ends:
    found = Ends(GOOD)
    for child in node.children:
        if child.type == "&":
            # What runs in the background tells nothing.
            found = Ends(GOOD, found.exits)
        elif child in statements(node):
            found = found.then(ends(child), EITHER)
    return found


def _list(node: Node) -> Ends:
    left, right = statements(node)
    operator = next(child.type for child in node.children if child.type in {"&&", "||"})
    return ends(left).then(ends(right), GOOD if operator == "&&" else BAD)


def _pipeline(node: Node) -> Ends:
    stages = statements(node)
    last = stages[-1]
    found = Ends(ends(last).all)
    # The grammar gives the negation of a pipeline to its first command.
    return _negated_ends(found) if stages[0].type == "negated_command" else found


def _negated(node: Node) -> Ends:
    return _negated_ends(ends(statements(node)[0]))


def _negated_ends(found: Ends) -> Ends:
    return Ends(frozenset(not status for status in found.normal), found.exits)


def _redirected(node: Node) -> Ends:
    body = node.child_by_field_name("body")
    found = ends(body) if body is not None else Ends(GOOD)
    certain = all(harmless(child) for child in node.children_by_field_name("redirect"))
    return found if certain else Ends(found.normal | BAD, found.exits)


def harmless(redirect: Node) -> bool:
    """Whether a redirection cannot fail: to or from nothing, or to what is open already."""
    if redirect.type != "file_redirect":
        return True
    target = redirect.child_by_field_name("destination")
    duplicates = any(child.type in {">&", "<&"} for child in redirect.children)
    return target is not None and (text(target) == "/dev/null" or (duplicates and target.type == "number"))


def _subshell(node: Node) -> Ends:
    return Ends(_sequence(node).all)


def _if(node: Node) -> Ends:
    """Conditions and bodies in order; without any that holds, it succeeds."""
    condition = node.child_by_field_name("condition")
    asked = ends(condition) if condition is not None else Ends(EITHER)
    others = [child for child in node.named_children if child.type in {"elif_clause", "else_clause"}]
    body = Ends(GOOD)
    for child in statements(node):
        if child != condition:
            body = body.then(ends(child), EITHER)
    other = Ends(GOOD)
    for clause in reversed(others):
        other = _sequence(clause) if clause.type == "else_clause" else Ends(EITHER, _sequence(clause).exits)
    taken = [found for status, found in ((True, body), (False, other)) if status in asked.normal]
    normal = frozenset[bool]().union(*(found.normal for found in taken))
    return Ends(normal, asked.exits.union(*(found.exits for found in taken)))


def _block(node: Node) -> Ends:
    """A loop or a choice: it may do nothing, or any of what is in it."""
    found = NEVER
    for child in node.named_children:
        found |= _block(child).exits if child.type in {"case_item", "do_group"} else ends(child).exits
    return Ends(EITHER, found)


RULES: dict[str, Callable[[Node], Ends]] = {
    "program": _sequence,
    "compound_statement": _sequence,
    "subshell": _subshell,
    "list": _list,
    "pipeline": _pipeline,
    "negated_command": _negated,
    "redirected_statement": _redirected,
    "if_statement": _if,
    "while_statement": _block,
    "for_statement": _block,
    "c_style_for_statement": _block,
    "case_statement": _block,
    "function_definition": _good,
    "command": command,
    "test_command": test_command,
    "variable_assignment": assignment,
}
