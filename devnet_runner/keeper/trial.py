"""One test: started in its confinement, followed, bounded, and ended with everything that descends from it."""

from __future__ import annotations

import os
import select
import signal
import time
from itertools import islice

from devnet_runner.keeper.folders import larger
from devnet_runner.keeper.kernel import enter_new_pid_namespace
from devnet_runner.keeper.processes import below, end_all, kill, kill_group, memory, own_number, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, TypedDict

    from devnet_runner.keeper.confinement import Confinement

    class Order(TypedDict):
        """A test to run: the program with its arguments, whole environment, and seconds that it may take."""

        argv: list[str]
        env: dict[str, str]
        timeout: float


DEFAULTS = (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
TICK = 0.005  # seconds between two looks at the number of processes, which a fork bomb doubles in a few
CHUNK = 1 << 16
MOST_PROCESSES, MOST_MEMORY = 256, 2 << 30
KEPT, MOST_OUTPUT = 1 << 16, 4 << 20  # bytes
ENDED, TIMED_OUT, NOT_STARTED = "ended", "timed_out", "not_started"
TOO_MUCH_OUTPUT, TOO_MANY_PROCESSES, TOO_MUCH_MEMORY, TOO_MUCH_WRITTEN = "output", "processes", "memory", "written"
REST = 0.05  # seconds between two looks at the scratch folder
MOST_WRITTEN = 256 << 20


class Output:
    """The head and the tail of what a test prints, within a limit."""

    def __init__(self) -> None:
        self.head, self.tail, self.total = b"", b"", 0

    def take(self, source: int) -> bool:
        """Take what is there; whether there was anything."""
        try:
            chunk = os.read(source, CHUNK)
        except BlockingIOError:
            return False
        room = KEPT // 2 - len(self.head)
        self.head += chunk[:room]
        self.tail = (self.tail + chunk[room:])[-KEPT // 2 :] if len(chunk) > room else self.tail
        self.total += len(chunk)
        return bool(chunk)

    def value(self) -> bytes:
        """What is kept, with a note of what was left out between."""
        left_out = self.total - len(self.head) - len(self.tail)
        note = b"\n[%d bytes of output left out]\n" % left_out if left_out else b""
        return self.head + note + self.tail


class Trial:
    """A test that runs. `own` is a descriptor of this process's namespace where each test has a tree of its own."""

    def __init__(self, order: Order, confinement: Confinement, own: int | None) -> None:
        self.output, self.own, self.status, self.over = Output(), own, 0, False
        self.scratch, self.measured = order["env"].get("TMPDIR", ""), time.monotonic()
        self.deadline = self.measured + order["timeout"]
        self.process, self.fault = 0, b""
        self.source, target = os.pipe()
        try:
            if own is not None:
                enter_new_pid_namespace(own)
            self.process, self.fault = (_spawn if confinement.inherited else _fork)(order, confinement, target)
        except (OSError, ValueError) as error:
            self.fault = str(error).encode("utf-8", "replace")
        finally:
            os.close(target)
        os.set_blocking(self.source, False)

    def end(self) -> str:
        """Follow the test to its end, or end it at a limit; how it ended. Nothing of it is left then."""
        ending = NOT_STARTED if self.fault else self._until_over()
        # A group dies at once; the first process of a tree that forks without end may wait long for its turn to die.
        if self.process:
            kill_group(self.process)
        if self.process and not self.over:
            kill(self.process)
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        # In a tree of its own everything has ended with the first process; elsewhere an orphan is ours.
        if self.own is None and not end_all():
            ending = TOO_MANY_PROCESSES
        while self.output.total < 2 * MOST_OUTPUT and self.output.take(self.source):
            pass
        os.close(self.source)
        return ending

    def _until_over(self) -> str:
        handle = os.pidfd_open(self.process) if hasattr(os, "pidfd_open") else -1
        try:
            return self._followed(handle)
        finally:
            if handle >= 0:
                os.close(handle)

    def _followed(self, handle: int) -> str:
        """Wait for the end of the first process; the end of its output may never come, where another holds it."""
        ready = select.poll()
        ready.register(self.source, select.POLLIN)
        if handle >= 0:
            ready.register(handle, select.POLLIN)
        looked, closed = time.monotonic(), False
        while True:
            events = dict(ready.poll(1 if handle < 0 and closed else TICK * 1000))
            if handle in events or (handle < 0 and self._exited()):
                return ENDED
            if self.source in events and not self.output.take(self.source):
                ready.unregister(self.source)
                closed = True
            now = time.monotonic()
            if now >= self.deadline:
                return TIMED_OUT
            if self.output.total > MOST_OUTPUT:
                return TOO_MUCH_OUTPUT
            if now - looked >= TICK:
                looked = now
                if limit := over_limit(alone=self.own is not None) or self._too_large(now):
                    return limit

    def _too_large(self, now: float) -> str:
        """Whether the scratch folder has grown too large, looked at now and then where the system does not bound it."""
        if self.own is not None or now - self.measured < REST:
            return ""
        self.measured = now
        return TOO_MUCH_WRITTEN if larger(self.scratch, MOST_WRITTEN) else ""

    def _exited(self) -> bool:
        """Whether the first process has ended, asked where the system has no handle that would say so."""
        ended, status = os.waitpid(self.process, os.WNOHANG)
        self.over = ended != 0
        self.status = os.waitstatus_to_exitcode(status) if self.over else 0
        return self.over


def over_limit(*, alone: bool) -> str:
    """The limit that the processes of the running test pass together; empty where they pass none.

    `alone`: all that can be seen belongs to it, so that one look at the list is enough.
    """
    found = visible() if alone else list(islice(below(own_number()), MOST_PROCESSES + 1))
    if len(found) > MOST_PROCESSES:
        return TOO_MANY_PROCESSES
    return TOO_MUCH_MEMORY if sum(map(memory, found)) > MOST_MEMORY else ""


def _spawn(order: Order, _: Confinement, target: int) -> tuple[int, bytes]:
    """Start a test whose confinement is this process's own, without a copy of this process."""
    files = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, target, 1),
             (os.POSIX_SPAWN_DUP2, target, 2)]  # fmt: skip
    argv = order["argv"]
    return os.posix_spawn(argv[0], argv, order["env"], file_actions=files, setsid=True, setsigdef=DEFAULTS), b""


def _fork(order: Order, confinement: Confinement, target: int) -> tuple[int, bytes]:
    """Start a test that gives up its rights itself; the process, and the reason why it did not become the test."""
    report, fault = os.pipe()
    process = os.fork() or _become(order, confinement, target, fault)
    os.close(fault)
    with os.fdopen(report, "rb") as source:
        return process, source.read()


def _become(order: Order, confinement: Confinement, target: int, fault: int) -> NoReturn:
    """Turn into the test, in the child process; say on `fault` why not, where that fails: it must not run as we do."""
    try:
        os.setsid()
        for number in DEFAULTS:
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(target, 1)
        os.dup2(target, 2)
        confinement.enter()
        os.execve(order["argv"][0], order["argv"], order["env"])  # noqa: S606 - the test itself
    except (OSError, ValueError) as error:
        os.write(fault, str(error).encode("utf-8", "replace")[:4096])
    finally:
        os._exit(127)
