"""The self-test: what a process in this confinement can still do decides on the level, not what the kernel promises."""

from __future__ import annotations

import _socket as socket  # its wrapper in Python would take longer to load than all the rest
import ctypes
import os

from devnet_runner.keeper.kernel import LIBC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NEW_USER_NAMESPACE, TRACE_ME, NO_CHANGE = 0x10000000, 0, -1
UNIX, STREAM = 1, 1


class Surroundings:
    """What the self-test tries to reach: folders that it may not write or see, a port, a process not its own."""

    def __init__(self, *, closed: tuple[str, ...], masked: tuple[str, ...], shown: tuple[str, ...],
                 scratch: str, port: int, process: int) -> None:  # fmt: skip
        self.closed, self.masked, self.shown = closed, masked, shown
        self.scratch, self.port, self.process = scratch, port, process


def leaks(around: Surroundings) -> list[str]:
    """The names of what this process can do and a test must not; `broken` where it cannot do what a test needs."""
    found = [name for name, possible in PROBES if possible(around)]
    return found if _works(around) else [*found, "broken"]


def _works(around: Surroundings) -> bool:
    name = f"{around.scratch}/probe"
    return _succeeds(_write, name) and _succeeds(os.unlink, name) and _succeeds(os.stat, around.closed[0])


def _write(name: str) -> None:
    os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _writes(around: Surroundings) -> bool:
    names = [f"{folder}/.devnet-probe-{os.urandom(6).hex()}" for folder in around.closed]
    written = [name for name in names if _succeeds(_write, name)]
    for name in written:
        os.unlink(name)
    return bool(written)


def _changes_metadata(around: Surroundings) -> bool:
    """Set mode and times of a folder to what they are: both may be left as they were."""
    folder = around.closed[0]
    status = os.stat(folder)
    times = (status.st_atime_ns, status.st_mtime_ns)
    return _succeeds(os.chmod, folder, status.st_mode & 0o7777) or _succeeds(lambda: os.utime(folder, ns=times))


def _connects(around: Surroundings) -> bool:
    def connect() -> None:
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            one.settimeout(1)
            one.connect(("127.0.0.1", around.port))
        finally:
            one.close()

    return _succeeds(connect)


def _has_local_sockets(_: Surroundings) -> bool:
    return _succeeds(lambda: socket.socket(UNIX, STREAM).close())


def _reads_environments(around: Surroundings) -> bool:
    def read() -> None:
        with open(f"/proc/{around.process}/environ", "rb") as file:
            file.read(1)

    return around.process > 0 and _succeeds(read)


def _signals(around: Surroundings) -> bool:
    return around.process > 0 and _succeeds(os.kill, around.process, 0)


def _sees_masked(around: Surroundings) -> bool:
    return any(_strangers(folder, around.shown) for folder in around.masked)


def _strangers(folder: str, shown: tuple[str, ...]) -> bool:
    """Whether a masked folder lists anything that does not lead to what is shown."""
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return any(not any(f"{path}/".startswith(f"{folder}/{name}/") for path in shown) for name in names)


def _makes_namespaces(_: Surroundings) -> bool:
    return bool(LIBC.unshare(NEW_USER_NAMESPACE) == 0)


def _is_traced(_: Surroundings) -> bool:
    return bool(LIBC.ptrace(ctypes.c_long(TRACE_ME), 0, 0, 0) == 0)


def _succeeds(act: Callable[..., object], *arguments: object) -> bool:
    try:
        act(*arguments)
    except OSError:
        return False
    return True


PROBES: tuple[tuple[str, Callable[[Surroundings], bool]], ...] = (
    ("write", _writes),
    ("metadata", _changes_metadata),
    ("connect", _connects),
    ("local-sockets", _has_local_sockets),
    ("environment", _reads_environments),
    ("signal", _signals),
    ("home", _sees_masked),
    ("namespaces", _makes_namespaces),
    ("trace", _is_traced),
)
"""Name and probe. The last two change the process that tries them, so they come last."""
