"""What git knows about a work tree: commit, branch, tags, origin, and the digest of what lies there now."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.git.call import Caller, caller, top_of
from devnet_runner.git.tree import work_tree

if TYPE_CHECKING:
    from pathlib import Path

OPERATIONS = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)


@dataclass(frozen=True, slots=True)
class GitState:
    """A work tree as git sees it. None: not known, or no repository.

    `tree` is the id of a tree object that holds the work tree with its uncommitted and untracked files; `changed`
    names what differs from `commit` (at most 10,000), as paths below the top of the repository; `operation` is a
    merge, rebase, cherry-pick, revert or bisect that is not finished; `origin` has no user name or password in it.
    """

    commit: str | None = None
    branch: str | None = None
    detached: bool = False
    unborn: bool = False
    dirty: bool | None = None
    tree: str | None = None
    origin: str | None = None
    operation: str = ""
    changed: tuple[str, ...] = ()


NO_REPOSITORY = GitState()
"""What is known where there is no repository, or no git."""


def state(root: Path, exclude: tuple[str, ...] = ()) -> GitState:
    """The state of the work tree that holds `root`; nothing of the repository is run or changed.

    `exclude` names files and folders below the root that count neither as changed nor in the digest.
    """
    top = top_of(root)
    if top is None:
        return NO_REPOSITORY
    git = caller(top)
    commit = git.commit()
    branch = git.line("symbolic-ref", "-q", "--short", "HEAD")
    below = root.resolve().relative_to(top)
    tree, changed = work_tree(git, commit, tuple(os.fsencode(os.path.normpath(below / name)) for name in exclude))
    return GitState(
        commit=commit or None,
        branch=branch or None,
        detached=not branch,
        unborn=bool(branch) and not commit,
        dirty=None if tree is None else bool(changed),
        tree=tree,
        origin=_public(git.line("config", "--get", "remote.origin.url")) or None,
        operation=_operation(git),
        changed=changed,
    )


def common_dir(root: Path) -> Path | None:
    """The folder that all work trees of the repository share, or None where there is no repository."""
    found = Caller(root).path("rev-parse", "--git-common-dir") if root.is_dir() else None
    return found.resolve() if found else None


def tag_exists(root: Path, name: str) -> bool:
    """Whether the repository has a tag of this very name."""
    return bool(name) and Caller(root)("show-ref", "--verify", "-q", f"refs/tags/{name}") is not None


def last_tag(root: Path) -> str:
    """The nearest tag that the current commit is built on, or an empty text."""
    return Caller(root).line("describe", "--tags", "--abbrev=0")


def _operation(git: Caller) -> str:
    folder = git.path("rev-parse", "--git-dir")
    return next((name for file, name in OPERATIONS if folder and (folder / file).exists()), "")


def _public(url: str) -> str:
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/@]*@", r"\1", url)
