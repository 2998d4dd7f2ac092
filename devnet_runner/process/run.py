"""Running a command under a supervisor: the one place of the project that starts processes."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet_runner.process.values import Command, Completed, Ending

if TYPE_CHECKING:
    import threading

SUPERVISOR = Path(__file__).with_name("supervisor.py")
POLL = 0.1
CHUNK = 1 << 16


class Kept:
    """Output within a limit: the head and the tail, with a note of what was dropped between."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head = b""
        self._tail = b""
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        """Take more output."""
        room = self._half - len(self._head)
        self._head, rest = self._head + chunk[:room], chunk[room:] if room > 0 else chunk
        self._tail += rest
        over = len(self._tail) - self._half
        if over > self._half:
            self._dropped += over
            self._tail = self._tail[over:]

    def value(self) -> bytes:
        """What is kept."""
        note = b"\n[... %d bytes dropped ...]\n" % self._dropped if self._dropped else b""
        return self._head + note + self._tail


@dataclass(slots=True)
class Running:
    """A command under its supervisor. `stop` may be called from any thread; `wait` from one."""

    command: Command
    _supervisor: subprocess.Popen[bytes]
    _status: int
    _began: float = field(default_factory=time.monotonic)
    _asked: bool = False

    def stop(self) -> None:
        """Ask the supervisor to end the command and its tree; returns at once."""
        if self._asked or self._supervisor.stdin is None:
            return
        self._asked = True
        with contextlib.suppress(OSError):
            self._supervisor.stdin.write(b"s")
            self._supervisor.stdin.flush()

    def alive(self) -> bool:
        """Whether the command's supervisor is still there."""
        return self._supervisor.poll() is None

    def wait(self, stop: threading.Event | None = None) -> Completed:
        """Wait for the end, reading output; setting `stop` ends the command from another thread."""
        kept = Kept(self.command.output_limit)
        try:
            said = self._read(kept, stop)
        except BaseException:
            # Ctrl-C while waiting: the tree must be gone before anybody hears of it.
            self.stop()
            self._read(kept, None)
            raise
        finally:
            self._close()
        ending = Ending(str(said.get("cause", "stopped")))
        if ending is Ending.NOT_STARTED:
            kept.add(f"{self.command.argv[0]}: {os.strerror(int(said['errno']))}".encode())
        return Completed(int(said.get("exit", -9)), ending, kept.value(), time.monotonic() - self._began)

    def _read(self, kept: Kept, stop: threading.Event | None) -> dict[str, Any]:
        """Read output until the supervisor has said how it ended; a daemon may hold the pipe open for ever."""
        output = self._supervisor.stdout
        assert output is not None
        sources = [output.fileno(), self._status]
        said = b""
        while not said.endswith(b"\n"):
            ready, _, _ = select.select(sources, [], [], POLL)
            if stop is not None and stop.is_set():
                self.stop()
            if output.fileno() in ready and not _take(output.fileno(), kept):
                sources.remove(output.fileno())
            if self._status in ready:
                chunk = os.read(self._status, CHUNK)
                said += chunk or b"{}\n"
        while output.fileno() in sources and select.select([output.fileno()], [], [], 0)[0]:
            if not _take(output.fileno(), kept):
                break
        value: dict[str, Any] = json.loads(said)
        return value

    def _close(self) -> None:
        for stream in (self._supervisor.stdin, self._supervisor.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._supervisor.wait()
        os.close(self._status)


def _take(descriptor: int, kept: Kept) -> bool:
    chunk = os.read(descriptor, CHUNK)
    kept.add(chunk)
    return bool(chunk)


def start(command: Command) -> Running:
    """Start a command under a supervisor of its own, in a session of its own."""
    read, write = os.pipe()
    argv = [sys.executable, "-I", "-S", str(SUPERVISOR), str(write)]
    supervisor = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(write,),
        start_new_session=True,
        cwd="/",
    )
    os.close(write)
    spec = {
        "argv": list(command.argv),
        "cwd": str(command.cwd),
        "env": dict(command.env),
        "timeout": command.timeout,
        "stop_signal": int(command.stop_signal),
        "grace": command.grace,
        "remove": [str(folder) for folder in command.remove],
    }
    assert supervisor.stdin is not None
    supervisor.stdin.write(json.dumps(spec).encode() + b"\n")
    supervisor.stdin.flush()
    return Running(command, supervisor, read)


def run(command: Command, stop: threading.Event | None = None) -> Completed:
    """Run a command to its end, its timeout, or until `stop` is set; its tree is gone when this returns."""
    return start(command).wait(stop)
