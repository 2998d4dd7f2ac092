"""The one room that talks to git. It only reads, and runs none of the code that a repository can bring along.

Hooks, file system monitors, filters, external diffs and the user's own configuration are switched off for every call;
git's documentation (gitsecurityboundary, git-config) names them.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import git

SAFE = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat", "-c", "gc.auto=0",
    "-c", "core.untrackedCache=false", "-c", "diff.external=", "-c", "core.quotePath=false",
)  # fmt: skip
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_EDITOR": "false",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
OPERATIONS = {
    "MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert", "BISECT_LOG": "a bisect",
    "rebase-merge": "a rebase", "rebase-apply": "a rebase",
}  # fmt: skip
SHOWN = 20


@dataclass(frozen=True, slots=True)
class GitState:
    """What a repository is at. `tree` is git's digest of the work tree as it lies there, untracked files included.

    Everything is None, False or empty where there is no repository or no git.
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


def state(root: Path, exclude: tuple[str, ...] = ()) -> GitState:
    """The state of the repository that `root` is the top of, or below. `exclude` are paths left out of `tree`."""
    folder = _say(root, "rev-parse", "--git-dir")
    if folder is None or _say(root, "rev-parse", "--is-inside-work-tree") != "true":
        return NO_REPOSITORY
    commit = _say(root, "rev-parse", "--verify", "--quiet", "HEAD")
    branch = _say(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    tree = _tree(root, exclude)
    changed = _changed(root, exclude) if commit and tree else ()
    return GitState(
        commit=commit,
        branch=branch,
        detached=branch is None,
        unborn=commit is None,
        dirty=bool(changed) if commit and tree else None,
        tree=tree,
        origin=_say(root, "config", "--get", "remote.origin.url"),
        operation=_operation(root / folder),
        changed=changed[:SHOWN],
    )


def common_dir(root: Path) -> Path | None:
    """The folder that all work trees of a repository share, or None where there is no repository."""
    folder = _say(root, "rev-parse", "--git-common-dir")
    return (root / folder).resolve() if folder else None


def tag_exists(root: Path, name: str) -> bool:
    """Whether the repository has a tag."""
    return _say(root, "rev-parse", "--verify", "--quiet", f"refs/tags/{name}") is not None


def _operation(folder: Path) -> str:
    return next((words for name, words in OPERATIONS.items() if (folder / name).exists()), "")


def _say(root: Path, *words: str, environment: dict[str, str] | None = None) -> str | None:
    """What git answers, stripped; None where it fails or is not there."""
    try:
        output = git.Git(str(root)).execute(
            ["git", *SAFE, *words],
            env=ENVIRONMENT | (environment or {}),
            stdout_as_string=False,
            strip_newline_in_stdout=False,
        )
    except (git.GitCommandError, git.GitCommandNotFound, OSError):
        return None
    # Names may hold any byte; what is shown of them is escaped.
    return bytes(output).decode("utf-8", "backslashreplace").strip("\n")


def _filters(root: Path) -> tuple[str, ...]:
    """Options that blank every filter which the repository configures: git would run it to read a file."""
    names = (
        _say(root, "config", "--name-only", "--get-regexp", r"^filter\..*\.(clean|smudge|process|required)$") or ""
    ).split("\n")
    return tuple(
        word for name in names if name for word in ("-c", f"{name}={'false' if name.endswith('required') else ''}")
    )


def _tree(root: Path, exclude: tuple[str, ...]) -> str | None:
    """The digest of the work tree, made with an index and an object folder of our own: `.git` stays as it is."""
    objects = _say(root, "rev-parse", "--git-path", "objects")
    index = _say(root, "rev-parse", "--git-path", "index")
    if not objects or not index:
        return None
    with tempfile.TemporaryDirectory(prefix="devnet-run-git-") as scratch:
        own = {
            "GIT_INDEX_FILE": f"{scratch}/index",
            "GIT_OBJECT_DIRECTORY": scratch,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str((root / objects).resolve()),
            "GIT_LITERAL_PATHSPECS": "0",
        }
        known = root / index
        if known.is_file():
            Path(own["GIT_INDEX_FILE"]).write_bytes(known.read_bytes())
        left_out = tuple(f":(top,exclude,literal){path}" for path in exclude)
        if _say(root, *_filters(root), "add", "-A", "--", ":/", *left_out, environment=own) is None:
            return None
        for path in exclude:
            _say(root, "rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", f":(top,literal){path}", environment=own)
        return _say(root, "write-tree", environment=own)


def _changed(root: Path, exclude: tuple[str, ...]) -> tuple[str, ...]:
    """Paths that differ from the last commit, by comparing names and contents without running a filter."""
    output = _say(
        root,
        *_filters(root),
        "status",
        "--porcelain=v1",
        "--no-renames",
        "-z",
        "--untracked-files=all",
        "--ignore-submodules=none",
    )
    names = [entry[3:] for entry in (output or "").split("\0") if len(entry) > 3]
    return tuple(name for name in names if not any(name == path or name.startswith(f"{path}/") for path in exclude))
