"""`infra drizzle`: the migrations of a Drizzle team, from a shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infra_adapters.cli.entry import BLOCKED, settings_of, told
from infra_adapters.postgres import drizzle as adapter
from infra_adapters.postgres.drizzle import Books

if TYPE_CHECKING:
    from collections.abc import Callable


@click.group()
def drizzle() -> None:
    """Use a folder that drizzle-kit wrote."""


def folder_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The folder, the database, and where Drizzle keeps what was applied."""
    options = (
        click.argument("folder", type=click.Path(path_type=Path)),
        click.option("--url", envvar="DATABASE_URL", default="", help="Where the database is; else DATABASE_URL."),
        click.option("--schema", default=Books().schema, show_default=True, help="Drizzle's `migrationsSchema`."),
        click.option("--table", default=Books().table, show_default=True, help="Drizzle's `migrationsTable`."),
    )
    for option in reversed(options):
        command = option(command)
    return command


edited = click.option("--allow-edited", is_flag=True, help="Also where an applied migration was edited afterwards.")


def given(url: str) -> str:
    """The URL, checked. Raises ConfigError."""
    return settings_of(url).url.get_secret_value()


@drizzle.command()
@folder_options
@told
def status(folder: Path, url: str, schema: str, table: str) -> int:
    """Say what waits, what never runs, what was edited. The exit code is 1 where there is any."""
    state = adapter.status(given(url), adapter.read_folder(folder), books=Books(schema, table))
    for line in state.lines():
        click.echo(line)
    click.echo(f"{len(state.applied)} of {len(state.folder.migrations)} applied (format {state.folder.format})")
    return BLOCKED if state.lines() else 0


@drizzle.command()
@folder_options
@edited
@told
def plan(folder: Path, url: str, schema: str, table: str, allow_edited: bool) -> None:
    """Show the SQL that `apply` would run. Nothing is changed."""
    read, books = adapter.read_folder(folder), Books(schema, table)
    click.echo(adapter.plan(given(url), read, books=books, allow_edited=allow_edited), nl=False)


@drizzle.command()
@folder_options
@click.option("--wait", default=60.0, show_default=True, help="Seconds that others may migrate before.")
@edited
@told
def apply(folder: Path, url: str, schema: str, table: str, wait: float, allow_edited: bool) -> None:
    """Apply all that is pending, in one transaction."""
    read, books = adapter.read_folder(folder), Books(schema, table)
    done = adapter.apply(given(url), read, books=books, wait=wait, allow_edited=allow_edited)
    for one in done:
        click.echo(f"{one.name} applied")
    for line in adapter.status(given(url), read, books=books).lines():
        click.echo(f"note: {line}")
    click.echo(f"{len(done)} applied")


@drizzle.command()
@folder_options
@click.option("--scratch", help="URL of an empty database to try the migrations on; else one is made and dropped.")
@click.option("--all", "everything", is_flag=True, help="Also grants, comments, and what stands beside the tables.")
@told
def drift(folder: Path, url: str, schema: str, table: str, scratch: str | None, everything: bool) -> int:
    """Compare the database with what was applied. The exit code is 1 where it differs."""
    read, books = adapter.read_folder(folder), Books(schema, table)
    found = adapter.drift(given(url), read, books=books, scratch=scratch, everything=everything)
    for one in found:
        click.echo(str(one))
    if not found:
        click.echo("the schema is what the applied migrations made")
    return BLOCKED if found else 0
