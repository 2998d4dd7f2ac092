"""`devnet-run PHASE`: from the document to the verdict, and to the files that it allows."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from devnet_runner import __version__
from devnet_runner.commands.inputs import Inputs, open_inputs
from devnet_runner.commands.proof import Surroundings, examine
from devnet_runner.commands.refusal import refuse
from devnet_runner.commands.writing import write_proof
from devnet_runner.errors import DevnetError
from devnet_runner.record import About, Record
from devnet_runner.reports import machine, people
from devnet_runner.screen import Screen
from devnet_runner.verdict import Verdict, decide

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from devnet_runner.reports.live import Live


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller asked for."""

    phase: str
    step: str
    mode: str
    keep_going: bool


def command(*, start: Path, environ: Mapping[str, str], form: str, no_write: bool, **asked: object) -> int:
    """Run a phase, show the report, and return the exit code."""
    screen = Screen.of(environ)
    request = Request(str(asked["phase"]), str(asked["step"]), str(asked["mode"] or ""), bool(asked["keep_going"]))
    try:
        record, written = verify(request, start, environ, screen.live(quiet=form == "json"), write=not no_write)
    except DevnetError as error:
        return refuse(screen, error, form, "")
    if form == "json":
        screen.text(machine.report_json(record, __version__, written))
    else:
        screen.lines(people.report_lines(record, written))
    return record.verdict.exit_code


def verify(
    request: Request, start: Path, environ: Mapping[str, str], live: Live, *, write: bool
) -> tuple[Record, tuple[str, ...]]:
    """The record of a run, and the files that were written. Raises DevnetError where no verdict is possible."""
    began, started = time.monotonic(), datetime.now(UTC)
    inputs = open_inputs(request.phase, request.step, request.mode, start)
    around = Surroundings(environ, live, threading.Event(), request.keep_going)
    facts, findings = examine(inputs, around)
    verdict = decide(findings, facts.suites, inputs.blocking, inputs.mode)
    record = Record(_about(inputs), facts, verdict, started, time.monotonic() - began, following(inputs, verdict))
    if not (write and verdict.writes):
        return record, ()
    written, notes = write_proof(inputs, record)
    return replace(record, verdict=replace(verdict, findings=(*verdict.findings, *notes))), written


def _about(inputs: Inputs) -> About:
    phase = inputs.plan.phase
    return About(phase.number, phase.title, phase.path, inputs.plan.step, inputs.mode, inputs.plan.command)


def following(inputs: Inputs, verdict: Verdict) -> str:
    """The one command to run now."""
    if verdict.passed:
        return commit_command(inputs)
    first = verdict.blocking[0] if verdict.blocking else None
    return first.command if first and first.command else inputs.plan.command


def commit_command(inputs: Inputs) -> str:
    """How to commit what was proved: the subject of the commit point of the last verified step."""
    phase, steps = inputs.plan.phase, inputs.plan.steps
    last = steps[-1].number if steps else ""
    subject = next((c.message.splitlines()[0] for c in phase.commit_points if c.step == last and c.message), "")
    return f'git add . && git commit -m "{subject}"' if subject else "git status"
