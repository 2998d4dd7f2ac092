"""What a careful author would want to know of tests that can be read: what is missing, and what proves nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place
from devnet_runner.shell import opened, read_command, refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devnet_runner.standards.values import StandardTest

EXPECTED = ("REQUIRED", "ERROR", "DESCRIPTION")
SNAKE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


def lint_tests(tests: Iterable[StandardTest]) -> tuple[Finding, ...]:
    """The findings about each test, and about the names of their blocks."""
    given = tuple(tests)
    return (*_blocks(given), *(finding for test in given for finding in _lint(test)))


def _blocks(tests: tuple[StandardTest, ...]) -> Iterator[Finding]:
    """Two blocks of one name: a report could not say which of them is meant."""
    first: dict[str, Place] = {}
    for test in tests:
        there = first.setdefault(test.block, test.where)
        if there.path != test.file:
            first[test.block] = Place(test.file, test.line)
            what = f"the block name {test.block} is taken already, in {there}"
            yield Finding("standard-block-twice", test.where, what, "rename one of the two blocks")


def _lint(test: StandardTest) -> Iterator[Finding]:
    if test.faults:
        return
    missing = [name for name in EXPECTED if name not in test.fields]
    if missing:
        what = f"{test.name} does not say {', '.join(missing)}"
        yield _note("standard-field-missing", test, what, "add the lines: a reader of the report needs them")
    if not SNAKE.fullmatch(test.name):
        yield _note("standard-name-style", test, f"the name {test.name} is not in snake_case", "write it so")
    unused = [name for name in test.variables if name not in test.command]
    if unused:
        what = f"{test.name} declares {', '.join(unused)} and does not use it"
        yield _note("standard-variable-unused", test, what, "take it out of VARIABLES, or use it in TEST")
    yield from _command(test)


def _command(test: StandardTest) -> Iterator[Finding]:
    reading = read_command(test.command)
    if reading.cannot_fail or reading.cannot_pass:
        word, kind = ("fail", "standard-vacuous") if reading.cannot_fail else ("pass", "standard-cannot-pass")
        fix = f"rewrite it: {reading.rewrite}" if reading.rewrite else "write a command that can both pass and fail"
        yield Finding(kind, test.where, f"{test.name} can never {word}: {reading.reason}", fix, blocking=test.blocking)
    more = refused(test.command)
    if reading.valid and more:
        fix = "write a test that only reads, or run it only where the kernel holds it"
        yield _note("standard-does-more", test, f"{test.name} may do more than read: {more}", fix)
    if opened(test.command, test.variables) != test.command:
        what = f"{test.name} has a variable in single quotes, where the shell by itself would not expand it"
        yield _note("standard-variable-quoted", test, what, "write it in double quotes")


def _note(kind: str, test: StandardTest, what: str, fix: str) -> Finding:
    return Finding(kind, test.where, what, fix, blocking=False)
