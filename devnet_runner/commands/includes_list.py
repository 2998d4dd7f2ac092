"""`devnet-run includes list`: who quotes what, sections that nobody quotes, and texts that stand there twice."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from devnet_runner.commands.includes_where import Where
from devnet_runner.commands.refusal import refuse
from devnet_runner.digest import Digest
from devnet_runner.document import read_document, slugs
from devnet_runner.errors import PASSED, DevnetError, InputError
from devnet_runner.findings import Finding, finding_json
from devnet_runner.includes import Checker
from devnet_runner.includes.graph import Authored, Graph, Quote, graph
from devnet_runner.includes.jail import Refused
from devnet_runner.includes.markers import BEGIN
from devnet_runner.includes.sections import Sections
from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.screen import Screen
from devnet_runner.terminal import visible
from devnet_runner.text import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = "devnet-include-graph/1"
MARK = BEGIN.encode()


def command(*, start: Path, environ: Mapping[str, str], paths: tuple[str, ...], form: str) -> int:
    """List the graph of includes; 0, also where something of it has drifted: `check` judges."""
    screen = Screen.of(environ)
    try:
        found, unread = _graph(Where.of(start), start, paths)
    except DevnetError as error:
        return refuse(screen, error, form, "")
    if form == "json":
        screen.text(json.dumps(_json(found, unread), indent=1, ensure_ascii=False) + "\n")
    else:
        faults = [f"{one.where}: {one.what}; {one.fix}" for one in unread]
        screen.lines([*(line(visible(fault)) for fault in faults), *_lines(found)])
    return PASSED


def _graph(where: Where, start: Path, paths: tuple[str, ...]) -> tuple[Graph, list[Finding]]:
    """The graph of some documents, and why others cannot be read.

    Whether nobody quotes a section is asked of the whole project, whatever is shown.
    """
    checker = Checker(where.jail)
    quotes: list[Quote] = []
    unread: list[Finding] = []
    shown = set(where.documents(start, paths))
    for path in sorted(shown.union(where.documents(start, ()))) if paths else sorted(shown):
        try:
            quotes += _quotes(where, checker, path)
        except InputError as error:
            unread += error.findings
    sources = sorted({quote.node[0] for quote in quotes if quote.path in shown})
    whole = graph(quotes, (section for source in sources for section in _sections(where, source)))
    asked = tuple(quote for quote in quotes if quote.path in shown)
    repeated = tuple(group for group in whole.repeated if group[0].path in shown)
    return replace(whole, quotes=asked, repeated=repeated), [one for one in unread if one.where.path in shown]


def _quotes(where: Where, checker: Checker, path: str) -> list[Quote]:
    """What a document quotes. Raises InputError where it cannot be read."""
    data = where.read(path)
    includes = checker.check(data, path)[0] if MARK in data else ()
    return [Quote(path, one.line, (where.jail.mapped(one.source), one.anchor), one.state) for one in includes]


def _sections(where: Where, path: str) -> Iterator[Authored]:
    """The sections of a source that hold text; none of one that cannot be read, which `check` tells."""
    sections = Sections(where.jail.read)
    try:
        document = read_document(decode(where.jail.read(path), path).content, path)
    except (OSError, Refused, InputError):
        return
    for heading in document.headings:
        anchor = slugs(heading.text)[0]
        found = (section for section in sections.find(path, anchor) if section.line == heading.line)
        for section in found:
            if section.body.strip():
                yield Authored((path, anchor), heading.line, heading.end, Digest.of(section.body))


def _json(found: Graph, unread: list[Finding]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "quotes": [
            {"path": one.path, "line": one.line, "source": one.node[0], "anchor": one.node[1], "state": one.state}
            for one in found.quotes
        ],
        "orphans": [_authored(one) for one in found.orphans],
        "twins": [[_authored(one) for one in group] for group in found.twins],
        "repeated": [[{"path": one.path, "line": one.line} for one in group] for group in found.repeated],
        "findings": [finding_json(finding) for finding in unread],
    }


def _authored(one: Authored) -> dict[str, Any]:
    return {"source": one.node[0], "anchor": one.node[1], "line": one.line, "digest": str(one.digest)}


def _lines(found: Graph) -> Iterator[Line]:
    for node, quotes in groupby(sorted(found.quotes, key=lambda one: (one.node, one.path, one.line)), lambda q: q.node):
        given = list(quotes)
        yield line(Piece(visible("#".join(node)), "strong"), f"  quoted {len(given)} times")
        for one in given:
            state = () if one.state == "verified" else (Piece(f"  {one.state}", "warn"),)
            yield line(visible(f"  {one.path}:{one.line}"), *state)
    for alone in found.orphans:
        yield row("orphan", visible(f"{alone.node[0]}:{alone.line}: #{alone.node[1]} is quoted by nobody"), "warn")
    for group in found.twins:
        names = " and ".join(f"{one.node[0]}#{one.node[1]}" for one in group)
        yield row("twins", visible(f"{names} hold the same text"), "warn")
    for repeated in found.repeated:
        places = ", ".join(str(one.line) for one in repeated)
        said = f"{repeated[0].path} quotes {'#'.join(repeated[0].node)} in lines {places}"
        yield row("repeated", visible(said), "warn")
    sources = {quote.node for quote in found.quotes}
    documents = {quote.path for quote in found.quotes}
    yield row("includes", f"{len(found.quotes)} quotes of {len(sources)} sections, in {len(documents)} documents")
