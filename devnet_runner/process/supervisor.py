"""Owns the process tree of one command, ends all of it, and outlives the runner for long enough to do so.

One process for each command, as it adopts every orphan. The end of the pipe for orders means a dead runner.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False  # importing `typing` would take as long as all the rest before the command starts
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import NoReturn

    from devnet_runner.process.values import Request

LINUX = sys.platform == "linux"
LISTED = os.path.exists("/proc/thread-self/children")  # noqa: PTH110 - of processes; not every kernel has it
SET_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36  # options of prctl(2)
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PATIENCE, LONGEST_WAIT = 10.0, 3600.0  # seconds


def prctl(option: int, argument: int) -> None:
    """Set a property of this process, where the system has it."""
    if LINUX:
        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


class Orders:
    """What the runner and signals ask for; each order is a grace in seconds."""

    def __init__(self, control: int, grace: float) -> None:
        self.grace = grace
        self.wake, awaken = os.pipe()
        self.sources = [self.wake, control]
        os.set_blocking(awaken, False)
        signal.set_wakeup_fd(awaken, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *STOPPING):
            signal.signal(number, lambda *_: None)

    def next(self, timeout: float) -> float | None:
        """Wait for an order, for the end of a child, or for `timeout` seconds."""
        ready = select.select(self.sources, [], [], max(0.0, min(timeout, LONGEST_WAIT)))
        said = {source: os.read(source, 4096) for source in ready[0]}
        signals = said.pop(self.wake, b"")
        for control, order in said.items():
            if order:
                return float(order.split()[-1])
            self.sources.remove(control)
        return self.grace if said or set(signals) & set(STOPPING) else None


class Tree:
    """The process of the command and everything that descends from it."""

    main = 0
    exit_code: int | None = None

    def start(self, request: Request) -> str:
        """Start the program; the reason why not, where it cannot be."""
        reader, writer = os.pipe()
        self.main = os.fork() or become(request, writer)
        os.close(writer)
        return os.read(reader, 4096).decode("utf-8", "replace")

    def reap(self) -> bool:
        """Take notice of every process that has ended; whether none is left."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                if ended[0] == self.main:
                    self.exit_code = os.waitstatus_to_exitcode(ended[1])
        except ChildProcessError:
            return True
        return False

    def end(self) -> bool:
        """Kill until the kernel says that none is left, as a list misses one that forks; whether that came about."""
        began = time.monotonic()
        if not LINUX:
            kill(-self.main, signal.SIGKILL)  # an orphan is not seen there, but its process group is
        while not self.reap():
            for pid in list(descendants(os.getpid(), in_proc if LISTED else in_ps())):
                kill(pid, signal.SIGKILL)
            if time.monotonic() - began > PATIENCE:
                return False
            time.sleep(0.0005)
        return True


def become(request: Request, report: int) -> NoReturn:
    """Turn into the program of the command, in the child process; say on `report` why not, where that fails."""
    subject = request["cwd"]
    try:
        os.setsid()
        for number in (signal.SIGPIPE, *STOPPING):
            signal.signal(number, signal.SIG_DFL)
        if user := request["user"]:
            os.setgroups([])
            os.setgid(user[1])
            os.setuid(user[0])
        # The end is a graceful one also where the supervisor itself is killed.
        prctl(SET_DEATH_SIGNAL, request["stop_signal"] if request["grace"] else signal.SIGKILL)
        os.chdir(subject)
        subject = request["argv"][0]
        os.execve(request["program"], request["argv"], request["env"])  # noqa: S606 - the command asked for, no shell
    except (OSError, ValueError) as error:
        os.write(report, f"{subject}: {getattr(error, 'strerror', error)}".encode("utf-8", "replace"))
    finally:
        os._exit(127)


def kill(pid: int, number: int) -> None:
    """Send a signal; a process that is gone, or another user's, is not ours to end."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def descendants(pid: int, children: Callable[[int], Iterable[int]]) -> Iterator[int]:
    """Every process below one, parents first, as far as it can be seen at this moment."""
    for child in children(pid):
        yield child
        yield from descendants(child, children)


def in_proc(pid: int) -> Iterator[int]:
    """The children of a process, of each of its threads (Linux)."""
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:  # noqa: PTH123
                yield from map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return


def in_ps() -> Callable[[int], Iterable[int]]:
    """The same from one list of all processes."""
    pairs = [tuple(map(int, line.split())) for line in os.popen("ps -A -o pid= -o ppid=")]  # noqa: S605, S607
    return lambda wanted: [pid for pid, parent in pairs if parent == wanted]


def until_over(tree: Tree, orders: Orders, limit: float) -> tuple[str, float]:
    """Wait for what ends a command first: itself, its time limit, or an order; and the grace that it then has."""
    deadline = time.monotonic() + limit
    while True:
        grace = orders.next(deadline - time.monotonic())
        tree.reap()
        if tree.exit_code is not None:
            return "ended", 0.0
        if grace is not None:
            return "stopped", grace
        if time.monotonic() >= deadline:
            return "timed_out", orders.grace


def ask(tree: Tree, orders: Orders, number: int, grace: float) -> None:
    """Ask the program to end, and wait for that; a later order may shorten its grace, the runner's death does not."""
    kill(tree.main, number)
    deadline = time.monotonic() + grace
    while tree.exit_code is None and time.monotonic() < deadline:
        order = orders.next(deadline - time.monotonic())
        tree.reap()
        deadline = min(deadline, time.monotonic() + (grace if order is None else order))


def supervise(request: Request, control: int) -> str:
    """Run a command to its end; the line that tells its outcome."""
    tree, orders = Tree(), Orders(control, request["grace"])
    if fault := tree.start(request):
        tree.end()
        return f"not_started {fault}"
    ending, grace = until_over(tree, orders, request["timeout"])
    if grace:
        ask(tree, orders, request["stop_signal"], grace)
    return f"{ending} {'clean' if tree.end() else 'left'} {tree.exit_code}"


def main(control: int, status: int, *held: int) -> None:
    """Carry out a request and tell its outcome; the named folders go last, when nobody uses them."""
    for descriptor in (control, status, *held):
        os.set_inheritable(descriptor, False)
    request: Request = marshal.load(sys.stdin.buffer)  # noqa: S302 - from our own runner
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    prctl(SET_CHILD_SUBREAPER, 1)
    outcome = supervise(request, control)
    if request["remove"]:
        os.spawnvpe(os.P_WAIT, "rm", ["rm", "-rf", "--", *request["remove"]], {"PATH": os.defpath})  # noqa: S606
    os.write(status, outcome.encode())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
