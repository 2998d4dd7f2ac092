"""What every command does when it cannot go on: find the root or say why not, show the faults, give the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner import __version__
from devnet_runner.commands.home import home_of
from devnet_runner.errors import DevnetError, InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.reports import faults

if TYPE_CHECKING:
    from pathlib import Path

    from devnet_runner.screen import Screen


def rooted(start: Path) -> Path:
    """The project's root above `start`. Raises InputError where there is none."""
    root = home_of(start)
    if root is None:
        what = "there is no devnet.yaml, no plan and no standards here or in a folder above"
        fix = "go to the project, or write its settings with `devnet-run init`"
        raise InputError(Finding("settings-missing", Place(str(start)), what, fix))
    return root


def refuse(screen: Screen, error: DevnetError, form: str, following: str) -> int:
    """Show an error that ended a command, and return its exit code."""
    if form == "json":
        screen.text(faults.error_json(error, __version__, following))
    else:
        screen.lines(faults.error_lines(error, following), error=True)
    return error.exit_code
