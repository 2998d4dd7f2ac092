"""The policy for machines whose kernel holds nothing: commands that only read, and refusal of everything else.

It is an allowlist: a list of forbidden words has as many ways around it as a shell has ways to spell a word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.shell.grammar import Unreadable, arguments, literal, name_of, parse, text, walk
from devnet_runner.shell.status import harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

READERS = {
    "test", "[", "ls", "cat", "grep", "egrep", "fgrep", "head", "tail", "wc", "cut", "tr", "basename", "dirname", "pwd",
    "true", "false", ":", "echo", "stat", "diff", "cmp", "readlink", "realpath", "exit", "return", "cd", "sleep", "seq",
    "tac", "rev", "nl", "which", "type",
}  # fmt: skip
PLAIN = {"grep", "egrep", "fgrep", "ls", "cat", "head", "wc", "basename", "dirname", "test"}
"""Readers that stay harmless whatever arguments `xargs` adds."""
SED = re.compile(r"(?:\d+|\$|/[^/]*/)?(?:,(?:\d+|\$|/[^/]*/))?[pdq]?|s/[^/]*/[^/]*/[gp]*")
AWK = re.compile(r"\bprintf?\b[^;}\n]*>|\||\bsystem\b|\bgetline\b|@")
FIND = ("-exec", "-ok", "-delete", "-fprint", "-fls", "-files0-from")
SORT = re.compile(r"-(?:[a-zA-Z]*[oT]|-o|-te|-comp|-files0)")
RG = ("--pre", "--hostname-bin", "-z", "--search-zip", "--config")
GIT = {
    "log": re.compile(r"-\d+|-n|--oneline|--format=.*|--pretty=.*|--grep=.*|--author=.*|--all|--since=.*|[\w./-]+"),
    "branch": re.compile(r"--show-current|-r|-a|--list|--remotes|--all"),
    "rev-parse": re.compile(r"--[\w-]+|[\w./~^@{}-]+"),
    "rev-list": re.compile(r"--count|--all|--max-count=\d+|[\w./~^@-]+"),
    "remote": re.compile(r"-v|get-url|[\w-]+"),
    "symbolic-ref": re.compile(r"--short|-q|HEAD|refs/remotes/[\w-]+/HEAD"),
    "tag": re.compile(r"-l|--list"),
}
DANGEROUS = re.compile(
    r"-p|-u|--patch|--output.*|--ext-diff|--textconv|add|set-url|remove|rename|prune|update|set-head|rm"
)
SETTINGS = re.compile(r"(?:PATH|IFS|ENV|SHELL|PS4|PAGER|EDITOR|LD_.*|DYLD_.*|GIT_.*|BASH.*|RIPGREP.*|GREP_.*|LESS.*)")
FORBIDDEN = {
    "function_definition": "it defines a function",
    "declaration_command": "it changes the environment of what follows",
    "unset_command": "it changes the environment of what follows",
}


def refused(command: str) -> str:
    """Why a command may not run where the kernel holds nothing; empty for one that only reads."""
    try:
        root = parse(command)
    except Unreadable as error:
        return str(error)
    return next((why for why in map(_refused, walk(root)) if why), "")


def _refused(node: Node) -> str:
    if node.type in FORBIDDEN:
        return FORBIDDEN[node.type]
    if node.type == "file_redirect":
        return _redirect(node)
    if node.type == "variable_assignment":
        name = node.child_by_field_name("name")
        changed = name is not None and SETTINGS.fullmatch(text(name))
        return f"it sets {text(name)}" if changed and name is not None else ""
    return _command(node) if node.type == "command" else ""


def _redirect(node: Node) -> str:
    reads = any(child.type == "<" for child in node.children)
    target = node.child_by_field_name("destination")
    if reads and target is not None and literal(target) is not None and not text(target).startswith("/dev/"):
        return ""
    return "" if harmless(node) else f"it writes by {text(node)[:60]}"


def _command(node: Node) -> str:
    if node.child_by_field_name("name") is None:
        return ""
    name = name_of(node)
    if not name:
        return f"what it calls is not written out: {text(node)[:60]}"
    words = [literal(one) for one in arguments(node)]
    if name in CHECKS:
        return f"`{text(node)[:60]}` may do more than read" if not CHECKS[name](words) else ""
    return "" if name in READERS else f"`{name}` is not known to only read"


def _known(words: list[str | None]) -> list[str] | None:
    return None if None in words else [word for word in words if word is not None]


def _find(words: list[str | None]) -> bool:
    return not any(word is None or word.startswith(FIND) for word in words[:1]) and not any(
        word is not None and word.startswith(FIND) for word in words
    )


def _sort(words: list[str | None]) -> bool:
    return not any(word is None or SORT.match(word) for word in words)


def _rg(words: list[str | None]) -> bool:
    return not any(word is not None and word.startswith(RG) for word in words)


def _sed(words: list[str | None]) -> bool:
    known = _known(words)
    if known is None:
        return False
    operands = [word for word in known if not word.startswith("-")]
    options = [word for word in known if word.startswith("-")]
    return set(options) <= {"-n", "-E", "-r"} and bool(operands) and SED.fullmatch(operands[0]) is not None


def _awk(words: list[str | None]) -> bool:
    known = _known(words)
    if known is None or any(word.startswith("-") and not word.startswith("-F") for word in known):
        return False
    return not any(AWK.search(word) for word in known)


def _xargs(words: list[str | None]) -> bool:
    known = _known(words)
    if known is None:
        return False
    while known and re.fullmatch(r"-0|-r|-n\d+|-I\{\}|--null|--no-run-if-empty", known[0]):
        known.pop(0)
    return bool(known) and known[0] in PLAIN


def _git(words: list[str | None]) -> bool:
    known = _known(words)
    if not known or known[0] not in GIT:
        return False
    pattern, rest = GIT[known[0]], known[1:]
    bare = known[0] == "remote" and rest and rest[0] not in {"-v", "get-url"}
    return not bare and all(pattern.fullmatch(word) and not DANGEROUS.fullmatch(word) for word in rest)


CHECKS: dict[str, Callable[[list[str | None]], bool]] = {
    "find": _find,
    "sort": _sort,
    "uniq": lambda words: not any(word is None or not word.startswith("-") for word in words),
    "rg": _rg,
    "sed": _sed,
    "awk": _awk,
    "xargs": _xargs,
    "git": _git,
    "printf": lambda words: words[:1] != ["-v"],
    "command": lambda words: words[:1] == ["-v"],
}
