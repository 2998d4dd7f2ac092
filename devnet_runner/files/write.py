"""Writing several files as one act: every one is prepared beside its place before the first is put in place."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.errors import EnvironmentStopped, InputError
from devnet_runner.files.read import read_bytes
from devnet_runner.files.temps import Syscalls, fill, sync_folder, temp_name
from devnet_runner.files.trouble import refusal, stopped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LIMIT = 100_000_000
REAL = Syscalls()


@dataclass(frozen=True, slots=True)
class File:
    """A file to write. `expect`: the bytes that were read there before, or None where nothing may be there."""

    path: Path
    data: bytes
    expect: bytes | None


@dataclass(frozen=True, slots=True)
class _Change:
    name: str
    target: Path
    file: File


def write_all(files: tuple[File, ...], root: Path, calls: Syscalls = REAL) -> tuple[str, ...]:
    """Put the files in place in the given order and return the relative paths of those that changed.

    A reader sees each file old or new, never half; a later file is never new while an earlier one is old. Symbolic
    links are followed inside the root only. Raises `InputError` for a place outside the root or no regular file, and
    `EnvironmentStopped` where a file is not as expected or the system refuses; then no temporary file stays.
    """
    changes = [change for file in files if (change := _change(file, root.resolve()))]
    with ExitStack() as stack:
        temps = [_prepared(change, calls, stack) for change in changes]
        for change in changes:
            _check(change)
        _put(changes, temps, calls)
        stack.pop_all()
    return tuple(change.name for change in changes)


def _change(file: File, root: Path) -> _Change | None:
    target = _target(file.path, root)
    change = _Change(str(target.relative_to(root)), target, file)
    _check(change)
    return None if file.expect == file.data else change


def _target(path: Path, root: Path) -> Path:
    try:
        target = (root / path).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(refusal("file-name", str(path), "this path leads nowhere", "correct the path")) from error
    if not target.is_relative_to(root) or target == root:
        raise InputError(refusal("write-outside", str(path), "this path leaves the repository",
                                 "choose a path inside it"))  # fmt: skip
    return target


def _check(change: _Change) -> None:
    """Whether the file is still what its new bytes were made from."""
    with _mapped(change.name):
        try:
            regular = stat.S_ISREG(change.target.lstat().st_mode)
        except FileNotFoundError:
            actual = None
        else:
            if not regular:
                raise InputError(refusal("file-not-regular", change.name, "this is no regular file", "move it away"))
            actual = read_bytes(change.target, limit=LIMIT)
    if actual != change.file.expect:
        raise EnvironmentStopped(refusal("changed-underneath", change.name, "the file changed underneath this run",
                                         "look at it, then run again"))  # fmt: skip


def _prepared(change: _Change, calls: Syscalls, stack: ExitStack) -> Path:
    """The new bytes in a temporary file, which the stack removes again."""
    target = change.target
    with _mapped(change.name):
        _folders(target.parent, calls, stack)
        temp = target.with_name(temp_name(target))
        stack.callback(_remove, temp)
        fill(calls, temp, change.file.data, target if change.file.expect is not None else None)
    return temp


def _folders(folder: Path, calls: Syscalls, stack: ExitStack) -> None:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        calls.mkdir(str(one))
        stack.callback(_drop, one)
        sync_folder(calls, one.parent)


def _remove(temp: Path) -> None:
    # What cannot be removed now is recognised by its name and removed at the next start.
    with suppress(OSError):
        temp.unlink()


def _drop(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _put(changes: list[_Change], temps: list[Path], calls: Syscalls) -> None:
    done: list[str] = []
    for change, temp in zip(changes, temps, strict=True):
        with _mapped(change.name, done):
            calls.rename(os.fspath(temp), os.fspath(change.target))
            done.append(change.name)
            # Before the next rename, so that a power loss cannot keep a later file and lose this one.
            sync_folder(calls, change.target.parent)


@contextmanager
def _mapped(name: str, written: Sequence[str] = ()) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise stopped(name, error, tuple(written)) from error
