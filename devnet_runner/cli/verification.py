"""The verbs that read a plan and prove its phases."""

from __future__ import annotations

import os
from typing import Any

import click

from devnet_runner.cli.loading import FORMATS, call, here


@click.command()
@click.argument("phase")
@click.option("--step", default=None, metavar="N", help="Verify one step of the phase only.")
@click.option("--mode", type=click.Choice(["blocking", "advisory"]), envvar="VERIFICATION_MODE",
              help="Advisory runs everything, exits 0 and writes nothing.  [default: blocking]")  # fmt: skip
@click.option("--keep-going", is_flag=True, help="Run everything, also after a blocking failure.")
@click.option("--no-write", is_flag=True, help="Write no record, checkpoint or progress.")
@click.option("--format", "form", type=FORMATS, default="text", help="The report's format.")
def run(**options: Any) -> int:
    """Verify PHASE (phase-3, or a document's path) and give the verdict. The word `run` may be left out."""
    if options["step"] == "":
        raise click.BadParameter("it is empty: name a step, or leave --step away", param_hint="--step")
    options["step"] = options["step"] or ""
    return call("run")(start=here(), environ=os.environ, **options)


@click.command()
@click.argument("phase")
@click.option("--format", "form", type=FORMATS, default="text", help="The report's format.")
@click.option("--repair", is_flag=True, help="Repair a document whose encoding was damaged, in place.")
def plan(**options: Any) -> int:
    """Show what the document of PHASE declares, and every fault of it."""
    return call("plan")(start=here(), environ=os.environ, **options)


@click.command()
@click.option("--format", "form", type=FORMATS, default="text", help="The report's format.")
def status(**options: Any) -> int:
    """Say where the plan stands and the next command, from files alone."""
    return call("status")(start=here(), environ=os.environ, **options)
