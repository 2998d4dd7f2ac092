"""Whole processes, timed against each other in turn, so that both see the same machine."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a process: its wall time in seconds, and the most memory it held, in MiB."""

    seconds: float
    memory: float


@dataclass(frozen=True, slots=True)
class Goal:
    """A measured ratio with its limit."""

    name: str
    ratio: float
    limit: float
    note: str = ""

    def line(self) -> str:
        """One line: what, measured, limit, met or missed."""
        verdict = "met" if self.ratio <= self.limit else "MISSED"
        return f"{self.name:<52} {self.ratio:6.2f}x  limit {self.limit:4.2f}x  {verdict:6}  {self.note}"


def run(argv: list[str], cwd: Path, environment: dict[str, str] | None = None) -> Ran:
    """Run a process to its end and measure it; raises where it fails."""
    # Whatever the shell says: a user's modules are compiled once, not at every start.
    variables = os.environ | {"PYTHONDONTWRITEBYTECODE": ""} | (environment or {})
    began = time.perf_counter()
    process = subprocess.Popen(argv, cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"{argv} ended with {process.returncode}: {said[-2000:].decode(errors='replace')}")
    return Ran(seconds, usage.ru_maxrss / 1024)


def compared(
    ours: list[str], baseline: list[str], cwd: Path, *, rounds: int, environment: dict[str, str] | None = None
) -> tuple[float, float]:
    """The median seconds of two commands, run in turn `rounds` times after one run of each to warm up."""
    run(ours, cwd, environment)
    run(baseline, cwd, environment)
    pairs = [(run(ours, cwd, environment).seconds, run(baseline, cwd, environment).seconds) for _ in range(rounds)]
    return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)
