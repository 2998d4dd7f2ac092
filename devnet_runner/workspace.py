"""What the plan requires of the work space: the repository's name and folders, from settings alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from devnet_runner.findings import Place
    from devnet_runner.settings import Workspace


def workspace_findings(workspace: Workspace, root: Path, origin: str | None, place: Place) -> tuple[Finding, ...]:
    """Every way in which the work space is not the required one; `place` is where the settings require it.

    The repository's name is that of the root folder or the last part of git's `origin`; either will do.
    """
    return (*_repository(workspace, root, origin, place), *_directories(workspace, root, place))


def _repository(workspace: Workspace, root: Path, origin: str | None, place: Place) -> Iterable[Finding]:
    names = tuple(dict.fromkeys(name for name in (root.resolve().name, _last_part(origin or "")) if name))
    if workspace.repository and not set(names) & set(workspace.repository):
        required, actual = " or ".join(workspace.repository), " or ".join(names) or "a repository without a name"
        yield Finding(
            "workspace-repository", place, f"the plan belongs to {required}, and this is {actual}",
            "run in that repository, or name this one in the settings", expected=required, actual=actual,
        )  # fmt: skip


def _directories(workspace: Workspace, root: Path, place: Place) -> Iterable[Finding]:
    for name in workspace.directories:
        wrong = _wrong(root, name)
        if wrong:
            yield Finding(
                "workspace-directory", place, f"the required directory {name!r} {wrong}",
                "create it, or correct the settings", expected=name, actual=wrong,
            )  # fmt: skip


def _wrong(root: Path, name: str) -> str:
    """What is wrong with a required directory, or an empty text."""
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()):
            return "lies outside the repository"
        if path.is_dir():
            return ""
        return "is no directory" if path.exists() else "does not exist"
    except (OSError, RuntimeError, ValueError):
        return "cannot be looked up"


def _last_part(origin: str) -> str:
    parts = [part for part in re.split(r"[/\\:]", origin) if part and part != ".git"]
    return parts[-1].removesuffix(".git") if parts else ""
