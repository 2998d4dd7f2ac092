"""`devnet-run init`: look at a repository, and write settings for it that work at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from devnet_runner.commands.refusal import refuse
from devnet_runner.commands.standards_choice import reader
from devnet_runner.errors import PASSED, DevnetError, InputError
from devnet_runner.files import File, write_all
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import top_of
from devnet_runner.reports.lines import row
from devnet_runner.screen import Screen
from devnet_runner.settings import read_settings
from devnet_runner.settings.find import NAME, find_root
from devnet_runner.survey import Tree, look, render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def command(*, start: Path, environ: Mapping[str, str], dry_run: bool) -> int:
    """Write `devnet.yaml`, or show it; one that is there is never touched."""
    screen = Screen.of(environ)
    try:
        root = find_root(start) or top_of(start) or start
        survey = look(tree(root), root.name)
        text = render(survey)
        # Settings that the tool itself would refuse must not be written.
        read_settings(text, project=survey.project)
        if dry_run:
            screen.bytes(text.encode())
            return PASSED
        _refuse_existing(root)
        write_all((File(root / NAME, text.encode(), None),), root)
    except DevnetError as error:
        return refuse(screen, error, "text", "")
    lines = [row("written", str(root / NAME), "good")]
    lines += [row("decide", one, "warn") for one in survey.undecided]
    following = "devnet-run plan phase-1" if survey.phases else "devnet-run doctor"
    screen.lines([*lines, row("next", following, "strong")])
    return PASSED


def _refuse_existing(root: Path) -> None:
    if os.path.lexists(root / NAME):
        what = "it is there already, and is left as it is"
        fix = "compare it with `devnet-run init --dry-run`, or move it away"
        raise InputError(Finding("settings-exist", Place(NAME), what, fix))


def tree(root: Path) -> Tree:
    """A repository to look at: what lies out of it, is too large or is no text is not there."""

    def names(path: str) -> tuple[str, ...]:
        try:
            with os.scandir(root / path) as entries:
                return tuple(sorted(f"{one.name}/" if one.is_dir() else one.name for one in entries))
        except OSError:
            return ()

    return Tree(reader(root), names)
