"""Where documents lead to: whether what they ask for is there, and whether every standard can be reached."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from devnet_runner.document import read_document, slugs
from devnet_runner.findings import Finding, Place
from devnet_runner.standards.routing import MOST_HOPS, reachable, requests, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devnet_runner.standards.routing import Read, Request

COMPARED = 500
"""Among how many anchors a near one is looked for."""
Leads = tuple["Request", str]
"""A request, and the path of the document that it means."""


@dataclass(slots=True)
class Library:
    """The documents that others ask for, each read once."""

    read: Read
    anchors: dict[str, frozenset[str] | None] = field(default_factory=dict)

    def anchors_of(self, path: str) -> frozenset[str] | None:
        """The anchors of a document, None where there is no such document."""
        if path not in self.anchors:
            content = self.read(path)
            headings = read_document(content, path).headings if content is not None else ()
            found = frozenset(slug for heading in headings for slug in slugs(heading.text))
            self.anchors[path] = None if content is None else found
        return self.anchors[path]

    def check(self, path: str, anchor: str, place: Place) -> Iterator[Finding]:
        """The finding that a document, or a heading of it, is not there."""
        anchors = self.anchors_of(path)
        if anchors is None:
            yield Finding("standard-reference-missing", place, f"there is no document '{path}'", "correct the path")
        elif anchor and anchor not in anchors:
            near = get_close_matches(anchor, sorted(anchors), n=3, cutoff=0.4) if len(anchors) <= COMPARED else []
            fix = f"name one that it has: {', '.join(f'#{one}' for one in near)}" if near else "correct the anchor"
            yield Finding("standard-anchor-missing", place, f"'{path}' has no heading for '#{anchor}'", fix)


def lint_links(root: str, documents: Iterable[str], library: Library, *, whole: bool) -> tuple[Finding, ...]:
    """The findings about what documents ask for; `root` is the root dispatcher, empty where there is none.

    Where the `whole` of the standards is meant, what the root leads to is a part of it, and what it does not lead to is
    told.
    """
    given = tuple(documents)
    known = reachable(root, library.read) if root and whole else frozenset()
    asked: dict[str, tuple[Leads, ...]] = {}
    findings: list[Finding] = []
    for path in sorted({*given, *known}):
        found, wrong = requests(library.read(path) or "", path)
        findings += wrong
        asked[path] = tuple((request, resolved(request.path, path, library.read)) for request in found)
        for request, target in asked[path]:
            findings += library.check(target, request.anchor, Place(path, request.line))
    findings += [*_contexts(asked), *_circles(asked)]
    return (*findings, *(_unreachable(path, root) for path in given if known and path not in known))


def _unreachable(path: str, root: str) -> Finding:
    what = f"no dispatcher leads here from {root} in {MOST_HOPS} requests"
    return Finding("standard-unreachable", Place(path), what, "add a request for it, or take it out", blocking=False)


def _contexts(asked: Mapping[str, tuple[Leads, ...]]) -> Iterator[Finding]:
    """A name that keeps a document from being loaded twice must not stand for two blocks."""
    first: dict[str, Request] = {}
    told: set[tuple[str, int]] = set()
    for request in (one for found in asked.values() for one, _ in found if one.context):
        there = first.setdefault(request.context, request)
        block = request.dispatcher, request.block
        if block != (there.dispatcher, there.block) and block not in told:
            told.add(block)
            what = f"the context-check {request.context} is taken already, in {there.dispatcher}:{there.block}"
            yield Finding("standard-context-twice", Place(*block), what, "give each block a name of its own")


def _circles(asked: Mapping[str, tuple[Leads, ...]]) -> Iterator[Finding]:
    """A request for a document that leads back; one for another section of its own document is none."""
    leads: dict[str, dict[str, Request]] = defaultdict(dict)
    for path, found in asked.items():
        for request, target in found:
            if target in asked and not (target == path and request.anchor):
                leads[path].setdefault(target, request)
    done: set[str] = set()
    for start in sorted(leads):
        way, pending = [start], [iter(leads[start])]
        while pending and start not in done:
            target = next(pending[-1], "")
            if not target:
                pending.pop()
                done.add(way.pop())
            elif target in way:
                request = leads[way[-1]][target]
                shown = " → ".join([*way[way.index(target) :][:6], target])
                what = f"the request leads back: {shown}"
                yield Finding("standard-route-cycle", Place(way[-1], request.line), what, "take it out")
            elif target not in done:
                way.append(target)
                pending.append(iter(leads.get(target, {})))
