"""Loading commands by name, and the options that they share."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devnet_runner.cli.collector import resting

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS = click.Choice(["text", "json"])


def here() -> Path:
    """The working directory. Raises a usage error where it does not exist any more."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise click.ClickException("the working directory does not exist any more; go to another") from error


def call(name: str) -> Callable[..., int]:
    """The function of a command, loaded when it is called: no command pays for the libraries of another."""
    with resting():
        function: Callable[..., int] = importlib.import_module(f"devnet_runner.commands.{name}").command
    return function
