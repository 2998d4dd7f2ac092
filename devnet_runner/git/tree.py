"""The work tree as one digest: what a commit of everything would hold, made beside the repository."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.git.call import caller, text, top_of

if TYPE_CHECKING:
    from devnet_runner.git.call import Caller

DEPTH = 8
"""How many repositories may lie in one another."""
NAMES = 10_000
"""How many changed names are kept."""
GITLINK = b"160000 "


def work_tree(
    git: Caller, commit: str, hidden: tuple[bytes, ...] = (), depth: int = DEPTH
) -> tuple[str | None, tuple[str, ...]]:
    """The id of the tree of all tracked and untracked files that are not ignored, and what differs from `commit`.

    `git` calls at the top of the work tree; `commit` is empty in an unborn branch; `hidden` names files and folders
    below the top that count as absent. Index and objects are written to a temporary folder, so that the repository
    stays byte for byte as it is (git may renew the time of an object it meets again). A submodule or another
    repository in the tree stands there with its commit, or with its own tree where it differs from that. No id where
    something cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="devnet-git-") as folder:
        beside = replace(git, extra=_beside(git, folder))
        if commit and beside("read-tree", commit) is None:
            return None, ()
        if not _filled(beside, hidden, depth):
            return None, _changed(git, commit, hidden)
        names = _changed(beside, commit, hidden)
        literal = [f":(top,literal){os.fsdecode(name)}" for name in hidden]
        if literal and beside("rm", "-r", "-q", "-f", "--cached", "--ignore-unmatch", "--", *literal) is None:
            return None, names
        # What is staged and then undone in the work tree is a change too.
        staged = _changed(git, commit, hidden)
        return beside.line("write-tree") or None, tuple(sorted({*names, *staged})[:NAMES])


def _beside(git: Caller, folder: str) -> dict[str, str]:
    objects = git.path("rev-parse", "--git-path", "objects") or git.folder
    Path(folder, "objects").mkdir()
    return {
        "GIT_INDEX_FILE": f"{folder}/index",
        "GIT_OBJECT_DIRECTORY": f"{folder}/objects",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(str(objects.resolve())),
    }


def _quoted(path: str) -> str:
    """A path for git's colon-separated list of object folders."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _filled(beside: Caller, hidden: tuple[bytes, ...], depth: int) -> bool:
    """Put everything into the index. Git never meets a nested repository: it would run what is configured there."""
    found = _nested(beside)
    if found is None:
        return False
    apart = [f":(top,exclude,literal){os.fsdecode(name)}" for name in found]
    added = beside("add", "-A", "--", ":/", *apart) is not None
    return added and all(_linked(beside, name, depth) for name in found if not _within(name, hidden))


def _nested(beside: Caller) -> tuple[bytes, ...] | None:
    """The folders of submodules and of other repositories, or None where git cannot tell."""
    tracked, others = beside("ls-files", "-s", "-z"), beside("ls-files", "-o", "--exclude-standard", "-z")
    if tracked is None or others is None:
        return None
    links = [entry.partition(b"\t")[2] for entry in tracked.split(b"\0") if entry.startswith(GITLINK)]
    clones = [name[:-1] for name in others.split(b"\0") if name.endswith(b"/")]
    return tuple(name for name in (*links, *clones) if _is_folder(beside.folder / os.fsdecode(name)))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _linked(beside: Caller, name: bytes, depth: int) -> bool:
    """Put a nested repository into the index, as far as it can be read."""
    folder = beside.folder / os.fsdecode(name)
    if not (folder / ".git").exists():
        # A submodule that is not checked out stays as it is committed.
        return True
    if not depth or top_of(folder) != folder:
        return False
    git = caller(folder)
    commit = git.commit()
    tree, changed = work_tree(git, commit, depth=depth - 1)
    entry = f"160000,{tree if changed or not commit else commit},{os.fsdecode(name)}"
    return tree is not None and beside("update-index", "--add", "--cacheinfo", entry) is not None


def _changed(git: Caller, commit: str, hidden: tuple[bytes, ...]) -> tuple[str, ...]:
    listing = ("diff-index", "--cached", "--name-only", "-z", "--no-renames", "--no-ext-diff", commit, "--")
    names = git.names(*listing) if commit else git.names("ls-files", "-z")
    return tuple(text(name) for name in names if not _within(name, hidden))


def _within(name: bytes, folders: tuple[bytes, ...]) -> bool:
    return any(name == one or name.startswith(one + b"/") for one in folders)
