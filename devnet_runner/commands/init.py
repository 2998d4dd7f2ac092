"""`devnet-run init`: look at a repository, and write settings for it that work at once."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.commands.refusal import refuse
from devnet_runner.commands.standards_choice import reader
from devnet_runner.errors import PASSED, DevnetError, InputError
from devnet_runner.files import File, write_all
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import top_of
from devnet_runner.plan_tree import candidates
from devnet_runner.reports.lines import row
from devnet_runner.screen import Screen
from devnet_runner.settings import read_settings
from devnet_runner.settings.find import NAME, find_root
from devnet_runner.survey import Tree, look, render
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    lines = [row("written", visible(str(root / NAME)), "good")]
    lines += [row("decide", visible(one), "warn") for one in survey.undecided]
    screen.lines([*lines, row("next", _next(root, survey.plan), "strong")])
    return PASSED


def _next(root: Path, plan: str) -> str:
    """The next command: to look at the first phase whose document is there, else at the machine."""
    try:
        first = next((one.name for one in candidates(root, plan) if (root / one.path).is_file()), "")
    except DevnetError:
        # A manifest that cannot be used: doctor tells of it.
        first = ""
    return f"devnet-run plan {first}" if first else "devnet-run doctor"


def _refuse_existing(root: Path) -> None:
    if os.path.lexists(root / NAME):
        what = "it is there already, and is left as it is"
        fix = "compare it with `devnet-run init --dry-run`, or move it away"
        raise InputError(Finding("settings-exist", Place(NAME), what, fix))


def tree(root: Path) -> Tree:
    """A repository to look at: what lies out of it, is too large or is no text is not there."""
    base = os.path.realpath(root)

    @cache
    def names(path: str) -> tuple[str, ...]:
        try:
            if not _below(root / path, base):
                return ()
            with os.scandir(root / path) as entries:
                return tuple(sorted(_name(one) for one in entries if one.name.isprintable() and _kept(one, base)))
        except (OSError, ValueError):
            return ()

    return Tree(reader(root), names)


def _name(entry: os.DirEntry[str]) -> str:
    return f"{entry.name}/" if entry.is_dir() else entry.name


def _kept(entry: os.DirEntry[str], base: str) -> bool:
    return not entry.is_symlink() or _below(Path(entry.path), base)


def _below(path: Path, base: str) -> bool:
    """Whether a path is in the repository, links followed."""
    return Path(os.path.realpath(path)).is_relative_to(base)
