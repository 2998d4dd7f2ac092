"""Starts the supervisor of a command: the one place of the project that starts processes."""

from __future__ import annotations

import contextlib
import marshal
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from devnet_runner.process.values import Request

if TYPE_CHECKING:
    from devnet_runner.process.values import Command

SUPERVISOR = Path(__file__).with_name("supervisor.py")
Supervised = tuple["subprocess.Popen[bytes]", IO[bytes], IO[bytes]]


def launch(command: Command) -> Supervised:
    """Start a command's supervisor; the process, the pipe for orders to it, and the pipe that tells the outcome.

    Only this process holds the writing end of the orders, so that its end tells the supervisor of our death; it is in
    a session of its own, so that Ctrl-C at the terminal reaches us alone. Its environment is the command's: a command
    may read that of its parents. Raises OSError where no process can be started.
    """
    orders, control = os.pipe()
    outcome, status = os.pipe()
    argv = [sys.executable, "-I", "-S", str(SUPERVISOR), *map(str, (orders, status, *command.held))]
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(orders, status, *command.held, *command.passed),
            env=dict(command.env),
            cwd="/",
            start_new_session=True,
        )
    except BaseException:
        os.close(control)
        os.close(outcome)
        raise
    finally:
        os.close(orders)
        os.close(status)
    _request(process, command)
    return process, os.fdopen(control, "wb", buffering=0), os.fdopen(outcome, "rb", buffering=0)


def _request(process: subprocess.Popen[bytes], command: Command) -> None:
    request = Request(
        program=_program(command),
        argv=list(command.argv),
        cwd=str(command.cwd),
        env=dict(command.env),
        timeout=math.inf if command.timeout is None else float(command.timeout),
        stop_signal=int(command.stop_signal),
        grace=float(command.grace),
        remove=[str(folder) for folder in command.remove],
        user=command.user,
    )
    assert process.stdin is not None  # noqa: S101 - a pipe, as asked for
    # A supervisor that was killed at once says so by the end of its status.
    with contextlib.suppress(BrokenPipeError), process.stdin as stream:
        stream.write(marshal.dumps(dict(request)))


def _program(command: Command) -> str:
    """The path of a command's program, found here since the one that runs it may no longer read its own libraries."""
    name = command.argv[0]
    if "/" in name:
        return name
    folders = (str(command.cwd / folder) for folder in command.env.get("PATH", os.defpath).split(":"))
    return shutil.which(name, path=":".join(folders)) or ""
