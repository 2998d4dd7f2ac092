"""The verbs for a repository, or a machine, that is new to the tool."""

from __future__ import annotations

import os
from typing import Any

import click

from devnet_runner.cli.loading import FORMATS, call, here


@click.command()
@click.option("--dry-run", is_flag=True, help="Show the file and write nothing.")
def init(**options: Any) -> int:
    """Look at this repository and write a devnet.yaml with comments, which works at once."""
    return call("init")(start=here(), environ=os.environ, **options)


@click.command()
@click.option("--format", "form", type=FORMATS, default="text", help="The report's format.")
def doctor(**options: Any) -> int:
    """Say what is missing on this machine for this repository, and how to get it. Changes nothing."""
    return call("doctor")(start=here(), environ=os.environ, **options)
