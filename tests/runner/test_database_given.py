"""A given server is somebody's: what a run does there, what it leaves alone, and what it refuses."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from devnet_runner.database import open_database
from devnet_runner.database.address import Address
from devnet_runner.database.values import new_name
from devnet_runner.errors import EnvironmentStopped

ROOT = Path(__file__).resolve().parents[2]
LONG = 60
PASSWORD = "pa:ss/w@rd"
QUOTED = "pa%3Ass%2Fw%40rd"
ROLES = f"""
    CREATE ROLE maker LOGIN CREATEDB PASSWORD '{PASSWORD}';
    CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}';
    CREATE ROLE other LOGIN CREATEDB PASSWORD '{PASSWORD}';
"""


@pytest.fixture(scope="module")
def server():
    """The address of a server that asks for passwords, with roles that may create databases and one that may not."""
    folder = Path(tempfile.mkdtemp())
    # Too long for a socket, so it listens on a port, as a given server does.
    with open_database(environ={}, scratch=folder / ("long" * 30)) as database:
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute(ROLES)
        yield Address.parse(database.url).named("postgres")
    shutil.rmtree(folder)


@pytest.fixture
def url(server):
    """The URL of the server as a role sees it."""
    place = server.netloc.rpartition("@")[2]
    return lambda role="maker", query="", scheme="postgresql": f"{scheme}://{role}:{QUOTED}@{place}/postgres{query}"


@pytest.fixture
def databases(server):
    """What databases there are now; at the end there are those that were there before."""

    def now() -> set[str]:
        with psycopg.connect(server.url) as connection:
            return {row[0] for row in connection.execute("SELECT datname FROM pg_database")}

    before = now()
    yield now
    assert now() == before


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def test_a_run_gets_a_database_there_and_drops_it(url, databases):
    before = databases()
    with open_database(environ={"DATABASE_URL": url()}) as database:
        assert databases() - before == {database.name}
        assert (database.source, Address.parse(database.url).role) == ("DATABASE_URL", "maker")
        execute(database.url, "CREATE TABLE facts (id int)")


def test_every_database_that_begins_with_its_name_goes_too(url, databases):
    with open_database(environ={"DATABASE_URL": url()}) as database:
        for number in range(3):
            execute(database.url, f"CREATE DATABASE {database.name}_{number}")


def test_it_goes_although_somebody_is_still_connected(url, databases):
    with open_database(environ={"DATABASE_URL": url()}) as database:
        connection = psycopg.connect(database.url)
        connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


def test_it_goes_although_the_connection_of_the_run_was_lost(url, databases):
    with open_database(environ={"DATABASE_URL": url()}) as database:
        execute(
            database.url,
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{database.name}'",
        )


def test_a_failure_inside_leaves_nothing(url, databases):
    with suppress(LookupError), open_database(environ={"DATABASE_URL": url()}):
        raise LookupError


def test_driver_and_options_of_the_url_are_passed_on(url, databases):
    given = url(query="?schema=public&connect_timeout=5", scheme="postgresql+asyncpg")
    with open_database(environ={"DATABASE_URL": given}) as database:
        assert database.url == given.replace("/postgres?", f"/{database.name}?")


def test_a_run_inside_a_run_has_a_database_beside_it(url, databases):
    with (
        open_database(environ={"DATABASE_URL": url()}) as outer,
        open_database(environ={"DATABASE_URL": outer.url}) as inner,
    ):
        assert databases() >= {outer.name, inner.name}


@contextmanager
def killed_runner(url: str):
    """What a runner that was killed left: the name of its database."""
    script = (
        "import sys, time; from devnet_runner.database import open_database\n"
        "with open_database(environ={'DATABASE_URL': sys.argv[1]}) as database:\n"
        "    print(database.name, flush=True); time.sleep(300)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, url], cwd=ROOT, stdout=subprocess.PIPE) as process:
        name = process.stdout.readline().decode().strip()
        process.kill()
        process.wait()
    yield name


def wait_for_the_end_of(application: str, url: str) -> None:
    """The server notices a dead client when it reads from it next."""
    query = f"SELECT 1 FROM pg_stat_activity WHERE application_name = '{application}'"
    deadline = time.monotonic() + LONG
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(query).fetchone() and time.monotonic() < deadline:
            time.sleep(0.02)


def test_what_a_killed_run_left_goes_at_the_next_start(url, databases):
    with killed_runner(url()) as name:
        assert name in databases()
        wait_for_the_end_of(name, url())
        with open_database(environ={"DATABASE_URL": url()}):
            assert name not in databases()


def test_only_what_a_dead_run_of_this_role_left_is_dropped(url, databases):
    kept = {"devnet_run_mine": "maker", "devnet_runner": "maker", new_name(): "other", "own": "maker"}
    for name, role in kept.items():
        execute(url(role), f"CREATE DATABASE {name}")
    with open_database(environ={"DATABASE_URL": url()}) as one, open_database(environ={"DATABASE_URL": url()}):
        assert databases() >= {one.name, *kept}
    for name, role in kept.items():
        execute(url(role), f"DROP DATABASE {name}")


def test_what_somebody_still_looks_at_is_kept(url, databases):
    name = new_name()
    execute(url(), f"CREATE DATABASE {name}")
    execute(url(), f"CREATE DATABASE {name}_copy")
    with (
        psycopg.connect(Address.parse(url()).named(f"{name}_copy").url),
        open_database(environ={"DATABASE_URL": url()}),
    ):
        assert databases() >= {name, f"{name}_copy"}
    with open_database(environ={"DATABASE_URL": url()}):
        pass


def refusal(url: str) -> str:
    with pytest.raises(EnvironmentStopped) as caught, open_database(environ={"DATABASE_URL": url}):
        pass
    finding = caught.value.findings[0]
    assert str(finding.where) == "DATABASE_URL"
    assert "\n" not in str(finding)
    return f"{finding.id}: {finding.what}; {finding.fix}"


def test_a_role_that_may_not_create_a_database_is_told_so(server, url, databases):
    host = server.netloc.rpartition("@")[2]
    said = refusal(url("guest"))
    assert said.startswith(f"database-refused: the role 'guest' may not create a database at {host},")
    assert 'ALTER ROLE "guest" CREATEDB' in said
    assert "pa:ss" not in said


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("maker:", "nobody:"), "role 'nobody'"),
        ((QUOTED, "wrong-secret"), "password authentication failed"),
        (("/postgres", "/missing"), 'database "missing" does not exist'),
        (("127.0.0.1", "no-such-host.invalid"), "no-such-host.invalid"),
    ],
)
def test_a_server_that_cannot_be_used_is_named_with_the_reason(url, change, expected):
    said = refusal(url().replace(*change))
    assert said.startswith("database-unreachable: the server cannot be used at ")
    assert expected in said
    assert not {"wrong-secret", PASSWORD, QUOTED} & {word.strip("\"';,:") for word in said.split()}


@pytest.mark.parametrize(
    "url",
    [
        "mysql://role:secret@host/db",
        "sqlite:///secret.db",
        "host=localhost password=secret",
        "postgresql://role:se/cret@host/db",
        "postgresql://role:1/secret@host/db",
        "postgresql://role:1#secret@host/db",
        "postgresql://role:1?secret@host/db",
        "postgresql://role:1?a=secret@host/db",
        "postgresql://role:secret@host:port/db",
        "postgresql://role:secret@host:99999/db",
        "postgresql://role:secret@host/db/secret",
        "postgresql://role:secret@[host/db",
        "postgresql://role:secret@host/db?sslmode",
        " ",
    ],
)
def test_what_is_no_postgresql_url_is_refused_with_nothing_of_it_shown(url):
    said = refusal(url)
    assert said.startswith("database-url-malformed: the database's URL ")
    assert "secret" not in said
    assert "cret@" not in said


@pytest.mark.parametrize("url", ["postgresql://role:secret@host/db?password=hidden&sslpassword=buried", "postgres:///"])
def test_an_address_shows_no_password(url):
    address = Address.parse(url)
    shown = repr(address) + address.shown("with secret and\n hidden and buried") + address.host + address.role
    assert not [word for word in ("secret", "hidden", "buried") if "host" in url and word in shown]


def test_an_address_without_a_database_means_the_one_that_every_server_has():
    assert Address.parse("postgres://host").named("a b").url == "postgres://host/a%20b"
    assert Address.parse("postgres://host").name == "postgres"
