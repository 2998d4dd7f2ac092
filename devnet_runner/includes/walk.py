"""Checking many documents: one at a time, so that memory does not grow with their number."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes.check import Checker, Include
from devnet_runner.includes.drift import VERIFIED
from devnet_runner.includes.tree import folders
from devnet_runner.text import read_regular, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from devnet_runner.includes.jail import Jail

NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Checked:
    """One document that was checked: how many includes it has, and how many of them verify.

    `includes` are listed only where they were asked for, or where there is a finding. `sources` are the paths that it
    quotes, as written. One value may stand for several `documents` of a folder, where all of them verify.
    """

    path: str
    count: int
    verified: int
    includes: tuple[Include, ...] = ()
    findings: tuple[Finding, ...] = ()
    documents: int = 1
    sources: frozenset[str] = frozenset()


def documents(paths: Iterable[Path]) -> Iterator[str]:
    """The Markdown files that paths name: files as they are, folders with everything below them, in order.

    Raises InputError for a folder that cannot be listed: what is in it would count as verified.
    """
    for path in paths:
        if path.is_dir():
            yield from _below(path)
        else:
            yield os.fspath(path)


def _below(folder: Path) -> Iterator[str]:
    errors: list[OSError] = []
    for one in folders(folder, errors):
        yield from (entry.path for entry in one.documents)
    if errors:
        raise InputError([unlisted(error) for error in errors])


def unlisted(error: OSError) -> Finding:
    """The finding about a folder that cannot be listed: what is in it would count as verified."""
    what = f"the folder cannot be listed ({error.strerror})"
    return Finding("path-missing", Place(str(error.filename)), what, "make it readable")


def check_files(files: Iterable[str], jail: Jail, *, listed: bool = True) -> Iterator[Checked]:
    """Check files one after the other; what cannot be read is a finding of that file.

    With `listed` every include is a value of its own, which takes about three times as long.
    """
    checker = Checker(jail)
    start = os.path.join(jail.root, "")  # noqa: PTH118
    try:
        for file in files:
            yield checked_file(checker, file, file.removeprefix(start), listed=listed)
    except InputError as error:
        yield Checked(error.findings[0].where.path, 0, 0, (), error.findings)


def checked_file(checker: Checker, file: str, path: str, *, listed: bool) -> Checked:
    """One file, checked; `path` is how it is named. What cannot be read is a finding."""
    try:
        return _check(checker, file, path, listed=listed)
    except InputError as error:
        return Checked(path, 0, 0, (), error.findings)


def _check(checker: Checker, file: str, path: str, *, listed: bool) -> Checked:
    data = _bytes(file, path)
    known = None if listed else checker.known.quoted(data)
    if known is not None:
        return Checked(path, len(known), len(known), sources=frozenset(known))
    includes, findings = checker.check(data, path)
    verified = sum(one.state == VERIFIED for one in includes)
    sources = frozenset(one.source for one in includes)
    return Checked(path, len(includes), verified, includes, findings, sources=sources)


def _bytes(file: str, path: str) -> bytes:
    """The bytes of a document. Raises InputError, which says why, where they cannot be had."""
    try:
        return read_regular(file, flags=NO_LINK)
    except (OSError, ValueError):
        _refuse_link(file, path)
        return read_text(file, path).data


def _refuse_link(file: str, path: str) -> None:
    """Raise InputError for a link below the root that leads out of it; `path` is absolute for other files."""
    root = os.path.realpath(file.removesuffix(path)) if file != path else ""
    real = os.path.realpath(file)
    if root and os.path.commonpath((root, real)) != root:
        what = f"the document cannot be used: it leaves the repository through a link, to {real}"
        raise InputError(Finding("document-unreadable", Place(path), what, "name a document of this project"))
