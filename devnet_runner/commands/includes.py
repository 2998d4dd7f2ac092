"""`devnet-run includes check`: the quoted text of documents, alone."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from devnet_runner.commands.includes_cache import store
from devnet_runner.commands.refusal import refuse
from devnet_runner.errors import DevnetError, InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import DRIFT, EMPTY, Again, Jail, check_files, documents, top_of
from devnet_runner.reports.includes import document_json, editor_lines, fault_lines
from devnet_runner.reports.lines import row
from devnet_runner.screen import Screen
from devnet_runner.settings import Settings, find_root, load
from devnet_runner.verdict import BLOCKED, PASSED, WRONG_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devnet_runner.commands.includes_cache import Store
    from devnet_runner.includes import Checked


@dataclass(slots=True)
class _Counts:
    """What was checked so far; `kinds` are the ids of findings that block."""

    documents: int = 0
    includes: int = 0
    verified: int = 0
    kinds: set[str] = field(default_factory=set)

    def add(self, one: Checked) -> None:
        """Count a document."""
        self.documents += one.documents
        self.includes += one.count
        self.verified += one.verified
        self.kinds |= {finding.id for finding in one.findings if finding.blocking}

    @property
    def exit_code(self) -> int:
        """0 where all verify, 1 where some have drifted, 2 where a marker or a document is wrong."""
        if self.kinds - DRIFT:
            return WRONG_INPUT
        return BLOCKED if self.kinds else PASSED


def command(*, start: Path, environ: Mapping[str, str], paths: tuple[str, ...], form: str, cache: bool = True) -> int:
    """Check includes; 0 where all verify, 1 where some have drifted, 2 where a marker or a document is wrong."""
    screen = Screen.of(environ)
    try:
        root = find_root(start) or top_of(start) or start
        # JSON names every include, which takes reading every document.
        kept = environ if cache and not paths and form != "json" else None
        checked = _first(_checked(start, root, paths, kept=kept, listed=form == "json"), paths)
        if form == "json":
            return _json(screen, checked)
        return _editor(screen, checked, _above(root, start)) if form == "editor" else _text(screen, checked)
    except DevnetError as error:
        return refuse(screen, error, form, "")


def _checked(
    start: Path, root: Path, paths: tuple[str, ...], *, kept: Mapping[str, str] | None, listed: bool
) -> Iterator[Checked]:
    """The documents, checked as they are asked for; `kept` is the environment, where the last check counts."""
    project = find_root(start) is not None
    jail = Jail(root, (load(root) if project else Settings()).include_paths)
    if kept is not None:
        yield from _again(jail, store(jail, kept, project=project))
        return
    for path in paths:
        # A name that is too long is none either: pathlib would raise.
        if not os.path.exists(start / path):  # noqa: PTH110
            raise InputError(Finding("path-missing", Place(path), "there is no such file or folder", "check the path"))
    yield from check_files(documents([start / path for path in paths] or [root]), jail, listed=listed)


def _again(jail: Jail, place: Store | None) -> Iterator[Checked]:
    """Everything below the root, and what was found kept for the next time."""
    before = place.load() if place else EMPTY
    again = Again(jail, before)
    yield from again.check()
    kept = again.kept()
    if place and kept != before:
        place.save(kept)


def _first(checked: Iterator[Checked], paths: tuple[str, ...]) -> Iterator[Checked]:
    """The same documents. Raises InputError where there is none: nothing is no proof."""
    first = next(checked, None)
    if first is None:
        what, fix = "there is no Markdown document here", "name a document, or a folder that holds some"
        raise InputError(Finding("path-missing", Place((*paths, ".")[0]), what, fix))
    return chain((first,), checked)


def _above(root: Path, start: Path) -> str:
    """The way from the working directory to the root, for paths that an editor opens from there."""
    way = os.path.relpath(root, start)
    return "" if way == "." else f"{way}/"


def _text(screen: Screen, checked: Iterator[Checked]) -> int:
    counts = _Counts()
    for one in checked:
        counts.add(one)
        if one.findings:
            screen.lines(fault_lines(one))
    said = f"{counts.verified} of {counts.includes} verified in {counts.documents} documents"
    screen.lines([row("includes", said, "bad" if counts.kinds else "good")])
    return counts.exit_code


def _editor(screen: Screen, checked: Iterator[Checked], above: str) -> int:
    counts = _Counts()
    for one in checked:
        counts.add(one)
        if one.findings:
            screen.lines(editor_lines(one, above))
    return counts.exit_code


def _json(screen: Screen, checked: Iterator[Checked]) -> int:
    """Write each document when it has been checked, so that memory does not grow with their number."""
    counts = _Counts()
    screen.text('{"format": "devnet-includes/1", "documents": [')
    before = "\n"
    for one in checked:
        counts.add(one)
        screen.text(before + json.dumps(document_json(one), ensure_ascii=False))
        before = ",\n"
    screen.text(f'\n], "exit_code": {counts.exit_code}}}\n')
    return counts.exit_code
