"""Commands that run, each under a supervisor of its own, and following them to their end."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from typing import IO, TYPE_CHECKING, Self

from devnet_runner.process.launch import launch
from devnet_runner.process.output import Kept, Lines
from devnet_runner.process.values import Command, Completed, Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 1 << 16
REST = 64
PAUSE = 0.05
KILLED, NOT_FOUND = -9, 127


class Running:
    """A command under its supervisor. Any thread may stop it or wait for it; leaving its `with` block stops it."""

    def __init__(self, command: Command, on_line: Callable[[str], None] | None = None) -> None:
        """Start a command; `on_line` gets each line of its output, in a thread of its own.

        Raises OSError where the system lets no further process start.
        """
        self.command = command
        self._kept = Kept(command.output_limit)
        self._lines = Lines(on_line or _unheard)
        self._fault: Exception | None = None
        self._completed: Completed | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._supervisor, self._control, self._status = launch(command)
        threading.Thread(target=self._follow, name=f"follow {command.argv[0]}", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._over.wait()

    @property
    def supervisor(self) -> int:
        """The id of the process that owns the command's tree."""
        return self._supervisor.pid

    def alive(self) -> bool:
        """Whether something of the command is still there."""
        return not self._over.is_set()

    def stop(self, grace: float | None = None) -> None:
        """Have the tree ended, `grace` seconds from now at the latest (None: the command's own); returns at once."""
        order = f"stop {self.command.grace if grace is None else grace}\n".encode()
        with self._lock, contextlib.suppress(BrokenPipeError):
            if self.alive():
                self._control.write(order)

    def wait(self, stop: threading.Event | None = None) -> Completed:
        """Wait for the end; setting `stop` ends the command from another thread, and so does Ctrl-C here.

        Raises what `on_line` raised; the command was stopped for it.
        """
        try:
            self._await(stop)
        except BaseException:
            # The tree must be gone before anybody hears of the interruption.
            self.stop()
            self._over.wait()
            raise
        if self._fault:
            raise self._fault
        assert self._completed is not None  # noqa: S101 - set before `_over` is
        return self._completed

    def _await(self, stop: threading.Event | None) -> None:
        while stop is not None and not stop.is_set():
            if self._over.wait(PAUSE):
                return
        if stop is not None:
            self.stop()
        self._over.wait()

    def _follow(self) -> None:
        said = self._read()
        self._supervisor.wait()
        self._completed = _completed(said, self._kept, time.monotonic() - self._began)
        with self._lock:
            self._over.set()
            self._control.close()

    def _read(self) -> str:
        """Take output until the supervisor tells the outcome, as then nothing of the command is left; the outcome."""
        output = self._supervisor.stdout
        assert output is not None  # noqa: S101 - a pipe, as `launch` asks for one
        with output, self._status:
            os.set_blocking(output.fileno(), False)
            for _ in self._readable(output):
                self._take(output)
            # What is left in the pipe; its end may never come, where a process that got away holds it.
            for _ in range(REST):
                if not self._take(output):
                    break
            self._tell(self._lines.end)
            return self._status.read().decode("utf-8", "replace")

    def _readable(self, output: IO[bytes]) -> Iterator[None]:
        with selectors.DefaultSelector() as sources:
            sources.register(output, selectors.EVENT_READ)
            sources.register(self._status, selectors.EVENT_READ)
            while not any(key.fileobj is self._status for key, _ in sources.select()):
                yield

    def _take(self, output: IO[bytes]) -> bytes:
        try:
            chunk = os.read(output.fileno(), CHUNK)
        except BlockingIOError:
            return b""
        self._kept.add(chunk)
        self._tell(self._lines.add, chunk)
        return chunk

    def _tell(self, tell: Callable[..., None], *said: bytes) -> None:
        try:
            tell(*said)
        except Exception as fault:  # noqa: BLE001 - the listener's, and not this thread's: `wait` raises it
            self._fault, self._lines = fault, Lines(_unheard)
            self.stop(0)


def _unheard(line: str) -> None:
    """Nobody listens."""


def _completed(said: str, kept: Kept, duration: float) -> Completed:
    """What the supervisor's last words mean; without any, it was killed."""
    ending, _, detail = said.partition(" ")
    if not ending:
        return Completed(KILLED, Ending.LOST, kept.value(), duration)
    if ending == Ending.NOT_STARTED:
        kept.add(detail.encode())
        return Completed(NOT_FOUND, Ending.NOT_STARTED, kept.value(), duration)
    state, _, code = detail.partition(" ")
    if state != "clean":
        kept.add(b"\n[a process of it could not be ended, and is still there]\n")
    return Completed(KILLED if code == "None" else int(code), Ending(ending), kept.value(), duration)


def start(command: Command, on_line: Callable[[str], None] | None = None) -> Running:
    """Start a command under a supervisor of its own, in a session of its own. Raises OSError where none can start."""
    return Running(command, on_line)


def run(
    command: Command, on_line: Callable[[str], None] | None = None, *, stop: threading.Event | None = None
) -> Completed:
    """Run a command to its end, its timeout, or until `stop` is set; its tree is gone when this returns."""
    return start(command, on_line).wait(stop)
