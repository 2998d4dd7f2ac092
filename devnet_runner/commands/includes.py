"""`devnet-run includes check`: the quoted text of documents, alone."""

from __future__ import annotations

import json
import os
from itertools import chain
from typing import TYPE_CHECKING, Any

from devnet_runner.commands.refusal import refuse, rooted
from devnet_runner.errors import DevnetError, InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import DRIFT, Jail, check_files, documents
from devnet_runner.record import finding_json
from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.reports.plan import include_json
from devnet_runner.screen import Screen
from devnet_runner.settings import Settings, find_root, load
from devnet_runner.terminal import visible
from devnet_runner.verdict import BLOCKED, PASSED, WRONG_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devnet_runner.includes.walk import Checked


def command(*, start: Path, environ: Mapping[str, str], paths: tuple[str, ...], form: str) -> int:
    """Check includes; 0 where all verify, 1 where some have drifted, 2 where a marker or a document is wrong."""
    screen = Screen.of(environ)
    try:
        checked = _checked(start, paths, listed=form == "json")
        return _json(screen, checked) if form == "json" else _text(screen, checked)
    except DevnetError as error:
        return refuse(screen, error, form, "")


def _checked(start: Path, paths: tuple[str, ...], *, listed: bool) -> Iterator[Checked]:
    """The documents, checked as they are asked for. Raises InputError where there is none: nothing is no proof."""
    root = find_root(start) if paths else rooted(start)
    settings = load(root) if root is not None else Settings()
    wanted = [start / path for path in paths] or [(root or start) / settings.plan]
    names = paths or (settings.plan,)
    for name, path in zip(names, wanted, strict=True):
        # A name that is too long is none either: pathlib would raise.
        if not os.path.exists(path):  # noqa: PTH110
            raise InputError(Finding("path-missing", Place(name), "there is no such file or folder", "check the path"))
    checked = check_files(documents(wanted), Jail(root or start, settings.include_paths), listed=listed)
    first = next(checked, None)
    if first is None:
        what, fix = "there is no Markdown document here", "name a document, or a folder that holds some"
        raise InputError(Finding("path-missing", Place(names[0]), what, fix))
    return chain((first,), checked)


def _text(screen: Screen, checked: Iterator[Checked]) -> int:
    files = includes = verified = 0
    kinds: set[str] = set()
    for one in checked:
        files += 1
        includes += one.count
        verified += one.verified
        kinds |= {finding.id for finding in one.findings if finding.blocking}
        if one.findings:
            screen.lines([_fault(finding) for finding in one.findings])
    screen.lines(
        [row("includes", f"{verified} of {includes} verified in {files} documents", "bad" if kinds else "good")]
    )
    return _exit_code(kinds)


def _fault(finding: Finding) -> Line:
    return line(Piece(str(finding.where), "strong"), f": {visible(finding.what)}; {visible(finding.fix)}")


def _json(screen: Screen, checked: Iterator[Checked]) -> int:
    """Write each document when it has been checked, so that memory does not grow with their number."""
    kinds: set[str] = set()
    screen.text('{"format": "devnet-includes/1", "documents": [')
    before = "\n"
    for one in checked:
        kinds |= {finding.id for finding in one.findings if finding.blocking}
        screen.text(before + json.dumps(_value(one), ensure_ascii=False))
        before = ",\n"
    screen.text(f'\n], "exit_code": {_exit_code(kinds)}}}\n')
    return _exit_code(kinds)


def _value(one: Checked) -> dict[str, Any]:
    return {
        "path": one.path,
        "includes": [include_json(include) for include in one.includes],
        "findings": [finding_json(finding) for finding in one.findings],
    }


def _exit_code(kinds: set[str]) -> int:
    if kinds - DRIFT:
        return WRONG_INPUT
    return BLOCKED if kinds else PASSED
