"""The process tree of one test: counted while it runs, and ended to the last process."""

from __future__ import annotations

import os
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 10.0  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE")


def own_number() -> int:
    """This process as /proc names it, which may be another number than it has in its own process tree."""
    try:
        return int(os.readlink("/proc/self"))
    except OSError:
        return os.getpid()


def visible() -> list[int]:
    """Every process that /proc lists."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def below(process: int) -> Iterator[int]:
    """Every process below one, parents first, as far as it can be seen at this moment (Linux)."""
    waiting = [process]
    while waiting:
        found = list(_children(waiting.pop()))
        yield from found
        waiting += found


def _children(process: int) -> Iterator[int]:
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as file:
                yield from map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return


def memory(process: int) -> int:
    """The bytes of memory that a process has in use; 0 where it is gone."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


def end_all() -> bool:
    """Kill what descends from this process until the kernel says that none is left; whether that came about."""
    began = time.monotonic()
    while not _reaped():
        for process in list(below(own_number())):
            kill(process)
        if time.monotonic() - began > PATIENCE:
            return False
        time.sleep(0.0005)
    return True


def _reaped() -> bool:
    """Take notice of every process that has ended; whether none is left."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return True
    return False


def kill(process: int) -> None:
    """Kill a process; one that is gone, or another user's, is not ours to end."""
    try:
        os.kill(process, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_group(leader: int) -> None:
    """Kill the group of a process that is not yet waited for, so that its number is still its own."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
