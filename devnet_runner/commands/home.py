"""The folder that a command is about: the project's root, or the top of a repository that shows a plan or standards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.includes import top_of
from devnet_runner.settings import find_root, usual_plan

if TYPE_CHECKING:
    from pathlib import Path

STANDARDS = ("docs/standards", "standards", "devnet-plan/standards")
"""Where standards usually are."""


def home_of(start: Path) -> Path | None:
    """The root above `start`; None where nothing there is a project, and no repository shows one."""
    root = find_root(start)
    if root is not None:
        return root
    top = top_of(start)
    shows = top is not None and (usual_plan(top) or any((top / folder).is_dir() for folder in STANDARDS))
    return top if shows else None
