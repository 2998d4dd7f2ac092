"""Starts one command and owns its whole process tree; a script of its own, started with `python -I -S`.

Why a process: on Linux only a subreaper sees every descendant, also those that left their session, and subreaping is a
property of a process, not of a thread. The caller holds the other end of standard input: when that closes, however the
caller ended, nothing is left behind.

Standard input: one JSON line (argv, cwd, env, timeout in seconds or null, stop_signal, grace in seconds, remove), then
any byte asks for a stop. The descriptor given as the only argument gets one JSON line: how the command ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LINUX = sys.platform.startswith("linux")
KILL_SECONDS = 10.0
PAUSE = 0.005


def main(status: int) -> None:
    """Run the command that standard input names, and say on `status` how it ended."""
    spec = json.loads(_read_line())
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    for name in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: None)
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    pid, failure = _spawn(spec, (wake_read, wake_write, status))
    if failure:
        said = {"cause": "not_started", "errno": failure, "exit": 127}
    else:
        cause, code = _watch(pid, spec, wake_read)
        said = {"cause": cause, "errno": 0, "exit": code}
    kill_tree(pid)
    for folder in spec["remove"]:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.write(status, json.dumps(said).encode() + b"\n")


def _read_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        # Unbuffered: what follows the line is a request to stop, and belongs to select.
        chunk = os.read(0, 1)
        if not chunk:
            sys.exit(0)
        line += chunk
    return line


def _spawn(spec: dict[str, object], close: tuple[int, ...]) -> tuple[int, int]:
    """The command's process id, and the errno where it could not be started."""
    read, write = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(spec, close, write, parent)
    os.close(write)
    said = os.read(read, 16)
    os.close(read)
    if said:
        os.waitpid(pid, 0)
    return pid, int(said or 0)


def _become(spec: dict[str, object], close: tuple[int, ...], write: int, parent: int) -> None:
    try:
        os.setsid()
        if LINUX:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        for name in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(name, signal.SIG_DFL)
        for descriptor in close:
            os.close(descriptor)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.chdir(str(spec["cwd"]))
        argv, env = spec["argv"], spec["env"]
        os.execvpe(argv[0], argv, env)  # type: ignore[index,arg-type]
    except OSError as error:
        os.write(write, str(error.errno or 1).encode())
    finally:
        os._exit(127)


def _watch(pid: int, spec: dict[str, object], wake: int) -> tuple[str, int]:
    """Wait until the command ends or must end: its cause and exit code."""
    timeout = spec["timeout"]
    deadline = None if timeout is None else time.monotonic() + float(timeout)  # type: ignore[arg-type]
    while True:
        done, code = _reaped(pid)
        if done:
            return "ended", code
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
        ready, _, _ = select.select([0, wake], [], [], left)
        stopping = 0 in ready or (wake in ready and _signalled(wake))
        if stopping or not ready:
            _ask(pid, spec)
            return ("stopped" if stopping else "timed_out"), _reaped(pid)[1]


def _signalled(wake: int) -> bool:
    """Whether one of the signals that woke us asks for a stop."""
    return any(number != signal.SIGCHLD for number in os.read(wake, 4096))


def _reaped(pid: int) -> tuple[bool, int]:
    """Whether the command has ended, and its exit code; strays that ended are buried on the way."""
    try:
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == pid:
                return True, os.waitstatus_to_exitcode(status)
            if ended == 0:
                return False, -signal.SIGKILL
    except ChildProcessError:
        return True, -signal.SIGKILL


def _ask(pid: int, spec: dict[str, object]) -> None:
    """Ask the command to end in its own way, for as long as it is given."""
    grace = float(spec["grace"])  # type: ignore[arg-type]
    if not grace:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, int(spec["stop_signal"]))  # type: ignore[call-overload]
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and not _reaped(pid)[0]:
        time.sleep(PAUSE)


def kill_tree(pid: int) -> None:
    """Kill every descendant until none is left; a tree that forks while it is killed loses in the end."""
    deadline = time.monotonic() + KILL_SECONDS
    while time.monotonic() < deadline:
        for target in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(target, signal.SIGKILL)
        if not LINUX:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        if _none_left():
            return
        time.sleep(PAUSE)


def _none_left() -> bool:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def descendants(root: int) -> list[int]:
    """The ids of every process below `root`, nearest first."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(0), [])
        found += below
        waiting += below
    return found


def _parents() -> list[tuple[int, int]]:
    if not LINUX:
        lines = os.popen("ps -A -o pid=,ppid=").read().splitlines()  # noqa: S605, S607
        return [(int(pid), int(parent)) for pid, parent in (line.split() for line in lines)]
    pairs = []
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stream:  # noqa: PTH123
                # The command's name, in parentheses, may hold blanks and parentheses of its own.
                pairs.append((int(name), int(stream.read().rpartition(b")")[2].split()[1])))
    return pairs


if __name__ == "__main__":
    main(int(sys.argv[1]))
