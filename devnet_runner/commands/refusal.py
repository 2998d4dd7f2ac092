"""What every command does when it cannot go on: find the root or say why not, show the faults, give the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner import __version__
from devnet_runner.errors import DevnetError, InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.reports import faults
from devnet_runner.settings import find_root

if TYPE_CHECKING:
    from pathlib import Path

    from devnet_runner.screen import Screen


def rooted(start: Path) -> Path:
    """The project's root above `start`. Raises InputError where there is none."""
    root = find_root(start)
    if root is None:
        what = "there is no devnet.yaml (nor devnet-plan/manifest.json) here or in a folder above"
        raise InputError(
            Finding("settings-missing", Place(str(start)), what, "go to the project, or write devnet.yaml")
        )
    return root


def refuse(screen: Screen, error: DevnetError, form: str, following: str) -> int:
    """Show an error that ended a command, and return its exit code."""
    if form == "json":
        screen.text(faults.error_json(error, __version__, following))
    else:
        screen.lines(faults.error_lines(error, following), error=True)
    return error.exit_code
