"""How a command can end, whatever the files are that it looks at: an abstract interpretation over two values.

Only what is certain is claimed; what depends on anything may end either way.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.shell.chain import JOINED, chain
from devnet_runner.shell.ends import BAD, EITHER, GOOD, NEVER, Ends, Statuses
from devnet_runner.shell.grammar import STATEMENTS, Unreadable, arguments, literal, name_of, parse, text, walk
from devnet_runner.shell.simple import UNKNOWABLE, UNKNOWN, assignment, command, test_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tree_sitter import Node

    from devnet_runner.shell.chain import Pipeline, Stage

EXPANDING = {
    "command", "variable_assignment", "variable_assignments", "test_command", "for_statement", "c_style_for_statement",
    "case_statement",
}  # fmt: skip
ABORTS = re.compile(r"\$\(\(|\$\[|\$\{(?!#?(?:[A-Za-z_]\w*|[@*#?$!0-9-])\}|[A-Za-z_]\w*(?::?[-+]|##?|%%?))")
"""Expansions that may fail: arithmetic, and of braces all but a name alone, with a default, or without an end of it."""
UNREAD = {"function_definition", "readonly", "heredoc_redirect"}
SHELLS = {"sh", "bash", "dash"}
SPECIAL = {":", "exit", "return", "export", "unset", "shift", "times"}
"""Builtins that take the shell with them where a redirection of theirs fails."""


def ends(node: Node) -> Ends:
    """How a node of the syntax tree can end."""
    found = RULES.get(node.type, _either)(node)
    if node.type in EXPANDING and _aborts(node):
        return Ends(found.normal | BAD, found.exits | BAD)
    return found


def _either(_: Node) -> Ends:
    return Ends(EITHER)


def _command(node: Node) -> Ends:
    """A command; of a shell that is given a text, what that text can end with."""
    words = [literal(one) for one in arguments(node)]
    match words:
        case ["-c", str(inner)] if name_of(node) in SHELLS:
            return Ends(_text(inner))
    return command(node)


def _text(inner: str) -> Statuses:
    """What a text can end with in a shell of its own."""
    try:
        root = parse(inner)
        return certain(root, tuple(walk(root)))
    except Unreadable:
        return EITHER


def certain(root: Node, nodes: tuple[Node, ...]) -> Statuses:
    """Every status that a whole program, whose nodes are given too, can end with.

    Either, where a name may mean something else than it does, an assignment fail, or text hide a part of the program.
    """
    names = {name_of(node) for node in nodes if node.type == "command"}
    unknown = bool(UNKNOWABLE & names) or any(node.type in UNREAD for node in nodes)
    return EITHER if unknown else ends(root).all


def _sequence(node: Node) -> Ends:
    return _in_order(node.children)


def _in_order(nodes: Iterable[Node]) -> Ends:
    found = Ends(GOOD)
    for child in nodes:
        if child.type == "&":
            # What runs in the background tells nothing.
            found = Ends(GOOD, found.exits)
        elif child.type in STATEMENTS:
            found = found.then(ends(child), EITHER)
    return found


def _chain(node: Node) -> Ends:
    first, *following = chain(node)
    found = pipeline(first)
    for one in following:
        found = found.then(pipeline(one), GOOD if one.operator == "&&" else BAD)
    return found


def pipeline(one: Pipeline) -> Ends:
    """How a pipeline can end: as its last stage does, which is a shell of its own where there are several."""
    found = stage(one.stages[-1])
    if len(one.stages) > 1:
        found = Ends(found.all)
    return Ends(frozenset(not status for status in found.normal), found.exits) if one.negated else found


def stage(one: Stage) -> Ends:
    """How a command with its redirections can end."""
    found = ends(one.command) if one.command is not None else Ends(GOOD)
    if all(harmless(redirect) for redirect in one.redirects):
        return found
    fatal = one.command is None or name_of(one.command) in SPECIAL or any(map(_aborts, one.redirects))
    return Ends(found.normal | BAD, found.exits | BAD if fatal else found.exits)


def _aborts(node: Node) -> bool:
    """Whether an expansion may fail, and end the shell."""
    return ABORTS.search(text(node)) is not None


def harmless(redirect: Node) -> bool:
    """Whether a redirection cannot fail: to or from nothing, or to what is open already."""
    if redirect.type != "file_redirect":
        return True
    target = redirect.child_by_field_name("destination")
    duplicates = any(child.type in {">&", "<&"} for child in redirect.children)
    return target is not None and (text(target) == "/dev/null" or (duplicates and text(target) in {"0", "1", "2"}))


def _subshell(node: Node) -> Ends:
    return Ends(_sequence(node).all)


def _if(node: Node) -> Ends:
    """Conditions and bodies in order; without any that holds, it succeeds."""
    asked = _in_order(node.children_by_field_name("condition"))
    then = next(at for at, child in enumerate(node.children) if child.type == "then")
    clauses = [child for child in node.children[then:] if child.type in {"elif_clause", "else_clause"}]
    body = _in_order(child for child in node.children[then:] if child.type not in {"elif_clause", "else_clause"})
    taken = [body] * (True in asked.normal) + [_otherwise(clauses)] * (False in asked.normal)
    normal = frozenset[bool]().union(*(found.normal for found in taken))
    return Ends(normal, asked.exits.union(*(found.exits for found in taken)))


def _otherwise(clauses: list[Node]) -> Ends:
    """What follows where the first condition does not hold; of a second condition nothing is worked out."""
    found = [_sequence(clause) for clause in clauses]
    if len(found) == 1 and clauses[0].type == "else_clause":
        return found[0]
    return Ends(EITHER, NEVER.union(*(_block(clause).exits for clause in clauses))) if found else Ends(GOOD)


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
    **dict.fromkeys(JOINED, _chain),
    "if_statement": _if,
    "while_statement": _block,
    "for_statement": _block,
    "c_style_for_statement": _block,
    "case_statement": _block,
    "command": _command,
    "declaration_command": lambda _: UNKNOWN,
    "unset_command": lambda _: UNKNOWN,
    "test_command": test_command,
    "variable_assignment": assignment,
}
