"""Keepers: processes inside the sandbox that run one test after the other, each driven by one thread here."""

from __future__ import annotations

import marshal
import os
import select
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet_runner.process import Command, start
from devnet_runner.sandbox.bubblewrap import wrapped
from devnet_runner.sandbox.layout import PACKAGE, SCRATCH
from devnet_runner.sandbox.values import Ended, Ending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devnet_runner.sandbox.layout import Layout
    from devnet_runner.sandbox.values import Trial

BUBBLEWRAP, LANDLOCK, NOTHING = "bubblewrap", "landlock", "nothing"
PROGRAM = "import sys; sys.path.insert(0, {!r}); from devnet_runner.keeper.main import main; main({}, {})"
READY, GRACE = 10.0, 5.0  # seconds: to start, and beyond a test's own timeout
LINE = 512


class Unkept(Exception):
    """A keeper that could not start, or that is lost; the message says why."""


@dataclass(frozen=True, slots=True)
class Around:
    """What keepers are made from: the backend, bubblewrap's program, and what the self-test tries to reach."""

    backend: str
    bubblewrap: str
    layout: Layout
    environ: Mapping[str, str]
    port: int

    def closed(self) -> tuple[str, ...]:
        """Folders that no test may write, the project's own first."""
        return tuple(path for path in (self.layout.root, "/", "/dev/shm", *self.layout.masked) if os.path.isdir(path))  # noqa: PTH112, S108


class Keeper:
    """One keeper; `close` ends it. It is `spent` where its scratch folder could not be emptied for another trial."""

    def __init__(self, around: Around) -> None:
        """Begin to start a keeper; `ready` waits until it is. Raises OSError where no process can be started."""
        own = around.backend != BUBBLEWRAP
        self.scratch = tempfile.mkdtemp(prefix="devnet-scratch-") if own else SCRATCH
        self._environment = around.layout.environment(self.scratch, around.environ)
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._read = b""
        self.spent = False
        try:
            program = PROGRAM.format(str(PACKAGE), orders, answers)
            argv: tuple[str, ...] = (sys.executable, "-I", "-S", "-c", program)
            if not own:
                argv = wrapped(around.bubblewrap, around.layout, argv)
            remove = (Path(self.scratch),) if own else ()
            env = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
            self._running = start(Command(argv, Path("/"), env, remove=remove, passed=(orders, answers)))
        except BaseException:
            os.close(self._orders)
            os.close(self._answers)
            if own:
                shutil.rmtree(self.scratch, ignore_errors=True)
            raise
        finally:
            os.close(orders)
            os.close(answers)
        self._order(_setup(around, self.scratch))

    def stop(self) -> None:
        """End the keeper and everything that it runs; returns at once."""
        self._running.stop(0)

    def close(self) -> None:
        """End the keeper and wait until nothing of it is left; no other thread may be using it."""
        self.stop()
        self._running.wait()
        for descriptor in (self._orders, self._answers):
            os.close(descriptor)

    def ready(self) -> tuple[str, ...]:
        """What the self-test found that a test could do and must not. Raises Unkept where the keeper cannot start."""
        word, *found = self._line(READY).split(" ", 1)
        rest = found[0] if found else ""
        if word != "ready":
            raise Unkept(rest or word)
        return tuple(rest.split())

    def run(self, trial: Trial) -> Ended:
        """Run one trial to its end. Raises Unkept where the keeper was lost, or cannot take another one."""
        argv = ["/bin/sh", "-c", trial.command]
        environment = {**self._environment, **trial.variables}
        self._order({"argv": argv, "env": environment, "timeout": float(trial.timeout)})
        ending, status, seconds, scratch, length = self._line(trial.timeout + GRACE).split(" ")
        self.spent = scratch != "clean"
        output = self._bytes(int(length), GRACE).decode("utf-8", "backslashreplace")
        return Ended(Ending(ending), int(status), output, float(seconds))

    def _order(self, order: dict[str, Any]) -> None:
        # A keeper that has ended says so by the end of its answers.
        with suppress(BrokenPipeError):
            data = memoryview(marshal.dumps(order))
            while data:
                data = data[os.write(self._orders, data) :]

    def _line(self, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while b"\n" not in self._read:
            self._more(deadline)
        line, _, self._read = self._read.partition(b"\n")
        return line.decode("utf-8", "replace")

    def _bytes(self, length: int, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        while len(self._read) < length:
            self._more(deadline)
        found, self._read = self._read[:length], self._read[length:]
        return found

    def _more(self, deadline: float) -> None:
        if not select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise Unkept("it did not answer in time")
        if not (chunk := os.read(self._answers, 1 << 16)):
            said = self._running.wait().text.strip()
            raise Unkept(said.splitlines()[-1][:LINE] if said else "it ended without a word")
        self._read += chunk


def _setup(around: Around, scratch: str) -> dict[str, Any]:
    return {
        "backend": around.backend,
        "root": around.layout.root,
        "scratch": scratch,
        "closed": list(around.closed()),
        "masked": list(around.layout.masked),
        "shown": [*around.layout.shown, scratch],
        "port": around.port,
        "process": os.getpid(),
    }
