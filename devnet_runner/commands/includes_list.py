"""`devnet-run includes list`: who quotes what, sections that nobody quotes, and texts that stand there twice."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from devnet_runner.commands.includes_where import Where
from devnet_runner.commands.refusal import refuse
from devnet_runner.digest import Digest
from devnet_runner.document import read_document, slugs
from devnet_runner.errors import PASSED, DevnetError, InputError
from devnet_runner.includes import Checker
from devnet_runner.includes.graph import Authored, Graph, Quote, graph
from devnet_runner.includes.jail import Refused
from devnet_runner.includes.markers import BEGIN
from devnet_runner.includes.sections import Sections
from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.screen import Screen
from devnet_runner.terminal import visible
from devnet_runner.text import decode, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = "devnet-include-graph/1"
MARK = BEGIN.encode()


def command(*, start: Path, environ: Mapping[str, str], paths: tuple[str, ...], form: str) -> int:
    """List the graph of includes; 0, also where something of it has drifted: `check` judges."""
    screen = Screen.of(environ)
    try:
        found = _graph(Where.of(start), start, paths)
    except DevnetError as error:
        return refuse(screen, error, form, "")
    if form == "json":
        screen.text(json.dumps(_json(found), indent=1, ensure_ascii=False) + "\n")
    else:
        screen.lines(list(_lines(found)))
    return PASSED


def _graph(where: Where, start: Path, paths: tuple[str, ...]) -> Graph:
    checker = Checker(where.jail)
    quotes: list[Quote] = []
    for path in where.documents(start, paths):
        data = read_text(where.root / path, path).data
        if MARK in data:
            includes, _ = checker.check(data, path)
            quotes += [
                Quote(path, one.line, (where.jail.mapped(one.source), one.anchor), one.state) for one in includes
            ]
    sources = sorted({quote.node[0] for quote in quotes})
    return graph(quotes, (section for source in sources for section in _sections(where, source)))


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


def _json(found: Graph) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "quotes": [
            {"path": one.path, "line": one.line, "source": one.node[0], "anchor": one.node[1], "state": one.state}
            for one in found.quotes
        ],
        "orphans": [_authored(one) for one in found.orphans],
        "twins": [[_authored(one) for one in group] for group in found.twins],
        "repeated": [[{"path": one.path, "line": one.line} for one in group] for group in found.repeated],
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
