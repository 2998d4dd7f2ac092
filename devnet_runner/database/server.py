"""A private server for one run: made, started, and gone with the run, whatever ends it."""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import socket
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from devnet_runner.database.address import Address
from devnet_runner.database.folders import Folder, run_folder
from devnet_runner.database.programs import CHOICE, ENVIRONMENT, Programs
from devnet_runner.database.session import answers
from devnet_runner.errors import EnvironmentStopped
from devnet_runner.findings import Finding, Place
from devnet_runner.process import Command, Running, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What sockaddr_un holds, without the final zero.
LONGEST_SOCKET = 107 if sys.platform == "linux" else 103
SOCKET = ".s.PGSQL.5432"
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
PAUSE = 0.005
TAIL = 1500
BUILTIN_LOCALE_SINCE = 17
# Nothing here survives the run, so nothing has to survive a crash; and little is kept, as memory is dear.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
}


@dataclass(frozen=True, slots=True)
class Door:
    """How a server is reached: through a socket in a private folder, else by a port and password on this machine."""

    socket: Path | None = None
    port: int = 5432
    password: str = ""

    @property
    def address(self) -> Address:
        """Where its first database is."""
        if self.socket:
            return Address.parse(f"postgresql://postgres@/postgres?host={quote(str(self.socket))}&port={self.port}")
        return Address.parse(f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres")

    @property
    def settings(self) -> dict[str, str]:
        """The server's settings for it."""
        if self.socket:
            return {"listen_addresses": "", "unix_socket_directories": str(self.socket)}
        return {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(self.port)}


def door_of(folder: Path) -> Door:
    """A socket in `folder` where its path is short enough for one, else a port that is free now."""
    inside = folder / "s"
    if len(os.fsencode(inside / SOCKET)) <= LONGEST_SOCKET:
        return Door(inside)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Door(None, probe.getsockname()[1], secrets.token_urlsafe(18))


@contextmanager
def served(programs: Programs, base: Path, temporary: Path) -> Iterator[Address]:
    """Run a server of its own below `base`, ready for connections; its folder goes with it.

    Programs that have to be copied are put below `temporary`, as a memory file system may run none.
    Raises EnvironmentStopped, with what the programs said, where it cannot be started.
    """
    with ExitStack() as stack:
        folders = [stack.enter_context(run_folder(base))]
        if not programs.version:
            folders.append(stack.enter_context(run_folder(temporary)))
            programs = programs.copied(folders[1].path / "programs")
        door = door_of(folders[0].path)
        _furnish(folders[0].path, door, programs)
        running = stack.enter_context(start(_command(programs, folders, door)))
        _wait_until_ready(running, door)
        yield door.address


def _furnish(folder: Path, door: Door, programs: Programs) -> None:
    """Make what the server's account needs to find, and may enter."""
    with os.fdopen(os.open(folder / "password", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(door.password)
    for name in ("data", "s"):
        (folder / name).mkdir(mode=0o700)
    if user := programs.account.user:
        for name in ("data", "s", "password"):
            os.chown(folder / name, *user)


def _command(programs: Programs, folders: list[Folder], door: Door) -> Command:
    """The making of the data folder and then the server, as one command: it stops and cleans up at either."""
    folder = folders[0].path
    data = str(folder / "data")
    make = [str(programs.folder / "initdb"), "--pgdata", data, "--username=postgres", "--encoding=UTF8", "--no-sync"]
    make += [*_locale(programs.version), *_authentication(folder, door)]
    settings = [part for name, value in (FAST | door.settings).items() for part in ("-c", f"{name}={value}")]
    serve = [str(programs.folder / "postgres"), "-D", data, *settings]
    return Command(
        programs.command("sh", "-c", f"umask 077; {shlex.join(make)} && exec {shlex.join(serve)}"),
        folder,
        ENVIRONMENT,
        stop_signal=signal.SIGINT,
        grace=STOP_SECONDS,
        remove=tuple(one.path for one in folders),
        user=programs.account.user,
        held=tuple(one.lock for one in folders),
    )


def _locale(version: str) -> tuple[str, ...]:
    """The same order of texts on every machine, with letters of all languages where the server brings its own."""
    if int(version.partition(".")[0]) >= BUILTIN_LOCALE_SINCE:
        return ("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--no-locale",)


def _authentication(folder: Path, door: Door) -> tuple[str, ...]:
    """Whoever may enter the private folder of the socket may be anybody; a port needs a password."""
    if door.socket:
        return ("--auth=trust",)
    return ("--auth=scram-sha-256", f"--pwfile={folder / 'password'}")


def _wait_until_ready(running: Running, door: Door) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while running.alive() and time.monotonic() < deadline:
        if (door.socket is None or (door.socket / SOCKET).exists()) and answers(door.address):
            return
        time.sleep(PAUSE)
    running.stop(0)
    said = " ".join(running.wait().text[-TAIL:].split())
    what = f"the private PostgreSQL server did not start: {said or 'it said nothing'}"
    fix = f"mend that, name other programs in {CHOICE}, or set DATABASE_URL to a server that runs"
    raise EnvironmentStopped(Finding("database-failed", Place(running.command.argv[0]), what, fix))
