"""Asking a program of the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.process import Command, Ending, minimal_environment, run

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 20.0
NOWHERE = Path("/")
"""A folder without modules of a project, which an interpreter that is started there would take for its own."""


def ask(argv: tuple[str, ...], environ: Mapping[str, str], folder: Path = NOWHERE) -> str | None:
    """What a command printed; None where it did not end well."""
    done = run(Command(argv, folder, minimal_environment(environ), SECONDS))
    return done.text.strip() if done.ending is Ending.ENDED and done.exit_code == 0 else None
