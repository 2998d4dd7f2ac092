"""What doctor finds on the machine, and that it runs nothing of the project."""

from __future__ import annotations

import sys

import pytest

from devnet_runner.database import open_database

RAN = "open('ran', 'w').close()\n"


def check(answer, name):
    return next(one for one in answer.json["checks"] if one["name"] == name)


def doctor(project, cwd=".", **environment):
    return project.run("doctor", "--format", "json", cwd=cwd, **environment)


def test_no_module_of_the_project_is_run_for_one_that_is_looked_for(project):
    project.write({"pytest.py": RAN, "coverage.py": RAN, "sitecustomize.py": RAN})
    before = project.tree()
    assert check(doctor(project), "suite adding")["state"] == "good"
    assert project.tree() == before


def environment_of_its_own(project, names, config=""):
    """A virtual environment as it lies on a disk, with an interpreter that tells when it is run."""
    python = project.root / ".venv/bin/python"
    project.write({".venv/bin/python": "#!/bin/sh\ntouch ran\n", ".venv/pyvenv.cfg": config})
    python.chmod(0o755)
    for name in names:
        project.write({f".venv/lib/python3.12/site-packages/{name}/__init__.py": ""})


STATES = [
    (["pytest", "coverage"], "", "good"),
    (["pytest"], "", "missing"),
    (["pytest"], "include-system-site-packages = true\n", "note"),
    ([], "", "note"),
]


@pytest.mark.parametrize(("names", "config", "state"), STATES)
def test_an_interpreter_that_came_with_the_project_is_looked_at_and_not_run(project, names, config, state):
    environment_of_its_own(project, names, config)
    before = project.tree()
    found = check(doctor(project), "suite adding")
    assert (found["state"], bool(found["fix"])) == (state, state != "good")
    assert project.tree() == before


def test_an_interpreter_that_is_not_there_is_missing(project):
    project.replace("devnet.yaml", "paths: [tests/adding]", "paths: [tests/adding], python: tools/python")
    found = check(doctor(project), "suite adding")
    assert (found["state"], "tools/python" in found["what"]) == ("missing", True)


def test_a_program_of_the_project_is_found_from_everywhere_in_it(project):
    test = '<test name="t">\nTEST: ./tools/{} y\n</test>\n'
    block = f'<verification-block context-check="a">\n{test.format("here")}</verification-block>\n'
    project.write({"docs/standards/a.md": block, "tools/here": "#!/bin/sh\n"})
    (project.root / "tools/here").chmod(0o755)
    assert all("./tools/here" not in one["name"] for one in doctor(project, cwd="counting").json["checks"])
    (project.root / "tools/here").unlink()
    assert check(doctor(project, cwd="counting"), "./tools/here")["state"] == "missing"


@pytest.fixture
def vitest(project):
    suite = f"runner: command, command: ['{sys.executable}', vitest], junit: x.xml, directory: packages/a"
    project.replace("devnet.yaml", "paths: [tests/adding]", suite)
    project.write({"packages/a/package.json": "{}"})
    return project


@pytest.mark.parametrize(("place", "there"), [("packages/a", True), (".", True), ("packages/b", False)])
def test_vitest_is_looked_for_in_its_package_and_above(vitest, place, there):
    vitest.write({f"{place}/node_modules/.bin/vitest": ""})
    whats = [one["what"] for one in doctor(vitest).json["checks"] if one["name"] == "suite adding"]
    assert ("vitest is installed" in whats) == there
    assert any("not installed in" in what for what in whats) != there


ADDRESSES = [
    ("nonsense", "does not begin with postgresql://"),
    ("postgresql://somebody:verysecret@127.0.0.1:1/x", "127.0.0.1:1"),
]


@pytest.mark.parametrize(("url", "said"), ADDRESSES)
def test_a_database_that_cannot_be_used_is_missing_and_its_password_stays_unsaid(project, url, said):
    project.replace("devnet.yaml", "paths: [tests/adding]", "paths: [tests/adding], database: true")
    answer = doctor(project, DATABASE_URL=url)
    found = check(answer, "postgresql")
    assert (answer.code, found["state"], said in found["what"]) == (3, "missing", True)
    assert "verysecret" not in answer.out


@pytest.mark.xdist_group("database")
def test_a_database_that_can_be_used_is_asked_and_left_as_it_is(project, tmp_path):
    project.replace("devnet.yaml", "paths: [tests/adding]", "paths: [tests/adding], database: true")
    with open_database(environ={"PATH": "/usr/bin:/bin"}, scratch=tmp_path) as database:
        found = check(doctor(project, DATABASE_URL=database.url), "postgresql")
    assert (found["state"], found["what"].endswith("where databases may be made")) == ("good", True)


def test_a_folder_that_is_no_repository_is_told_how_to_become_one(tmp_path, project):
    (project.root / ".git").rename(tmp_path / "away")
    assert check(doctor(project), "git")["fix"] == "git init"


def test_a_repository_that_git_does_not_read_is_told_apart_from_none(project):
    (project.root / ".git/HEAD").unlink()
    assert "safe.directory" in check(doctor(project), "git")["fix"]
