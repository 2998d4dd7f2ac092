"""What is run and how it ended: the values of the process room."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TMPDIR", "TZ", "SHELL", "SYSTEMROOT", "NODE_EXTRA_CA_CERTS")
"""Variables that every command gets where they are set, beside LC_*: a place to find programs, a home, a locale."""


class Ending(StrEnum):
    """How a command ended: by itself, at its timeout, on request, or never started."""

    ENDED = "ended"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, folder and whole environment.

    `timeout` and `grace` are in seconds (None: no timeout). On timeout or request the command gets `stop_signal` and
    `grace` to end by itself; then its whole tree is killed. `output_limit` is in bytes: the head and tail that are
    kept. `remove` are folders to delete when the tree is gone, however the caller ended.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    timeout: float | None = None
    output_limit: int = 1 << 20
    stop_signal: int = signal.SIGTERM
    grace: float = 0.0
    remove: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended. `exit_code` is negative for a signal; `output` is standard output and error as they came."""

    exit_code: int
    ending: Ending
    output: bytes
    duration: float


Execute = Callable[[Command], Completed]
"""Runs a command to its end: the seam between whoever needs a process and this room."""


def minimal_environment(environ: Mapping[str, str], names: tuple[str, ...] = ()) -> dict[str, str]:
    """The few variables every command gets, and those that are named; nothing else, so no secret by accident."""
    kept = {name: value for name, value in environ.items() if name in PASSED_ON or name.startswith("LC_") or name in names}
    return {"TERM": "dumb"} | kept
