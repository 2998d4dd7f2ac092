"""Walking a folder for its Markdown documents, without what git ignores and without other repositories in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from devnet_runner.includes.ignore import Level, ignored
from devnet_runner.includes.tracked import Tracked

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKDOWN = (".md", ".markdown")
SKIPPED = {".hg", ".venv", "node_modules", "__pycache__"}
GIT, RULES = ".git", ".gitignore"
MAX_RULES = 1_000_000
NOWHERE = Tracked(None)


class Folder(NamedTuple):
    """A folder and the Markdown documents in it, by name."""

    path: str
    documents: list[os.DirEntry[str]]


class _Scope(NamedTuple):
    """What holds for a folder: its path below the top (empty, or ending in a slash), the rules, what is tracked.

    `hidden`: it is ignored itself, so that only what is tracked counts.
    """

    path: str
    levels: tuple[Level, ...]
    tracked: Tracked
    hidden: bool = False


def folders(start: Path, errors: list[OSError]) -> Iterator[Folder]:
    """A folder and all below it that hold documents, each before what is below it; what cannot be listed is added."""
    waiting: list[tuple[str, _Scope]] = [(os.fspath(start), _scope(start))]
    while waiting:
        path, scope = waiting.pop()
        try:
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            errors.append(error)
            continue
        names = {entry.name for entry in entries if entry.name in {GIT, RULES}}
        if GIT in names and path != os.fspath(start):
            if scope.tracked.git is not None:
                continue
            scope = _repository(Path(path), Path(path))
        if RULES in names:
            scope = scope._replace(levels=(*scope.levels, *_level(Path(path), scope.path)))
        documents, below = _sorted(entries, scope)
        if documents:
            yield Folder(path, documents)
        waiting += reversed(below)


def _sorted(entries: list[os.DirEntry[str]], scope: _Scope) -> tuple[list[os.DirEntry[str]], list[tuple[str, _Scope]]]:
    """The documents among the entries of a folder, and the folders to enter."""
    documents = []
    below = []
    rules = scope.hidden or any(level.documents for level in scope.levels)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            inner = _inner(entry.name, scope)
            if inner is not None:
                below.append((entry.path, inner))
        elif entry.name.endswith(MARKDOWN) and not (rules and _left_out(entry.name, scope)) and not _leads_away(entry):
            documents.append(entry)
    return documents, below


def _leads_away(entry: os.DirEntry[str]) -> bool:
    """Whether it is a link to a folder, which is never followed."""
    return entry.is_symlink() and os.path.isdir(entry.path)  # noqa: PTH112


def _left_out(name: str, scope: _Scope) -> bool:
    path = scope.path + name
    if not scope.hidden and not ignored(scope.levels, path, folder=False):
        return False
    return not scope.tracked.holds(path)


def _inner(name: str, scope: _Scope) -> _Scope | None:
    """What holds for a folder inside, or None where it is not entered."""
    if name == GIT:
        return None
    path = scope.path + name
    hidden = scope.hidden or name in SKIPPED or ignored(scope.levels, path, folder=True)
    if hidden and not scope.tracked.below(path):
        return None
    return scope._replace(path=f"{path}/", hidden=hidden)


def _scope(start: Path) -> _Scope:
    """What holds where a walk begins: the rules of the repository above it, though never about the folder itself."""
    real = Path(os.path.realpath(start))
    top = top_of(real)
    return _Scope("", (), NOWHERE) if top is None else _repository(top, real)


def top_of(folder: Path) -> Path | None:
    """The top of the work tree that a folder is in, found without asking git; None where there is none."""
    return next((one for one in (folder, *folder.parents) if os.path.lexists(one / GIT)), None)


def _repository(top: Path, start: Path) -> _Scope:
    git = _git_folder(top)
    levels = tuple(_rules(_common(git) / "info" / "exclude", ""))
    base = ""
    for name in start.relative_to(top).parts:
        levels += tuple(_level(top / base, base))
        base += f"{name}/"
    return _Scope(base, levels, Tracked(git))


def _git_folder(top: Path) -> Path:
    """Where git keeps the data of a work tree; a file in its place says where."""
    said = _read(top / GIT)
    if not said.startswith(b"gitdir:"):
        return top / GIT
    return top / os.fsdecode(said.removeprefix(b"gitdir:").strip())


def _common(git: Path) -> Path:
    """Where git keeps what all work trees share."""
    said = _read(git / "commondir").strip()
    return git / os.fsdecode(said) if said else git


def _level(folder: Path, base: str) -> Iterator[Level]:
    return _rules(folder / RULES, base)


def _rules(path: Path, base: str) -> Iterator[Level]:
    content = _read(path)
    if content:
        yield Level.of(base, content, MARKDOWN)


def _read(path: Path) -> bytes:
    """The bytes of a regular file that is no link, as git reads its rules; nothing where it cannot be had."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return b""
    try:
        return os.read(descriptor, MAX_RULES)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
