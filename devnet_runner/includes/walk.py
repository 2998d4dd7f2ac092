"""Checking many documents: one at a time, so that memory does not grow with their number."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.includes.check import Checker, Include
from devnet_runner.text import MAX_BYTES, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devnet_runner.findings import Finding
    from devnet_runner.includes.jail import Jail

SKIPPED = {".git", ".hg", ".venv", "node_modules", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Checked:
    """One document that was checked."""

    path: str
    includes: tuple[Include, ...]
    findings: tuple[Finding, ...]


def documents(paths: Iterable[Path]) -> Iterator[Path]:
    """The Markdown files that paths name: files as they are, folders with everything below them, in order."""
    for path in paths:
        if path.is_dir():
            yield from _below(path)
        else:
            yield path


def _below(folder: Path) -> Iterator[Path]:
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(files):
            if name.endswith((".md", ".markdown")):
                yield Path(base, name)


def check_files(files: Iterable[Path], jail: Jail) -> Iterator[Checked]:
    """Check files one after the other; what cannot be read is a finding of that file."""
    checker = Checker(jail)
    for file in files:
        path = str(file.relative_to(jail.root)) if file.is_relative_to(jail.root) else str(file)
        try:
            yield Checked(path, *checker.check(_bytes(file, path), path))
        except InputError as error:
            yield Checked(path, (), error.findings)


def _bytes(file: Path, path: str) -> bytes:
    """The bytes of a document; those without markers need no decoding."""
    try:
        if file.stat().st_size <= MAX_BYTES and file.is_file():
            data = file.read_bytes()
            if b"\0" not in data and data[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
                return data
    except OSError:
        pass
    return read_text(file, path).data
