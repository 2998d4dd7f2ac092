"""What tests depend on: names in their own block, without duplicates and without going round in a circle."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from difflib import get_close_matches
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devnet_runner.standards.values import StandardTest

Key = tuple[str, str]
COMPARED, SHOWN = 50, 6
"""In how many names a near one is looked for; how many of a circle are shown."""


def check_graph(tests: Iterable[StandardTest]) -> tuple[tuple[StandardTest, ...], tuple[Finding, ...]]:
    """The tests, with what is wrong with their dependencies among their faults, and those findings."""
    given = tuple(tests)
    blocks: dict[Key, dict[str, StandardTest]] = defaultdict(dict)
    twice = {identity for identity, count in Counter(test.identity for test in given).items() if count > 1}
    for test in given:
        blocks[test.file, test.block].setdefault(test.name, test)
    circles = {key: _told(block) for key, block in blocks.items()}
    checked, findings = [], list[Finding]()
    for test in given:
        key = test.file, test.block
        faults = tuple(_faults(test, blocks[key], circles[key], twice=test.identity in twice))
        findings += faults
        checked.append(test.faulty(*faults))
    return tuple(checked), tuple(findings)


def _faults(
    test: StandardTest, block: Mapping[str, StandardTest], circles: Mapping[str, str], *, twice: bool
) -> Iterator[Finding]:
    if twice:
        first = block[test.name].line
        what = f"the block {test.block} has two tests of the name {test.name}, the first in line {first}"
        yield Finding("standard-name-twice", test.where, what, "rename one: a dependency could mean either")
    for name in test.depends_on:
        if name not in block:
            near = get_close_matches(name, block, n=3) if len(block) <= COMPARED else []
            what = f"{test.name} depends on {name}, which the block {test.block} does not have"
            fix = f"did you mean {' or '.join(near)}?" if near else "name a test of the same block, or take it out"
            yield Finding("standard-dependency-unknown", test.where, what, fix)
    if test.name in circles:
        what = f"{test.name} depends on itself: {circles[test.name]}"
        yield Finding("standard-dependency-cycle", test.where, what, "take one of these dependencies out")


def _told(block: Mapping[str, StandardTest]) -> dict[str, str]:
    """Of each test that waits for itself, the way that leads back to it."""
    told: dict[str, str] = {}
    for names in _circles(block):
        group = set(names)
        told |= dict.fromkeys(names, _shown(_way_back(names[-1], group, block)))
        if len(names) <= COMPARED:
            told |= {name: _shown(_way_back(name, group, block)) for name in names}
    return told


def _shown(way: list[str]) -> str:
    return " → ".join([*way[:SHOWN], *(["…"] if len(way) > SHOWN else []), way[0]])


def _way_back(start: str, group: set[str], block: Mapping[str, StandardTest]) -> list[str]:
    """The shortest way from a test of a group to itself."""
    before: dict[str, str] = {}
    waiting = deque([start])
    while start not in before:
        name = waiting.popleft()
        for need in block[name].depends_on:
            if need in group and need not in before:
                before[need] = name
                waiting.append(need)
    way = [before[start]]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]


def _circles(block: Mapping[str, StandardTest]) -> Iterator[tuple[str, ...]]:
    """The names that wait for each other, group by group: Tarjan's components, without recursion, in linear time."""
    found = Components({name: [one for one in test.depends_on if one in block] for name, test in block.items()})
    for names in found:
        if len(names) > 1 or names[0] in block[names[0]].depends_on:
            yield tuple(names)


class Components:
    """The groups of a graph in which each node leads to each other one."""

    def __init__(self, graph: Mapping[str, list[str]]) -> None:
        self._graph = graph
        self._number: dict[str, int] = {}
        self._lowest: dict[str, int] = {}
        self._way: list[str] = []
        self._on_way: set[str] = set()

    def __iter__(self) -> Iterator[list[str]]:
        for start in self._graph:
            if start not in self._number:
                yield from self._from(start)

    def _from(self, start: str) -> Iterator[list[str]]:
        self._enter(start)
        pending = [(start, iter(self._graph[start]))]
        while pending:
            name, needs = pending[-1]
            need = next(needs, None)
            if need is None:
                pending.pop()
                self._lower(pending[-1][0] if pending else name, self._lowest[name])
                yield from self._group(name)
            elif need not in self._number:
                self._enter(need)
                pending.append((need, iter(self._graph[need])))
            elif need in self._on_way:
                self._lower(name, self._number[need])

    def _enter(self, name: str) -> None:
        self._number[name] = self._lowest[name] = len(self._number)
        self._way.append(name)
        self._on_way.add(name)

    def _lower(self, name: str, number: int) -> None:
        self._lowest[name] = min(self._lowest[name], number)

    def _group(self, name: str) -> Iterator[list[str]]:
        """The group that is complete when a node is left, where the node is its first."""
        if self._lowest[name] != self._number[name]:
            return
        names = [self._way.pop()]
        while names[-1] != name:
            names.append(self._way.pop())
        self._on_way.difference_update(names)
        yield names
