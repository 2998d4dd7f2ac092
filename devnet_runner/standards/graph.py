"""What tests depend on: names in their own block, without duplicates and without going round in a circle."""

from __future__ import annotations

from collections import Counter, defaultdict
from difflib import get_close_matches
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devnet_runner.standards.values import StandardTest

Key = tuple[str, str]


def check_graph(tests: Iterable[StandardTest]) -> tuple[tuple[StandardTest, ...], tuple[Finding, ...]]:
    """The tests, with what is wrong with their dependencies among their faults, and those findings."""
    given = tuple(tests)
    blocks: dict[Key, dict[str, StandardTest]] = defaultdict(dict)
    twice = {identity for identity, count in Counter(test.identity for test in given).items() if count > 1}
    for test in given:
        blocks[test.file, test.block].setdefault(test.name, test)
    circles = {one: circle for block in blocks.values() for circle in _circles(block) for one in circle}
    checked, findings = [], list[Finding]()
    for test in given:
        faults = tuple(_faults(test, blocks[test.file, test.block], circles, twice=test.identity in twice))
        findings += faults
        checked.append(test.faulty(*faults))
    return tuple(checked), tuple(findings)


def _faults(
    test: StandardTest, block: Mapping[str, StandardTest], circles: Mapping[StandardTest, tuple[StandardTest, ...]],
    *, twice: bool,
) -> Iterator[Finding]:  # fmt: skip
    if twice:
        first = block[test.name].line
        what = f"the block {test.block} has two tests of the name {test.name}, the first in line {first}"
        yield Finding("standard-name-twice", test.where, what, "rename one: a dependency could mean either")
    for name in test.depends_on:
        if name not in block:
            near = get_close_matches(name, block, n=3)
            what = f"{test.name} depends on {name}, which the block {test.block} does not have"
            fix = f"did you mean {' or '.join(near)}?" if near else "name a test of the same block, or take it out"
            yield Finding("standard-dependency-unknown", test.where, what, fix)
    if test in circles:
        names = [one.name for one in circles[test]]
        what = f"{test.name} depends on itself: {' → '.join([*names, names[0]])}"
        yield Finding("standard-dependency-cycle", test.where, what, "take one of these dependencies out")


def _circles(block: Mapping[str, StandardTest]) -> Iterator[tuple[StandardTest, ...]]:
    """A circle for each dependency that leads back, found by walking in depth without recursion."""
    done: set[str] = set()
    for start in block:
        if start in done:
            continue
        way, pending = [start], [iter(block[start].depends_on)]
        while pending:
            name = next(pending[-1], None)
            if name is None:
                pending.pop()
                done.add(way.pop())
            elif name in way:
                yield tuple(block[one] for one in way[way.index(name) :])
            elif name in block and name not in done:
                way.append(name)
                pending.append(iter(block[name].depends_on))
