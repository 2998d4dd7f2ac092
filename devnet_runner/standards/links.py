"""Where dispatchers and phases lead to: whether the documents and anchors are there, and whether all can be reached."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from devnet_runner.document import read_document, slugs
from devnet_runner.findings import Finding, Place
from devnet_runner.standards.routing import MOST_HOPS, Request, reachable, requests, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devnet_runner.standards.routing import Read


def lint_links(root: str, documents: Iterable[str], read: Read) -> tuple[Finding, ...]:
    """The findings about the dispatchers that the root leads to, and the documents that none of them leads to."""
    asked: dict[str, tuple[Request, ...]] = {}
    findings: list[Finding] = []
    for path in sorted(reachable(root, read)):
        found, wrong = requests(read(path) or "", path)
        asked[path] = found
        findings += wrong
        for request in found:
            place = Place(path, request.line)
            findings += check_reference(resolved(request.path, path, read), request.anchor, place, read)
    findings += [*_contexts(asked), *_circles(root, asked, read)]
    known = reachable(root, read)
    for path in documents:
        if path not in known:
            what = f"no dispatcher leads here from {root} in {MOST_HOPS} requests"
            findings.append(
                Finding(
                    "standard-unreachable", Place(path), what, "add a request for it, or take it out", blocking=False
                )
            )
    return tuple(findings)


def check_reference(path: str, anchor: str, place: Place, read: Read) -> Iterator[Finding]:
    """The finding that a document, or a heading of it, is not there."""
    content = read(path)
    if content is None:
        yield Finding("standard-reference-missing", place, f"there is no document '{path}'", "correct the path")
        return
    if not anchor:
        return
    anchors = {slug: heading for heading in read_document(content, path).headings for slug in slugs(heading.text)}
    if anchor not in anchors:
        near = get_close_matches(anchor, anchors, n=3, cutoff=0.4)
        fix = f"name one that it has: {', '.join(f'#{one}' for one in near)}" if near else "correct the anchor"
        yield Finding("standard-anchor-missing", place, f"'{path}' has no heading for '#{anchor}'", fix)


def _contexts(asked: dict[str, tuple[Request, ...]]) -> Iterator[Finding]:
    """A name that keeps a document from being loaded twice must not stand for two."""
    first: dict[str, Request] = {}
    for request in (one for found in asked.values() for one in found if one.context):
        there = first.setdefault(request.context, request)
        if (there.path, there.dispatcher) != (request.path, request.dispatcher):
            what = f"the context-check {request.context} is taken already, in {there.dispatcher}:{there.line}"
            place = Place(request.dispatcher, request.line)
            yield Finding("standard-context-twice", place, what, "give each request a name of its own")


def _circles(root: str, asked: dict[str, tuple[Request, ...]], read: Read) -> Iterator[Finding]:
    """A dispatcher that leads back to one above it."""
    waiting: list[tuple[str, tuple[str, ...]]] = [(root, ())]
    told: set[tuple[str, int]] = set()
    while waiting:
        path, above = waiting.pop()
        for request in asked.get(path, ()):
            target = resolved(request.path, path, read)
            if target in (*above, path) and (path, request.line) not in told:
                told.add((path, request.line))
                what = f"the request leads back: {' → '.join([*above, path, target])}"
                yield Finding("standard-route-cycle", Place(path, request.line), what, "take it out")
            elif target not in above and len(above) < MOST_HOPS:
                waiting.append((target, (*above, path)))
