"""Where a shell command expands a variable, and where quotes keep it from doing so (POSIX.1-2024, section 2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAME = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)|([A-Za-z_][A-Za-z0-9_]*))")
PLAIN, SINGLE, DOUBLE, ANSI = "", "'", '"', "$'"


@dataclass(frozen=True, slots=True)
class Expansion:
    """A variable that a command names, from `start` to `end`; `literal` where single quotes keep it as it is."""

    name: str
    start: int
    end: int
    literal: bool


def expansions(command: str) -> tuple[Expansion, ...]:
    """Every `$NAME` and `${NAME…` of a command, in order; an escaped dollar sign is none."""
    found: list[Expansion] = []
    states = [PLAIN]
    at = 0
    while at < len(command):
        state, char = states[-1], command[at]
        if char == "\\" and state != SINGLE:
            at += 2
            continue
        if char == "$" and (match := NAME.match(command, at)):
            whole = match[1] is not None and command[match.end() : match.end() + 1] == "}"
            end = match.end() + int(whole)
            found.append(Expansion(match[1] or match[2], at, end, state in {SINGLE, ANSI}))
            at = end
            continue
        at += _step(states, command, at)
    return tuple(found)


def _step(states: list[str], command: str, at: int) -> int:
    """Follow the quotes over what stands at a position; how many characters that is."""
    state, char = states[-1], command[at]
    if state in {SINGLE, ANSI}:
        if char == "'":
            states.pop()
        return 1
    if char == "'" and state != DOUBLE:
        states.append(SINGLE)
    elif command.startswith("$'", at) and state != DOUBLE:
        states.append(ANSI)
        return 2
    elif char == '"':
        _toggle(states, DOUBLE)
    elif command.startswith("$(", at):
        states.append("(")
        return 2
    elif char == "(" and state == "(":
        states.append("(")
    elif char == ")" and state == "(":
        states.pop()
    return 1


def _toggle(states: list[str], quote: str) -> None:
    if states[-1] == quote:
        states.pop()
    else:
        states.append(quote)


def opened(command: str, names: tuple[str, ...]) -> str:
    """The command with single quotes opened around some variables, so that the shell expands them there too.

    A document that declares a variable means its value; the value itself is never put into the command.
    """
    if not any(name in command for name in names):
        return command
    parts, last = [], 0
    for one in expansions(command):
        if one.literal and one.name in names:
            parts += [command[last : one.start], f"'\"${{{one.name}}}\"'"]
            last = one.end
    return "".join([*parts, command[last:]])
