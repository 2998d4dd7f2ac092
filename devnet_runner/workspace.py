"""The workspace that a plan requires: the repository's name and folders, looked at without running anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from devnet_runner.settings import Workspace


def workspace_findings(workspace: Workspace, root: Path, origin: str | None, place: Place) -> tuple[Finding, ...]:
    """A finding where neither the root's name nor its origin is one that is asked for, and for each missing folder."""
    findings = []
    names = {root.resolve().name, repository_name(origin or "")}
    if workspace.repository and not names & set(workspace.repository):
        wanted = " or ".join(workspace.repository)
        fix = f"go to {wanted}, or correct `workspace.repository`"
        found = " and ".join(sorted(name for name in names if name))
        what = f"this is not the repository {wanted}"
        findings.append(Finding("workspace-repository", place, what, fix, expected=wanted, actual=found))
    for name in workspace.directories:
        reason = _missing(root, name)
        if reason:
            fix = "make it, or correct `workspace.directories`"
            findings.append(Finding("workspace-directory", place, f"the folder {name}/ {reason}", fix))
    return tuple(findings)


def repository_name(origin: str) -> str:
    """The last part of a git remote's address, without `.git`."""
    return origin.rstrip("/").replace(":", "/").rpartition("/")[2].removesuffix(".git")


def _missing(root: Path, name: str) -> str:
    path = root / name
    if not path.is_dir():
        return "does not exist" if not path.exists() else "is no folder"
    inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
    return "" if inside else "leads out of the repository through a link"
