"""Includes inside of what is quoted: whether following them leads back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.includes.jail import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devnet_runner.includes.sections import Sections

MAX_DEPTH = 32

Node = tuple[str, str]


class Cycles:
    """Follows includes from section to section; what was once found to end is not followed again."""

    def __init__(self, sections: Sections, mapped: Callable[[str], str]) -> None:
        self._sections = sections
        self._mapped = mapped
        self._ends: set[Node] = set()

    def through(self, source: str, anchor: str) -> tuple[str, ...]:
        """The way from a section back to itself, or deeper than 32 includes, as names; empty where it ends."""
        return self._follow((self._mapped(source), anchor), ())

    def _follow(self, node: Node, above: tuple[Node, ...]) -> tuple[str, ...]:
        if node in above:
            return _names((*above[above.index(node) :], node))
        if len(above) >= MAX_DEPTH:
            return _names((*above, node))
        if node in self._ends:
            return ()
        for inner in self._inside(*node):
            found = self._follow(inner, (*above, node))
            if found:
                return found
        self._ends.add(node)
        return ()

    def _inside(self, source: str, anchor: str) -> Iterator[Node]:
        try:
            sections = self._sections.find(source, anchor)
        except (OSError, Refused, InputError):
            # The document that holds this marker is told so when it is checked itself.
            return
        for section in sections:
            yield from ((self._mapped(block.source), block.anchor) for block in section.blocks)


def _names(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    return tuple(f"{source}#{anchor}" for source, anchor in nodes)
