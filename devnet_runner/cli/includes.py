"""`devnet-run includes`: the verbs for quoted text."""

from __future__ import annotations

import os
from typing import Any

import click

from devnet_runner.cli.loading import FORMATS, call, here


@click.group()
def includes() -> None:
    """Text that documents quote by hash."""


@includes.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--format", "form", type=click.Choice(["text", "json", "editor"]), default="text",
              help="The report's format; `editor` is one line a finding, FILE:LINE:COLUMN: MESSAGE [ID].")  # fmt: skip
@click.option(
    "--cache/--no-cache", default=True, help="Read only what has changed since the last check, or everything."
)
def check(**options: Any) -> int:
    """Check the includes of PATHs: files, or folders; without any, the whole repository without what git ignores."""
    name = "includes_json" if options["form"] == "json" else "includes"
    return call(name)(start=here(), environ=os.environ, **options)


@includes.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--from", "source", default="", metavar="FILE#ANCHOR", help="Only what is quoted from this section.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 where something would change.")
@click.option("--force", is_flag=True, help="Put the source's text also where it was edited; the edited text is kept.")
@click.option("--format", "form", type=FORMATS, default="text", help="The report's format.")
def refresh(**options: Any) -> int:
    """Put quoted text anew where its source has moved, in PATHs or in the whole repository: all files or none."""
    return call("includes_refresh")(start=here(), environ=os.environ, **options)


@includes.command()
@click.argument("place", metavar="FILE:LINE")
@click.argument("source", metavar="SOURCE#ANCHOR")
def add(**options: Any) -> int:
    """Insert an include of a section before a line of a document."""
    return call("includes_add")(start=here(), environ=os.environ, **options)


@includes.command("print")
@click.argument("source", metavar="SOURCE#ANCHOR")
def print_block(**options: Any) -> int:
    """Print the include of a section as it would stand in a document."""
    return call("includes_add")(start=here(), environ=os.environ, place="", **options)


@includes.command("list")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--format", "form", type=FORMATS, default="text", help="The report's format.")
def list_quotes(**options: Any) -> int:
    """Show who quotes what, which sections nobody quotes, and which texts stand there twice."""
    return call("includes_list")(start=here(), environ=os.environ, **options)
