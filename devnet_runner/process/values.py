"""What is run and how it ended: the values of the process room."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from pathlib import Path


class Ending(StrEnum):
    """How a command ended: by itself, at its timeout, on request, never started, or unknown."""

    ENDED = "ended"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    NOT_STARTED = "not_started"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, folder and whole environment; its standard input is empty.

    `timeout` and `grace` are in seconds (None: no timeout), `output_limit` in bytes: the head and tail that are kept.
    On timeout or request the command gets `stop_signal` and `grace` to end by itself; then its whole tree is killed,
    as it is where the caller dies. `remove` are folders to delete when the tree is gone, however the caller ended.
    `user` is the pair of user and group id to run as. `held` are open descriptors that stay so, without the command
    seeing them, until the tree is gone: a lock that outlives the caller. `passed` are open descriptors for the command.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    timeout: float | None = None
    output_limit: int = 1 << 20
    stop_signal: int = signal.SIGTERM
    grace: float = 0.0
    remove: tuple[Path, ...] = ()
    user: tuple[int, int] | None = None
    held: tuple[int, ...] = ()
    passed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended.

    `exit_code` is negative for a signal, and 127 where nothing was started. `output` is standard output and error as
    they came, with its middle left out where it was too long. `duration` is in seconds.
    """

    exit_code: int
    ending: Ending
    output: bytes
    duration: float

    @property
    def text(self) -> str:
        """The output as text; bytes that are no UTF-8 are shown as escapes."""
        return self.output.decode("utf-8", "backslashreplace")


class Request(TypedDict):
    """What the supervisor is asked for: fields of a command, in types that `marshal` knows.

    `program` is the path of the program, empty where there is none.
    """

    program: str
    argv: list[str]
    cwd: str
    env: dict[str, str]
    timeout: float
    stop_signal: int
    grace: float
    remove: list[str]
    user: tuple[int, int] | None


Execute = Callable[[Command], Completed]
"""Runs a command to its end: the seam between whoever needs a process and this room."""
