"""Choosing standards: all that there are, those that a phase needs, or those that paths name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from devnet_runner.commands.home import STANDARDS
from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import Jail, documents
from devnet_runner.includes.jail import Refused
from devnet_runner.settings.standards import ALL, ROUTED
from devnet_runner.standards.routing import mentioned, route
from devnet_runner.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from devnet_runner.phase import Phase
    from devnet_runner.settings import Settings

PARTS = ("<verif", "</verif", "<test ")
"""What stands in a document that means to hold tests, also where their block is misspelt."""


def of_phase(root: Path, settings: Settings, phase: Phase) -> tuple[str, ...]:
    """The standards that settings, or else the phase's own references and the dispatchers, choose for a phase."""
    chosen = settings.standards.phases.get(phase.number, (ROUTED,))
    if chosen == (ALL,):
        return every_standard(root, settings)
    if chosen != (ROUTED,):
        return named(root, root, [path for path in chosen if (root / path).exists()])
    known = every_standard(root, settings)
    read, dispatcher = reader(root), dispatcher_of(root, settings)
    words = "\n".join([phase.title, *(step.title for step in phase.steps), *_tasks(phase)])
    routed = [one.path for one in route(dispatcher, words, read)] if dispatcher else []
    direct = mentioned(read(phase.path) or "", phase.path, known)
    return tuple(dict.fromkeys((*[path for path in routed if path in known], *direct)))


def _tasks(phase: Phase) -> Iterator[str]:
    """What the steps of a phase ask to be made."""
    for step in phase.steps:
        yield from (one.text for one in step.deliverables)


def every_standard(root: Path, settings: Settings) -> tuple[str, ...]:
    """Every document of the standards folders that means to hold verification blocks, in order."""
    contents = ((path, _known(root, path).lower()) for path in every_document(root, settings))
    return tuple(path for path, content in contents if any(part in content for part in PARTS))


def every_document(root: Path, settings: Settings) -> tuple[str, ...]:
    """Every document of the standards folders, in order."""
    found = documents([root / folder for folder in folders(root, settings) if (root / folder).exists()])
    return tuple(os.path.relpath(path, root) for path in found)


def folders(root: Path, settings: Settings) -> tuple[str, ...]:
    """The folders of standards: those of the settings, or the usual ones that are there."""
    return settings.standards.folders or tuple(folder for folder in STANDARDS if (root / folder).is_dir())


def dispatcher_of(root: Path, settings: Settings) -> str:
    """The root dispatcher, empty where there is none."""
    usual = (f"{folder}/standards.md" for folder in folders(root, settings))
    return next((path for path in (settings.standards.dispatcher, *usual) if path and (root / path).is_file()), "")


def named(root: Path, start: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """The documents that paths mean, from `start`, as paths below the root. Raises InputError for what is not there."""
    wanted = []
    for path in paths:
        # A name that is too long is none either: pathlib would raise.
        if not os.path.exists(start / path):  # noqa: PTH110
            raise InputError(Finding("path-missing", Place(path), "there is no such file or folder", "check the path"))
        wanted.append(start / path)
    return tuple(os.path.relpath(path, root) for path in documents(wanted))


def _known(root: Path, path: str) -> str:
    """What a document holds; one that cannot be read counts as one with tests, so that it is told and not left out."""
    try:
        return text_of(root, path)
    except InputError:
        return PARTS[0]


def text_of(root: Path, path: str) -> str:
    """The text of a document below the root. Raises InputError for what is no text, or leads out of the root."""
    try:
        return decode(Jail(root).read(path), path).content
    except (OSError, Refused) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        what, fix = f"the document cannot be used: {why}", "name a Markdown document of this project, below 5 MB"
        raise InputError(Finding("document-unreadable", Place(path), what, fix)) from error


def reader(root: Path) -> Callable[[str], str | None]:
    """Reads texts below the root; what is not there, leads out of it or is no text, is none."""
    jail = Jail(root)

    def read(path: str) -> str | None:
        try:
            return decode(jail.read(path), path).content
        except (OSError, Refused, InputError, ValueError):
            return None

    return read
