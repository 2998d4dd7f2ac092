"""Routing: from the words of a task, through dispatcher documents, to the standards that it needs.

A dispatcher holds blocks with a condition, and requests in them; a request names a document, which may be a dispatcher
again. Three requests in a row are the most that are followed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import join, normpath
from typing import TYPE_CHECKING

from devnet_runner.document import read_document
from devnet_runner.findings import Finding, Place
from devnet_runner.standards.tags import attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Read = Callable[[str], str | None]
MOST_HOPS = 3
ASKS = "REQUEST:"
WORD = re.compile(r"[\w./-]+")
PRECEDENCE = ("security", "development", "architecture", "performance", "stack-specific", "best-practices")
"""Categories by what wins where two standards are found alike; the folder of a standard is its category."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request of a dispatcher: the document and anchor that it names, and the condition that it stands under.

    `block` is the line of the block that holds it, 0 where there is none.
    """

    dispatcher: str
    line: int
    path: str
    anchor: str
    condition: str
    context: str
    block: int = 0

    def meets(self, words: str) -> bool:
        """Whether one of the condition's alternatives occurs in some words, in any case; none always holds."""
        lowered = words.lower()
        alternatives = [one.strip().lower() for one in self.condition.split("|") if one.strip()]
        return not alternatives or any(one in lowered for one in alternatives)


@dataclass(frozen=True, slots=True)
class Routed:
    """A standard that was found, and the way to it: the documents that were asked, and the condition of the last."""

    path: str
    anchor: str
    via: tuple[str, ...]
    condition: str


def requests(content: str, path: str) -> tuple[tuple[Request, ...], tuple[Finding, ...]]:
    """The requests of a dispatcher, and what is wrong with how they are written."""
    found, findings = [], list[Finding]()
    open_blocks: list[tuple[int, dict[str, str]]] = []
    for line, text in _live(content, path):
        if text.startswith(("<conditional-block", "<plan-conditional")):
            open_blocks.append((line, attributes(text)))
        elif text.startswith(("</conditional-block", "</plan-conditional")) and open_blocks:
            open_blocks.pop()
        elif text.removeprefix("- ").lstrip().startswith(ASKS):
            asked = text.partition(ASKS)[2].strip().strip('"').strip()
            target, anchor, wrong = _phrase(asked)
            if wrong:
                # A request in other words still says what it wants; one without a path does not.
                place, what = Place(path, line), f"the request {asked[:60]!r} {wrong}"
                findings.append(
                    Finding("standard-request-wrong", place, what, f'write {ASKS} "Get NAME from PATH"', not target)
                )
            if target:
                opened, own = open_blocks[-1] if open_blocks else (0, {})
                condition, context = own.get("task-condition", ""), own.get("context-check", "")
                found.append(Request(path, line, target, anchor, condition, context, opened))
    findings += [_unclosed(path, line) for line, _ in open_blocks]
    return tuple(found), tuple(findings)


def _unclosed(path: str, line: int) -> Finding:
    what, fix = (
        "the conditional block is never closed: its condition holds for all below",
        "close it below its requests",
    )
    return Finding("standard-condition-unclosed", Place(path, line), what, fix)


def _phrase(asked: str) -> tuple[str, str, str]:
    """The path and anchor of a request, and what is wrong with its words."""
    name, word, target = asked.rpartition(" from ")
    target, _, anchor = target.strip().strip("`'\"").removeprefix("@").partition("#")
    if not word or not target or " " in target:
        return "", "", "names no document"
    return target, anchor, "" if name.lower().startswith("get ") else "does not begin with Get"


def _live(content: str, path: str) -> Iterator[tuple[int, str]]:
    document = read_document(content, path)
    for number, line in enumerate(document.lines, 1):
        if document.fence_at(number) is None and document.comment_at(number) is None:
            yield number, line.strip()


def resolved(target: str, dispatcher: str, read: Read) -> str:
    """The path of a requested document below the root.

    It is meant as it stands, or from a folder above the dispatcher: standards name each other from their own root.
    """
    paths = (normpath(join(folder, target)) for folder in PurePosixPath(dispatcher).parents)
    return next((path for path in paths if read(path) is not None), normpath(target))


def route(root: str, words: str, read: Read) -> tuple[Routed, ...]:
    """The documents that a task needs, from the root dispatcher, those of a category that wins first."""
    found: dict[str, Routed] = {}
    seen = {root}
    waiting: list[tuple[str, tuple[str, ...]]] = [(root, ())]
    while waiting:
        dispatcher, via = waiting.pop(0)
        asked, _ = requests(read(dispatcher) or "", dispatcher)
        for request in asked:
            path = resolved(request.path, dispatcher, read)
            if not request.meets(words) or path in seen or len(via) >= MOST_HOPS:
                continue
            seen.add(path)
            found[path] = Routed(path, request.anchor, (*via, dispatcher), request.condition)
            waiting.append((path, (*via, dispatcher)))
    return tuple(sorted(found.values(), key=lambda one: _rank(one.path)))


def reachable(root: str, read: Read) -> frozenset[str]:
    """Every document that some task is led to."""
    seen, waiting = {root}, [(root, 0)]
    while waiting:
        dispatcher, hops = waiting.pop()
        asked, _ = requests(read(dispatcher) or "", dispatcher)
        paths = {resolved(request.path, dispatcher, read) for request in asked} - seen
        if hops < MOST_HOPS:
            seen |= paths
            waiting += [(path, hops + 1) for path in sorted(paths)]
    return frozenset(seen)


def mentioned(content: str, path: str, known: Iterable[str]) -> tuple[str, ...]:
    """The standards that a document names, by their path or by the end of it; a bare file name must be of one only."""
    by_end: dict[str, list[str]] = defaultdict(list)
    for standard in known:
        parts = standard.split("/")
        for start in range(len(parts)):
            by_end["/".join(parts[start:])].append(standard)
    words = (word.removeprefix("./").rstrip(".") for _, text in _told(content, path) for word in WORD.findall(text))
    found = (by_end[word] for word in words if word in by_end and (len(by_end[word]) == 1 or "/" in word))
    return tuple(sorted({standard for standards in found for standard in standards}))


def _told(content: str, path: str) -> Iterator[tuple[int, str]]:
    """The lines of a document, what its fences hold included, that are neither quoted nor commented out."""
    document = read_document(content, path)
    for number, line in enumerate(document.lines, 1):
        if ".md" in line and not line.lstrip().startswith((">", "<!--")) and document.comment_at(number) is None:
            yield number, line


def _rank(path: str) -> tuple[int, str]:
    folders = path.split("/")[:-1]
    ranks: Iterable[int] = (PRECEDENCE.index(folder) for folder in folders if folder in PRECEDENCE)
    return min(ranks, default=len(PRECEDENCE)), path
