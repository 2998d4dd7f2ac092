"""`devnet-run includes`: the verbs for quoted text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from devnet_runner.cli.loading import call


@click.group()
def includes() -> None:
    """Text that documents quote by hash."""


@includes.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--format", "form", type=click.Choice(["text", "json", "editor"]), default="text",
              help="The report's format; `editor` is one line a finding, FILE:LINE:COLUMN: MESSAGE [ID].")  # fmt: skip
def check(**options: Any) -> int:
    """Check the includes of PATHs: files, or folders; without any, the whole repository without what git ignores."""
    return call("includes")(start=Path.cwd(), environ=os.environ, **options)
