"""The values of a survey: what was found in a repository, where, and what could not be decided."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Tree:
    """A repository to look at: the text of a file or None, and the names in a folder, folders ending in a slash."""

    read: Callable[[str], str | None]
    names: Callable[[str], tuple[str, ...]]

    def has(self, path: str) -> bool:
        """Whether a file or folder is there."""
        folder, _, name = path.rstrip("/").rpartition("/")
        return any(one in {name, f"{name}/"} for one in self.names(folder))

    def json(self, path: str) -> dict[str, Any]:
        """The mapping that a JSON file holds; empty where it holds none."""
        try:
            value = json.loads(self.read(path) or "{}")
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def toml(self, path: str) -> dict[str, Any]:
        """The mapping that a TOML file holds; empty where it is none."""
        try:
            return tomllib.loads(self.read(path) or "")
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}


@dataclass(frozen=True, slots=True)
class Found:
    """A suite: its id, kind and settings as lines of YAML, and where it was seen."""

    id: str
    lines: tuple[str, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What a repository shows of itself. `layers` are names with patterns; `undecided` says what to decide and how."""

    project: str
    plan: str
    phases: int
    manifest: bool
    standards: tuple[str, ...]
    waivers: str
    layers: tuple[tuple[str, tuple[str, ...]], ...]
    minimum: str
    minimum_origin: str
    suites: tuple[Found, ...]
    undecided: tuple[str, ...]
