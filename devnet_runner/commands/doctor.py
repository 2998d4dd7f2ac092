"""`devnet-run doctor`: what this machine lacks for this repository, and how to get it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from devnet_runner.commands.standards_choice import every_standard, text_of
from devnet_runner.errors import PASSED, STOPPED, DevnetError
from devnet_runner.includes import top_of
from devnet_runner.machine import Check, State, examine
from devnet_runner.plan_tree import candidates
from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.screen import Screen
from devnet_runner.settings import Settings, find_root, load
from devnet_runner.shell import read_command
from devnet_runner.shell.missing import BUILTINS
from devnet_runner.standards import read_standard
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FORMAT = "devnet-doctor/1"
SIGNS = {State.GOOD: ("ok", "good"), State.NOTE: ("note", "warn"), State.MISSING: ("missing", "bad")}


def command(*, start: Path, environ: Mapping[str, str], form: str) -> int:
    """Look at the machine; 0 where nothing that is needed is missing, else 3."""
    screen = Screen.of(environ)
    root = find_root(start) or top_of(start) or start
    settings, checks = _project(root)
    checks += examine(root, settings, environ, _calls(root, settings))
    code = STOPPED if any(check.state is State.MISSING for check in checks) else PASSED
    if form == "json":
        values = [{"name": one.name, "state": str(one.state), "what": one.what, "fix": one.fix} for one in checks]
        value = {"format": FORMAT, "exit_code": code, "checks": values}
        screen.text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    else:
        screen.lines(list(_lines(checks)))
    return code


def _project(root: Path) -> tuple[Settings, list[Check]]:
    """The settings, and what there is to say of the project's own files; defaults where settings are wrong."""
    try:
        settings = load(root)
        phases = len(candidates(root, settings.plan))
    except DevnetError as error:
        faults = [Check("settings", State.MISSING, str(one), one.fix) for one in error.findings]
        return Settings(), faults
    checks = []
    if not (root / settings.path).is_file():
        checks.append(Check("settings", State.NOTE, "there is no devnet.yaml: defaults are used", "devnet-run init"))
    if phases:
        checks.append(Check("plan", State.GOOD, f"{phases} phases"))
    else:
        what = f"{settings.plan}/ holds no phase document"
        checks.append(Check("plan", State.NOTE, what, "write phase-1-title.md there, or set `plan` in devnet.yaml"))
    return settings, checks


def _calls(root: Path, settings: Settings) -> set[str]:
    """The programs that the tests of standards call; what cannot be read calls none, which `standards check` tells."""
    try:
        files = every_standard(root, settings)
        found = [test for file in files for test in read_standard(text_of(root, file), file)[0]]
    except DevnetError:
        return set()
    return {name for test in found for name in read_command(test.command).names if name not in BUILTINS}


def _lines(checks: list[Check]) -> Iterator[Line]:
    for check in checks:
        word, style = SIGNS[check.state]
        yield line(Piece(f"  {word:<8} ", style), Piece(f"{visible(check.name)}  ", "strong"), visible(check.what))
        if check.fix and check.state is not State.GOOD:
            yield line("           ", Piece("get it   ", "dim"), visible(check.fix))
    missing = sum(check.state is State.MISSING for check in checks)
    said = f"{missing} missing" if missing else "nothing that is needed is missing"
    yield row("doctor", said, "bad" if missing else "good")
