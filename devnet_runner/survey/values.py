"""The values of a survey: what was found in a repository, where, and what could not be decided."""

from __future__ import annotations

import configparser
import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = {"true", "false", "yes", "no", "on", "off", "null"}


@dataclass(frozen=True, slots=True)
class Tree:
    """A repository to look at: the text of a file or None, and the names in a folder, folders ending in a slash."""

    read: Callable[[str], str | None]
    names: Callable[[str], tuple[str, ...]]

    def file(self, path: str) -> bool:
        """Whether a file is there."""
        folder, _, name = path.rpartition("/")
        return name in self.names(folder)

    def folder(self, path: str) -> bool:
        """Whether a folder is there."""
        folder, _, name = path.rpartition("/")
        return f"{name}/" in self.names(folder)

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

    def ini(self, path: str, section: str) -> dict[str, str]:
        """The options of a section of an INI file; empty where it has none."""
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(self.read(path) or "")
            return dict(parser[section]) if parser.has_section(section) else {}
        except configparser.Error:
            return {}


@dataclass(frozen=True, slots=True)
class Found:
    """A suite: its id, kind and settings as lines of YAML, where it was seen, and what is left to decide of it."""

    id: str
    lines: tuple[str, ...]
    origin: str
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Minimum:
    """The coverage in percent that the project's own tools ask for, and where; `undecided` where they disagree."""

    percent: str = ""
    origin: str = ""
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """What a repository shows of itself. `layers` are names with patterns; `undecided` says what to decide and how."""

    project: str
    plan: str
    phases: int
    manifest: bool
    standards: tuple[str, ...]
    waivers: str
    include_paths: tuple[tuple[str, str], ...]
    layers: tuple[tuple[str, tuple[str, ...]], ...]
    minimum: Minimum
    suites: tuple[Found, ...]
    undecided: tuple[str, ...]


def table(value: object, *keys: str) -> dict[str, Any]:
    """The mapping below keys of nested mappings; empty where there is none, whatever stands there instead."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def quoted(text: str) -> str:
    """A text as YAML takes it for a text; only printable characters may be in it."""
    plain = text.replace("-", "").replace("_", "").replace("/", "").replace(".", "").isalnum()
    return text if plain and text[0].isalpha() and text.lower() not in WORDS else "'" + text.replace("'", "''") + "'"
