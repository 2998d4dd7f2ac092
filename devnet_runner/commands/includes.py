"""`devnet-run includes check`: the quoted text of documents, alone."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from devnet_runner import settings
from devnet_runner.commands.includes_cache import store
from devnet_runner.commands.refusal import refuse
from devnet_runner.errors import BLOCKED, PASSED, WRONG_INPUT, DevnetError, InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import DRIFT, EMPTY, Again, Jail, check_files, documents, top_of
from devnet_runner.reports.includes import editor_lines, fault_lines
from devnet_runner.reports.lines import row
from devnet_runner.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devnet_runner.commands.includes_cache import Store
    from devnet_runner.includes import Checked


@dataclass(slots=True)
class Counts:
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
        root = root_of(start)
        checked = checked_documents(start, root, paths, kept=environ if cache and not paths else None)
        return _editor(screen, checked, _above(root, start)) if form == "editor" else _text(screen, checked)
    except DevnetError as error:
        return refuse(screen, error, form, "")


def root_of(start: Path) -> Path:
    """The project around a folder, else the repository; the folder itself where there is neither."""
    return settings.find_root(start) or top_of(start) or start


def checked_documents(
    start: Path, root: Path, paths: tuple[str, ...], *, kept: Mapping[str, str] | None = None, listed: bool = False
) -> Iterator[Checked]:
    """The documents, checked as they are asked for; `kept` is the environment, where the last check counts.

    Raises InputError where there is none: nothing is no proof.
    """
    # Reading YAML takes as long as checking a thousand documents, and the path map alone is of use here.
    jail = Jail(root, settings.load(root).include_paths if settings.mentions(root, b"include") else ())
    if kept is None:
        checked = check_files(documents(_existing(start, paths) or [root]), jail, listed=listed)
    else:
        checked = _again(jail, store(jail, kept, project=settings.find_root(start) is not None))
    first = next(checked, None)
    if first is None:
        what, fix = "there is no Markdown document here", "name a document, or a folder that holds some"
        raise InputError(Finding("path-missing", Place((*paths, ".")[0]), what, fix))
    return chain((first,), checked)


def _existing(start: Path, paths: tuple[str, ...]) -> list[Path]:
    for path in paths:
        # A name that is too long is none either: pathlib would raise.
        if not os.path.exists(start / path):  # noqa: PTH110
            raise InputError(Finding("path-missing", Place(path), "there is no such file or folder", "check the path"))
    return [start / path for path in paths]


def _again(jail: Jail, place: Store | None) -> Iterator[Checked]:
    """Everything below the root, and what was found kept for the next time."""
    before = place.load() if place else EMPTY
    again = Again(jail, before)
    yield from again.check()
    kept = again.kept()
    if place and kept != before:
        place.save(kept)


def _above(root: Path, start: Path) -> str:
    """The way from the working directory to the root, for paths that an editor opens from there."""
    way = os.path.relpath(root, start)
    return "" if way == "." else f"{way}/"


def _text(screen: Screen, checked: Iterator[Checked]) -> int:
    counts = Counts()
    for one in checked:
        counts.add(one)
        if one.findings:
            screen.lines(fault_lines(one))
    said = f"{counts.verified} of {counts.includes} verified in {counts.documents} documents"
    screen.lines([row("includes", said, "bad" if counts.kinds else "good")])
    return counts.exit_code


def _editor(screen: Screen, checked: Iterator[Checked], above: str) -> int:
    counts = Counts()
    for one in checked:
        counts.add(one)
        if one.findings:
            screen.lines(editor_lines(one, above))
    return counts.exit_code
