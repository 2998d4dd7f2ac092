"""A suite that asks for a database gets one of the run's own, and nothing of it stays."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from devnet_runner.database import open_database

ASKS = """\
import os
from pathlib import Path

import psycopg
import pytest
from counting.add import add

@pytest.mark.blocking
@pytest.mark.deliverable("Addition of whole numbers")
def test_adds_in_the_database():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1 + 2").fetchone() == (add(1, 2),)
        connection.execute("CREATE TABLE numbers (one integer)")
        name, place = connection.execute("SELECT current_database(), current_setting('data_directory')").fetchone()
        Path({mark!r}).write_text(f"{{os.environ['DATABASE_URL']}}\\n{{name}}\\n{{place}}")
    {then}
"""


def asks(project, mark: Path, then: str = "pass") -> None:
    """Make the first suite one that uses its database."""
    project.replace("devnet.yaml", "paths: [tests/adding], timeout", "paths: [tests/adding], database: true, timeout")
    project.write({"tests/adding/test_adding.py": ASKS.format(mark=str(mark), then=then)})


def databases(url: str) -> set[str]:
    """The names of a server's databases, from the server's own tables."""
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}


def test_an_embedded_database_is_started_named_and_gone(project, tmp_path):
    asks(project, tmp_path / "mark")
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    assert (answer.code, answer.blocking) == (0, [])
    url, name, place = (tmp_path / "mark").read_text().splitlines()
    assert (name in url, name.startswith("devnet_run_")) == (True, True)
    assert not Path(place).exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("devnet-")] == []
    (record,) = (project.root / ".devnet" / "records").iterdir()
    assert '"postgresql"' in record.read_text()


@pytest.fixture
def given(tmp_path):
    """A server of somebody else, with a database and a table of theirs."""
    with open_database(environ={"PATH": "/usr/bin:/bin"}, scratch=tmp_path / "server") as database:
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE theirs (one integer)")
            connection.execute("INSERT INTO theirs VALUES (1)")
        yield database.url


@pytest.mark.parametrize(("then", "code"), [("pass", 0), ("assert False", 1)])
def test_on_a_given_server_only_a_database_of_the_run_is_used(project, tmp_path, given, then, code):
    before = databases(given)
    asks(project, tmp_path / "mark", then)
    answer = project.run("phase-1", "--step", "1", "--format", "json", DATABASE_URL=given)
    assert answer.code == code, answer
    _, name, _ = (tmp_path / "mark").read_text().splitlines()
    assert name not in before
    assert databases(given) == before
    with psycopg.connect(given) as connection:
        assert connection.execute("SELECT * FROM theirs").fetchall() == [(1,)]
        assert connection.execute("SELECT to_regclass('numbers')").fetchone() == (None,)


def test_a_server_that_cannot_be_reached_stops_the_run(project, tmp_path):
    asks(project, tmp_path / "mark")
    before = project.tree()
    url = f"postgresql://someone:secret@/there?host={tmp_path}"
    answer = project.run("phase-1", "--step", "1", "--format", "json", DATABASE_URL=url)
    assert (answer.code, answer.json["verdict"], answer.err) == (3, "error", "")
    assert "secret" not in answer.out
    assert project.tree() == before


def test_a_run_that_is_killed_takes_its_database_along(project, tmp_path):
    mark = tmp_path / "mark"
    asks(project, mark, "os.kill(int(os.environ['RUNNER']), 9); __import__('time').sleep(600)")
    project.replace("devnet.yaml", "database: true", "database: true, environment: [RUNNER]")
    line = 'RUNNER=$$ exec "$0" "$@"'
    done = subprocess.run(
        ["sh", "-c", line, *project.command("phase-1", "--step", "1")], cwd=project.root, env=project.environment(),
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -9
    place = Path(mark.read_text().splitlines()[2])
    project.write({"tests/adding/test_adding.py": ASKS.format(mark=str(mark), then="pass")})
    assert project.run("phase-1", "--step", "1").code == 0
    assert not place.exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("devnet-run-")] == []
