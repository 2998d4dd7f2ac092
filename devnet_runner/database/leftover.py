"""A server that outlived its run: recognised by its data folder, and ended by its process id."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from devnet_runner.process import Command, run

PROCESSES = Path("/proc")
SECONDS = 10.0
PAUSE = 0.02


def stop_server(data: Path) -> None:
    """End the server that runs in a data folder; nothing where there is none, or where the process is another's."""
    pid = _server_of(data)
    for number in (signal.SIGINT, signal.SIGKILL):
        deadline = time.monotonic() + SECONDS
        if pid and _runs_in(pid, data):
            os.kill(pid, number)
        while pid and _runs_in(pid, data) and time.monotonic() < deadline:
            time.sleep(PAUSE)


def _server_of(data: Path) -> int:
    """The process id that a server wrote down in its data folder; 0 where there is none."""
    try:
        first = (data / "postmaster.pid").read_text(encoding="ascii").partition("\n")[0]
    except (FileNotFoundError, UnicodeDecodeError):
        return 0
    return int(first) if first.isdigit() else 0


def _runs_in(pid: int, data: Path) -> bool:
    """Whether a process is a server of this data folder: ids are used again, and only this tells."""
    if (PROCESSES / "self").exists():
        try:
            return (PROCESSES / str(pid) / "cwd").readlink() == data.resolve()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return False
    asked = Command(("ps", "-p", str(pid), "-o", "command="), Path("/"), {"PATH": os.defpath}, SECONDS)
    return str(data) in run(asked).text
