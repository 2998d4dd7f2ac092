"""The work tree as one digest: what a commit of everything would hold, made beside the repository."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.git.call import text

if TYPE_CHECKING:
    from devnet_runner.git.call import Caller


def work_tree(git: Caller, commit: str, prefix: str, exclude: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """The id of the tree of all tracked and untracked files that are not ignored, and what differs from `commit`.

    `commit` is empty in an unborn branch, `prefix` the root's path below the top of the repository; `exclude` names
    files and folders below the root. Index and objects are written to a temporary folder, so that the repository stays
    byte for byte as it is (git may renew the time of an object it meets again). No id where a file cannot be read.
    """
    hidden = tuple(os.fsencode(os.path.normpath(Path(prefix, name))) for name in exclude)
    with tempfile.TemporaryDirectory(prefix="devnet-git-") as folder:
        beside = replace(git, extra=_beside(git, folder))
        if commit and beside("read-tree", commit) is None:
            return None, ()
        if beside("add", "-A", "--", ":/") is None:
            return None, _changed(git, commit, hidden)
        names = _changed(beside, commit, hidden)
        literal = [f":(top,literal){os.fsdecode(name)}" for name in hidden]
        if literal and beside("rm", "-r", "-q", "-f", "--cached", "--ignore-unmatch", "--", *literal) is None:
            return None, names
        # What is staged and then undone in the work tree is a change too.
        staged = _changed(git, commit, hidden)
        return beside.line("write-tree") or None, tuple(sorted({*names, *staged}))


def _beside(git: Caller, folder: str) -> dict[str, str]:
    objects = git.folder / git.line("rev-parse", "--git-path", "objects")
    Path(folder, "objects").mkdir()
    return {
        "GIT_INDEX_FILE": f"{folder}/index",
        "GIT_OBJECT_DIRECTORY": f"{folder}/objects",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(str(objects.resolve())),
    }


def _quoted(path: str) -> str:
    """A path for git's colon-separated list of object folders."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _changed(git: Caller, commit: str, hidden: tuple[bytes, ...]) -> tuple[str, ...]:
    listing = ("diff-index", "--cached", "--name-only", "-z", "--no-renames", "--no-ext-diff", commit, "--")
    names = git.names(*listing) if commit else git.names("ls-files", "--full-name", "-z", ":/")
    return tuple(text(name) for name in names if not any(name == one or name.startswith(one + b"/") for one in hidden))
