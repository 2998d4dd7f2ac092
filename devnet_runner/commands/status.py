"""`devnet-run status`: where the plan stands and the next command, from files alone."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from devnet_runner.checkpoint import parse
from devnet_runner.commands.kept import kept
from devnet_runner.errors import DevnetError
from devnet_runner.progress import PhaseProgress, read
from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.screen import Screen
from devnet_runner.settings import Settings, find_root, load
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

WIDTH = 19


def command(*, start: Path, environ: Mapping[str, str], form: str) -> int:
    """Show the status and return the exit code: 0 wherever the files can be read."""
    screen = Screen.of(environ)
    try:
        root = find_root(start) or _refusal().rooted(start)
        settings = load(root)
        value = status(root, settings)
    except DevnetError as error:
        code: int = _refusal().refuse(screen, error, form, "")
        return code
    if form == "json":
        dumps = importlib.import_module("json").dumps
        screen.text(dumps(value, indent=1, ensure_ascii=False) + "\n")
    else:
        screen.lines(_lines(value))
    return 0


def _refusal() -> ModuleType:
    # Loaded where something is wrong only: it brings the reports of whole runs along.
    return importlib.import_module("devnet_runner.commands.refusal")


def status(root: Path, settings: Settings) -> dict[str, Any]:
    """What the checkpoint and the progress file say; both may be missing."""
    checkpoint, progress = kept(root, settings.checkpoint), kept(root, settings.progress)
    phases = read(progress).phases if progress is not None else ()
    return {
        "project": settings.project,
        "checkpoint": dict(parse(checkpoint).values) if checkpoint is not None else None,
        "phases": [_phase(phase) for phase in phases],
        "next": _next(phases, settings),
    }


def _phase(phase: PhaseProgress) -> dict[str, Any]:
    return {
        "number": phase.number,
        "title": phase.title,
        "done": [step.number for step in phase.steps if step.done],
        "open": [step.number for step in phase.steps if not step.done],
    }


def _next(phases: tuple[PhaseProgress, ...], settings: Settings) -> str:
    for phase in phases:
        waiting = [step.number for step in phase.steps if not step.done]
        if waiting:
            return f"devnet-run phase-{phase.number} --step {waiting[0]}"
    first = min((suite.phase for suite in settings.suites if suite.phase), default="")
    return f"devnet-run phase-{first}" if first and not phases else ""


def _lines(value: dict[str, Any]) -> list[Line]:
    lines = [line(Piece(visible(value["project"]), "strong"))]
    for phase in value["phases"]:
        done, total = len(phase["done"]), len(phase["done"]) + len(phase["open"])
        text = f"{done} of {total} steps proved  {visible(phase['title'])}"
        lines.append(_row(f"phase {phase['number']}", text, "good" if done == total else ""))
    checkpoint = value["checkpoint"] or {}
    lines += [_row(key.lower().replace("_", " "), visible(text)) for key, text in checkpoint.items()]
    if not checkpoint and not value["phases"]:
        lines.append(_row("status", "nothing is proved yet"))
    nothing = "every step in the progress file is ticked" if value["phases"] else "no progress file names a step"
    return [*lines, _row("next", value["next"] or nothing, "strong")]


def _row(label: str, text: str, style: str = "") -> Line:
    return row(label, text, style, WIDTH)
