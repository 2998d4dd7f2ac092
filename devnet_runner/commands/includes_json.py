"""`devnet-run includes check --format json`: every include with its state, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from devnet_runner.commands.includes import Counts, checked_documents, root_of
from devnet_runner.commands.refusal import refuse
from devnet_runner.errors import DevnetError
from devnet_runner.reports.includes_json import document_json
from devnet_runner.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devnet_runner.includes import Checked


def command(*, start: Path, environ: Mapping[str, str], paths: tuple[str, ...], form: str, cache: bool = True) -> int:
    """Check includes as the text form does; `cache` is no help here, as every include is named."""
    del cache
    screen = Screen.of(environ)
    try:
        return _json(screen, checked_documents(start, root_of(start), paths, listed=True))
    except DevnetError as error:
        return refuse(screen, error, form, "")


def _json(screen: Screen, checked: Iterator[Checked]) -> int:
    """Write each document when it has been checked, so that memory does not grow with their number."""
    counts = Counts()
    screen.text('{"format": "devnet-includes/1", "documents": [')
    before = "\n"
    for one in checked:
        counts.add(one)
        screen.text(before + json.dumps(document_json(one), ensure_ascii=False))
        before = ",\n"
    screen.text(f'\n], "exit_code": {counts.exit_code}}}\n')
    return counts.exit_code
