"""Reads the files of a folder; each that cannot be used is one message with its place and its cure."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TypeVar

from infra_adapters.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

MARK = "\ufeff"
RESTORE = "restore it from version control, or generate it again with drizzle-kit"

Kind = TypeVar("Kind", str, int, dict, list)  # type: ignore[type-arg]
NAMES = {str: "a text", int: "a whole number", dict: "an object", list: "a list"}


def read_text(path: Path) -> str:
    """A file as text, its line ends as they are. Raises InvalidRequest where it is missing, or no text for a server."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InvalidRequest(f"{path}: the file is missing; {RESTORE}") from None
    except OSError as error:
        raise InvalidRequest(f"{path}: the file cannot be read ({error.strerror}); {RESTORE}") from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidRequest(f"{path}, line {line}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    if text.startswith(MARK):
        raise InvalidRequest(f"{path}, line 1: it begins with a byte order mark; save the file as UTF-8 without one")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidRequest(f"{path}, line {line}: it holds a NUL character, which the server refuses; remove it")
    return text


def read_json(path: Path) -> dict[str, object]:
    """A JSON file that holds an object. Raises InvalidRequest."""
    text = read_text(path)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{path}, line {error.lineno}, column {error.colno}"
        raise InvalidRequest(f"{place}: this is not JSON ({error.msg}); {RESTORE}") from None
    except RecursionError:
        raise InvalidRequest(f"{path}: this is nested too deeply; {RESTORE}") from None
    if not isinstance(value, dict):
        raise InvalidRequest(f"{path}: it holds no JSON object; {RESTORE}")
    return value


def member(place: str, value: object, name: str, kind: type[Kind]) -> Kind:
    """A member of an object that must be of a kind. Raises InvalidRequest."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind) or isinstance(found, bool):
        raise InvalidRequest(f"{place}: `{name}` is not {NAMES[kind]}; {RESTORE}")
    return found


def sha256(text: str) -> str:
    """The hash that Drizzle writes down for a file."""
    return hashlib.sha256(text.encode()).hexdigest()
