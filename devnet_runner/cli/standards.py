"""`devnet-run standards`: the verbs for the tests of standards documents."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from devnet_runner.cli.loading import FORMATS, call


@click.group()
def standards() -> None:
    """Tests that standards documents declare in verification blocks."""


@standards.command()
@click.argument("paths", nargs=-1)
@click.option("--phase", default="", metavar="PHASE", help="The standards that a phase needs.")
@click.option("--all", "everything", is_flag=True, help="Every standard of the project (the default).")
@click.option("--mode", type=click.Choice(["blocking", "advisory"]), envvar="VERIFICATION_MODE", default="blocking",
              help="Advisory exits 0.")  # fmt: skip
@click.option("--format", "form", type=FORMATS, default="text", help="The report's format.")
def run(**options: Any) -> int:
    """Run the tests of standards, each held by the kernel: they read the project, and change and reach nothing."""
    _one_choice(options)
    return call("standards_run")(start=Path.cwd(), environ=os.environ, **options)


def _one_choice(options: dict[str, Any]) -> None:
    """Refuse to be asked for two selections at once."""
    chosen = [bool(options["paths"]), bool(options["phase"]), options.pop("everything")]
    if sum(chosen) > 1:
        raise click.UsageError("name PATHS, or --phase, or --all: one of them")
