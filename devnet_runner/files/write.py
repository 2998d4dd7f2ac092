"""Writing several files as one act: every one is prepared beside its place before the first is put in place."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.errors import EnvironmentStopped, InputError
from devnet_runner.files.folders import content, descend, opened, sync_folder
from devnet_runner.files.temps import Syscalls, fill, temp_name
from devnet_runner.files.trouble import refusal, stopped, unsure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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
    """A file whose bytes change: its name below the root as shown, and the parts of that name."""

    shown: str
    parts: tuple[str, ...]
    file: File


@dataclass(frozen=True, slots=True)
class _Ready:
    """A change whose new bytes lie durably in `temp`, beside the file, in the open `folder`."""

    change: _Change
    folder: int
    temp: str

    @property
    def name(self) -> str:
        """The file's name in its folder."""
        return self.change.parts[-1]


def write_all(files: tuple[File, ...], root: Path, calls: Syscalls = REAL) -> tuple[str, ...]:
    """Put the files in place in the given order and return the relative paths of those that changed.

    A reader sees each file old or new, never half; a later file is never new while an earlier one is old. Symbolic
    links are followed inside the root only. Raises `InputError` for a place outside the root or no regular file, and
    `EnvironmentStopped` where a file is not as expected or the system refuses; then no temporary file stays.
    """
    top = root.resolve()
    changes = [_change(file, top) for file in files]
    with ExitStack() as held, ExitStack() as undo:
        different = [change for change in changes if _differs(change, top)]
        ready = [_prepared(change, top, calls, (held, undo)) for change in different]
        for one in ready:
            _check(one.folder, one.change)
        _put(ready, calls)
        undo.pop_all()
    return tuple(one.change.shown for one in ready)


def _change(file: File, top: Path) -> _Change:
    try:
        target = (top / file.path).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(refusal("file-name", str(file.path), "this path leads nowhere", "correct the path")) from error
    if not target.is_relative_to(top) or target == top:
        raise InputError(refusal("write-outside", str(file.path), "this path leaves the repository",
                                 "choose a path inside it"))  # fmt: skip
    below = target.relative_to(top)
    return _Change(str(below), below.parts, file)


def _differs(change: _Change, top: Path) -> bool:
    """Whether there is anything to write; what is there must be as expected."""
    with ExitStack() as held, _mapped(change.shown):
        try:
            folder: int | None = descend(top, change.parts[:-1], held)
        except FileNotFoundError:
            folder = None
        _check(folder, change)
    return change.file.expect != change.file.data


def _check(folder: int | None, change: _Change) -> None:
    """Whether the file is still what its new bytes were made from."""
    with ExitStack() as held, _mapped(change.shown):
        there = None if folder is None else opened(folder, change.parts[-1], change.shown, held)
        actual = content(there, change.shown, LIMIT)
    if actual != change.file.expect:
        raise EnvironmentStopped(refusal("changed-underneath", change.shown, "the file changed underneath this run",
                                         "look at it, then run again"))  # fmt: skip


def _prepared(change: _Change, top: Path, calls: Syscalls, stacks: tuple[ExitStack, ExitStack]) -> _Ready:
    """The new bytes in a temporary file, which the second stack removes again; the first closes what is held."""
    held, undo = stacks

    def make(folder: int, name: str) -> None:
        calls.mkdir(name, dir_fd=folder)
        undo.callback(_gone, os.rmdir, name, folder)
        sync_folder(calls.fsync, folder)

    *parents, name = change.parts
    with _mapped(change.shown):
        folder = descend(top, tuple(parents), held, make)
        temp = temp_name(name)
        undo.callback(_gone, os.unlink, temp, folder)
        fill(calls, (folder, temp), change.file.data, opened(folder, name, change.shown, held))
    return _Ready(change, folder, temp)


def _gone(remove: Callable[..., None], name: str, folder: int) -> None:
    # What cannot be removed now is recognised by its name and removed at the next start.
    with suppress(OSError):
        remove(name, dir_fd=folder)


def _put(ready: list[_Ready], calls: Syscalls) -> None:
    done: list[str] = []
    for one in ready:
        with _mapped(one.change.shown, done):
            calls.rename(one.temp, one.name, src_dir_fd=one.folder, dst_dir_fd=one.folder)
        done.append(one.change.shown)
        try:
            # Before the next rename, so that a power loss cannot keep a later file and lose this one.
            sync_folder(calls.fsync, one.folder)
        except OSError as error:
            rest = one is not ready[-1]
            raise (stopped if rest else unsure)(one.change.shown, error, tuple(done)) from error


@contextmanager
def _mapped(shown: str, written: Sequence[str] = ()) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise stopped(shown, error, tuple(written)) from error
