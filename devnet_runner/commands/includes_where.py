"""Where the verbs of includes look: the project's root, its jail, and the documents that are meant."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import Jail, documents, top_of
from devnet_runner.settings import Settings, find_root, load
from devnet_runner.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Where:
    """A project's root, what may be read there, and the settings."""

    root: Path
    jail: Jail
    settings: Settings

    @classmethod
    def of(cls, start: Path) -> Where:
        """The project around a folder, else the repository; the folder itself where there is neither."""
        root = find_root(start) or top_of(start) or start
        settings = load(root) if find_root(start) is not None else Settings()
        return cls(root, Jail(root, settings.include_paths), settings)

    def documents(self, start: Path, paths: tuple[str, ...]) -> Iterator[str]:
        """The documents that paths mean, below the root; the whole project's without any.

        Raises InputError for a path that is not there or leads out of the project.
        """
        for path in paths:
            # A name that is too long is none either: pathlib would raise.
            if not os.path.exists(start / path):  # noqa: PTH110
                fault = Finding("path-missing", Place(path), "there is no such file or folder", "check the path")
                raise InputError(fault)
        for file in documents([start / path for path in paths] or [self.root]):
            yield self.named(file)

    def read(self, path: str) -> bytes:
        """The bytes of a document by its path below the root.

        Raises InputError for what is no text, or leads out of the project through a link.
        """
        real = os.path.realpath(self.root / path)
        if os.path.commonpath((os.path.realpath(self.root), real)) != os.path.realpath(self.root):
            what = f"the document cannot be used: it leaves the repository through a link, to {real}"
            raise InputError(Finding("document-unreadable", Place(path), what, "name a document of this project"))
        return read_text(self.root / path, path).data

    def named(self, file: str) -> str:
        """A path below the root. Raises InputError for one out of it."""
        name = os.path.relpath(file, self.root)
        if name == ".." or name.startswith(f"..{os.sep}"):
            what = "the path leads out of the project"
            raise InputError(Finding("path-missing", Place(file), what, f"name a document below {self.root}"))
        return name


def split_source(text: str) -> tuple[str, str]:
    """The path and the anchor of SOURCE#ANCHOR. Raises InputError where one of them is missing."""
    path, sign, anchor = text.partition("#")
    if not (path and sign and anchor):
        what, fix = f"'{text[:80]}' names no section", "write SOURCE#ANCHOR, as in includes/snippets.md#commit-rules"
        raise InputError(Finding("include-anchor-missing", Place(text[:80]), what, fix))
    return path, anchor
