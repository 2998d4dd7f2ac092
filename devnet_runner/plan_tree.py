"""The phase documents of a project: from `phase-3`, `3` or a path to the one document that is meant."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from posixpath import normpath
from typing import Any

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place

NUMBER = re.compile(r"phase-([a-z]?\d+|[a-z])(?![a-z0-9])", re.IGNORECASE)
MANIFEST = "devnet-plan/manifest.json"
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phase document: its number and its path below the root."""

    number: str
    path: str

    @property
    def name(self) -> str:
        """How a command names it."""
        return f"phase-{self.number}"


def find_document(target: str, root: Path, plan: str, start: Path) -> str:
    """The path below `root` of the document that `target` means: a file from `start`, or a phase of the plan.

    Raises InputError for an unknown phase (with the nearest names), an ambiguous one, and a file outside of the root.
    """
    given = Path(target)
    if given.suffix in {".md", ".markdown", ".txt"} or "/" in target:
        return _file(start / given, root, target)
    known = candidates(root, plan)
    number = target.lower().removeprefix("phase").strip("- ")
    number = str(int(number)) if number.isdecimal() and len(number) < 5 else number
    found = [one for one in known if number in {one.number, _stem(one.path)}]
    if len(found) == 1:
        _file(root / found[0].path, root, found[0].path)
        return found[0].path
    if found:
        paths = ", ".join(one.path for one in found)
        raise _unknown(target, f"'{target}' may mean {paths}", "name the file")
    raise _unknown(target, f"there is no phase '{target}'", _known(target, known, plan))


def _file(path: Path, root: Path, target: str) -> str:
    try:
        real, base = path.resolve(), root.resolve()
        near = None if real.exists() else get_close_matches(path.name, _names(path.parent), n=3)
    except (OSError, ValueError, RuntimeError) as error:
        # A name that is too long, a loop of links, a folder that may not be read.
        why = getattr(error, "strerror", None) or str(error)
        raise _unknown(target, f"'{target}' cannot be looked at ({why})", "check the path") from error
    if not real.is_relative_to(base):
        raise _unknown(target, f"'{target}' is outside of {root}", "name a document of this project, or go to its own")
    if near is not None:
        fix = f"did you mean {', '.join(near)}?" if near else "check the path"
        raise _unknown(target, f"'{target}' does not exist", fix)
    return str(real.relative_to(base))


def _names(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()] if folder.is_dir() else []


def _known(target: str, known: tuple[Candidate, ...], plan: str) -> str:
    names = [one.name for one in known]
    if not names:
        return f"the folder {plan}/ holds no phase-N-title.md: write one, or set `plan:` in devnet.yaml"
    near = get_close_matches(target.lower(), [*names, "plan", "status", "includes"], n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else f"known phases: {', '.join(names)}"


def _unknown(target: str, what: str, fix: str) -> InputError:
    return InputError(Finding("phase-unknown", Place(target), what, fix))


def candidates(root: Path, plan: str) -> tuple[Candidate, ...]:
    """Every phase document of a project, by number: those that a manifest names, and others of the plan's folder."""
    found = {
        str(path.relative_to(root)): NUMBER.match(path.name)
        for path in sorted((root / plan).glob("phase-*.md"))
        if path.is_file()
    }
    named = _manifest(root)
    taken = set(named.values())
    numbered = {path: match[1].lower() for path, match in found.items() if match and match[1].lower() not in taken}
    return tuple(sorted((Candidate(number, path) for path, number in (numbered | named).items()), key=_order))


def _stem(path: str) -> str:
    return Path(path).stem.lower().removeprefix("phase-")


def _order(one: Candidate) -> tuple[int, str, str]:
    return (int(one.number) if one.number.isdigit() else 10_000, one.number, one.path)


def _manifest(root: Path) -> dict[str, str]:
    """Paths and numbers out of the manifest. Raises InputError where it cannot be used."""
    path = root / MANIFEST
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it passes 1 MB")
        phases: list[dict[str, Any]] = json.loads(path.read_bytes())["phases"]
        return {normpath(str(one["path"])): str(one["id"]).lower().removeprefix("phase-") for one in phases}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"the manifest cannot be used ({type(error).__name__}: {error})"
        fault = Finding("manifest-wrong", Place(MANIFEST), what, "give each of `phases` an `id` and a `path`")
        raise InputError(fault) from error
