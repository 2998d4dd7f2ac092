"""`infra`: its options, and one exit code for each kind of end.

0 done, or nothing to do · 1 the schema is not what it should be, or may not be changed so · 2 wrong input · 3 the
database cannot be used.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infra_adapters.errors import ConfigError, InfraError, InvalidRequest, MigrationFailed, Unavailable
from infra_adapters.postgres.doctor import Remark, examine
from infra_adapters.postgres.migrations import Migrations, Script
from infra_adapters.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCKED, WRONG, STOPPED = 1, 2, 3
LASTING = re.compile(r"[a-z_][a-z0-9_]{0,39}")


def exit_code(error: InfraError) -> int:
    """The exit code of a command that an error ended."""
    if isinstance(error, (ConfigError, InvalidRequest, MigrationFailed)):
        return WRONG
    return STOPPED if isinstance(error, Unavailable) else BLOCKED


def told(command: Callable[..., int | None]) -> Callable[..., None]:
    """Have a command's number be the exit code, and an error of ours one line."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            code = command(*args, **options) or 0
        except InfraError as error:
            click.echo(f"{error.code}: {error}", err=True)
            code = exit_code(error)
        click.get_current_context().exit(code)

    return run


def histories(settings: DatabaseSettings, folder: Path | None, name: str, wait: float) -> tuple[Migrations, ...]:
    """The package's own history, then the product's where a folder is given. Raises ConfigError where it is none."""
    url = settings.url.get_secret_value()
    if not LASTING.fullmatch(name):
        raise ConfigError(f"--name {name}: a lasting name has up to 40 small letters, digits and underlines")
    own = Migrations(url, wait=wait)
    if folder is None:
        return (own,)
    if not (folder / "versions").is_dir():
        raise ConfigError(f"{folder} has no folder `versions` with revisions")
    return own, Migrations(url, Script(name, folder, f"{name}_revision"), wait=wait)


def database_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which database and which history."""
    options = (
        click.option("--url", envvar="DATABASE_URL", default="", help="Where the database is; else DATABASE_URL."),
        click.option(
            "--folder",
            envvar="INFRA_MIGRATIONS",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            help="The product's own revisions, in `versions` of this folder; else INFRA_MIGRATIONS.",
        ),
        click.option("--name", envvar="INFRA_NAME", default="product", show_default=True, help="Their lasting name."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def settings_of(url: str) -> DatabaseSettings:
    """The settings of the environment, with this URL. Raises ConfigError."""
    return DatabaseSettings.of(url=url)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Migrate, check and look at the database of a service."""


@main.command()
@click.argument("target", default="head")
@click.option("--wait", default=60.0, show_default=True, help="Seconds that another process may migrate before.")
@click.option("--dry-run", is_flag=True, help="Show the SQL, change nothing.")
@database_options
@told
def migrate(target: str, wait: float, dry_run: bool, url: str, folder: Path | None, name: str) -> None:
    """Go forward to TARGET. It is a revision of the product's history where there is one."""
    found = histories(settings_of(url), folder, name, wait)
    for at, history in enumerate(found):
        goal = target if at == len(found) - 1 else "head"
        if dry_run:
            click.echo(history.plan(goal), nl=False)
            continue
        count = len(history.upgrade(goal))
        click.echo(f"{history.script.name}: {count} applied, now at {history.current() or 'base'}")


@main.command()
@click.argument("target", default="head")
@database_options
@told
def plan(target: str, url: str, folder: Path | None, name: str) -> None:
    """Show the SQL that `migrate` would run. Nothing is changed."""
    found = histories(settings_of(url), folder, name, 0)
    for at, history in enumerate(found):
        click.echo(history.plan(target if at == len(found) - 1 else "head"), nl=False)


@main.command()
@click.argument("target")
@click.option("--dry-run", is_flag=True, help="Show the SQL, change nothing.")
@click.option("--allow-data-loss", is_flag=True, help="Also where rows go with it.")
@database_options
@told
def downgrade(
    target: str,
    dry_run: bool,
    allow_data_loss: bool,
    url: str,
    folder: Path | None,
    name: str,
) -> None:
    """Go back to TARGET, `base` for nothing. It is of the product's history where there is one."""
    history = histories(settings_of(url), folder, name, 60.0)[-1]
    if dry_run:
        click.echo(history.plan_back(target), nl=False)
        return
    history.downgrade(target, allow_data_loss=allow_data_loss)
    click.echo(f"{history.script.name}: now at {history.current() or 'base'}")


@main.command()
@click.option("--accept", is_flag=True, help="Take the schema as it is for what it should be.")
@database_options
@told
def check(accept: bool, url: str, folder: Path | None, name: str) -> int:
    """Compare the schema with its histories. The exit code is 1 where it is not what they made."""
    found = histories(settings_of(url), folder, name, 60.0)
    if accept:
        found[0].accept()
    wrong = [f"{history.script.name}: {line}" for history in found for line in history.check()]
    wrong += [f"drift: {difference}" for difference in found[0].drift()]
    for line in wrong:
        click.echo(line)
    if not wrong:
        places = ", ".join(f"{history.script.name} at {history.current() or 'base'}" for history in found)
        click.echo(f"{places}; the schema is what they made")
    return BLOCKED if wrong else 0


@main.command()
@database_options
@told
def adopt(url: str, folder: Path | None, name: str) -> None:
    """Write down what was migrated by other means. The schema is taken as it is, at the revision of Alembic's table."""
    for history in histories(settings_of(url), folder, name, 60.0):
        history.adopt()
        click.echo(f"{history.script.name}: at {history.current() or 'base'}")


@main.command()
@database_options
@told
def doctor(url: str, folder: Path | None, name: str) -> int:
    """Look for what is wrong although all answers. The exit code is 1 where a promise does not hold."""
    settings = settings_of(url)
    found = list(examine(settings))
    for history in histories(settings, folder, name, 0):
        cure = "infra migrate, or put the revisions back"
        found += [Remark(True, f"{history.script.name}: {line}", cure) for line in history.check()]
    for remark in found:
        click.echo(f"{'WRONG' if remark.serious else 'note '}  {remark.what}; {remark.cure}")
    if not found:
        click.echo("nothing is wrong")
    return BLOCKED if any(remark.serious for remark in found) else 0
