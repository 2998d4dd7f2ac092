"""`devnet-run standards`: the verbs for the tests of standards documents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from devnet_runner.cli.loading import FORMATS, call, here

if TYPE_CHECKING:
    from collections.abc import Callable


@click.group()
def standards() -> None:
    """Tests that standards documents declare in verification blocks."""


def selection(function: Callable[..., int]) -> Callable[..., int]:
    """The options that say which standards are meant, and in which format."""
    for option in reversed((
        click.argument("paths", nargs=-1),
        click.option("--phase", default="", metavar="PHASE", help="The standards that a phase needs."),
        click.option("--all", "everything", is_flag=True, help="Every standard of the project (the default)."),
        click.option("--format", "form", type=FORMATS, default="text", help="The report's format."),
    )):  # fmt: skip
        function = option(function)
    return function


def _one_choice(options: dict[str, Any]) -> None:
    """Refuse to be asked for two selections at once."""
    chosen = [bool(options["paths"]), bool(options["phase"]), options.pop("everything")]
    if sum(chosen) > 1:
        raise click.UsageError("name PATHS, or --phase, or --all: one of them")


@standards.command()
@selection
@click.option("--mode", type=click.Choice(["blocking", "advisory"]), envvar="VERIFICATION_MODE", default="blocking",
              help="Advisory exits 0.")  # fmt: skip
def run(**options: Any) -> int:
    """Run the tests of standards, each held by the kernel: they read the project, and change and reach nothing."""
    _one_choice(options)
    return call("standards_run")(start=here(), environ=os.environ, **options)


@standards.command()
@selection
def check(**options: Any) -> int:
    """Check the documents: blocks, dependencies, variables and waivers. Nothing of them runs."""
    _one_choice(options)
    return call("standards_check")(start=here(), environ=os.environ, lint=False, **options)


@standards.command("list")
@selection
def list_tests(**options: Any) -> int:
    """List the tests, with what each of them needs."""
    _one_choice(options)
    return call("standards_list")(start=here(), environ=os.environ, **options)


@standards.command()
@selection
def lint(**options: Any) -> int:
    """Check, and name the tests that prove nothing with a rewrite, dead references, and unreachable documents."""
    _one_choice(options)
    return call("standards_check")(start=here(), environ=os.environ, lint=True, **options)
