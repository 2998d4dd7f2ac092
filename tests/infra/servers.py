"""Servers of a test's own: they can be stopped and started again, have TLS, or stand behind a pooler."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import psycopg.conninfo
import pytest

from devnet_runner.database.programs import ENVIRONMENT, find_programs

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
# Commits are written at once all the same: a test that crashes the server asks afterwards what was kept.
FAST = ["fsync=off", "full_page_writes=off"]


def installed():
    """The environment that chooses an installed PostgreSQL; the test is skipped where there is none."""
    if not INSTALLED:
        pytest.skip("no PostgreSQL is installed beside the embedded one")
    return {"DEVNET_POSTGRES_BIN": str(INSTALLED[-1])}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A PostgreSQL on a port of this machine, in a folder of its own."""

    def __init__(self, folder, environ, settings=(), name="postgres"):
        self.folder, self.port, self._settings = folder, free_port(), list(settings)
        self._programs = find_programs(environ)
        if not self._programs.version:
            self._programs = self._programs.copied(folder / "programs")
        self._process = None
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        data = folder / "data"
        data.mkdir(mode=0o700)
        if user := self._programs.account.user:
            os.chown(data, *user)
        self._run("initdb", "--pgdata", str(data), "--username=postgres", "--auth=trust", "--no-sync", "-E", "UTF8")

    def _argv(self, program, *rest):
        return self._programs.command(str(self._programs.folder / program), *rest)

    def _options(self):
        user = self._programs.account.user
        extra = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        return {"env": ENVIRONMENT, "cwd": "/", "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **extra}

    def _run(self, program, *rest):
        subprocess.run(self._argv(program, *rest), check=True, **self._options())

    def start(self):
        """Start, and return when it takes connections."""
        names = ["listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={self.port}", *FAST, *self._settings]
        settings = [part for name in names for part in ("-c", name)]
        argv = self._argv("postgres", "-D", str(self.folder / "data"), *settings)
        self._process = subprocess.Popen(argv, **self._options())
        for _ in range(1000):
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.01)
            else:
                return
        raise AssertionError("the server did not start")

    def stop(self, number=signal.SIGINT):
        """Stop at once, as a restart does; SIGKILL as a crash does."""
        if self._process:
            # A machine that crashes takes every process of the server with it.
            others = psutil.Process(self._process.pid).children(recursive=True) if number == signal.SIGKILL else []
            self._process.send_signal(number)
            for one in others:
                # It may have ended with its parent.
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(number)
            self._process.wait(30)
            psutil.wait_procs(others, timeout=30)
            self._process = None


@contextmanager
def served(environ, *, settings=(), prepare=lambda folder: None):
    """A server that runs; `prepare` is given its folder before."""
    folder = Path(tempfile.mkdtemp(prefix="infra-server-"))
    folder.chmod(0o711)
    server = None
    try:
        prepare(folder)
        server = Server(folder, environ, settings)
        server.start()
        yield server
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


POOLER = shutil.which("pgbouncer", path=os.defpath + ":/usr/sbin:/usr/local/sbin")
SETTINGS = """
[databases]
{name} = host={host} port={port} dbname={name} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
"""


@contextmanager
def pooled(url):
    """PgBouncer in transaction mode before the database of a URL; its own URL. Skipped where it is not installed."""
    if POOLER is None:
        pytest.skip("PgBouncer is not installed")
    parts = psycopg.conninfo.conninfo_to_dict(url)
    folder = Path(tempfile.mkdtemp(prefix="infra-pooler-"))
    folder.chmod(0o755)
    own = free_port()
    text = SETTINGS.format(name=parts["dbname"], host=parts["host"], port=parts.get("port", 5432), own=own)
    (folder / "pgbouncer.ini").write_text(text)
    account = find_programs({}).account
    argv = [*account.prefix, POOLER, "-q", str(folder / "pgbouncer.ini")]
    extra = {"user": account.user[0], "group": account.user[1], "extra_groups": []} if account.user else {}
    process = subprocess.Popen(argv, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **extra)
    try:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", own)) == 0:
                    break
            time.sleep(0.01)
        yield f"postgresql://postgres@127.0.0.1:{own}/{parts['dbname']}"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
