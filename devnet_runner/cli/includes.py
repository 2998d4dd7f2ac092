"""`devnet-run includes`: the verbs for quoted text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from devnet_runner.cli.loading import FORMATS, call


@click.group()
def includes() -> None:
    """Text that documents quote by hash."""


@includes.command()
@click.argument("paths", nargs=-1)
@click.option("--format", "form", type=FORMATS, default="text", help="The report's format.")
def check(**options: Any) -> int:
    """Check the includes of PATHS (files or folders; without any: of the whole plan)."""
    return call("includes")(start=Path.cwd(), environ=os.environ, **options)
