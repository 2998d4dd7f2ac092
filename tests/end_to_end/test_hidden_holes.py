"""Ways to look done without being it, each tried on a real project."""

from __future__ import annotations

import pytest

NO_COVER = "no cover"
NEVER = "def never(x):\n    if x:\n        return 1\n    return 2\n"


def wide(project):
    """One layer for the whole package."""
    project.replace(
        "devnet.yaml", "paths: [counting/add.py], phase: 1, step: 1", 'paths: ["counting/**"], phase: 1, step: 1'
    )
    project.write({"counting/name.py": ""})


@pytest.mark.parametrize(
    "files",
    [
        {"counting/sub/never.py": NEVER},
        {"counting/sub-x/never.py": NEVER},
        {"counting/never.py": NEVER, ".coveragerc": "[run]\nomit = */never.py\n"},
        {"counting/never.py": f"def never(x):  # pragma: {NO_COVER}\n    return x\n"},
    ],
    ids=["no package", "no module name", "omitted", "excluded"],
)
def test_a_source_file_that_nobody_measured_blocks(project, files):
    wide(project)
    project.write(files)
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    assert (answer.code, answer.blocking[0]) == (1, "coverage-unmeasured")
    assert "never.py" in answer.json["findings"][0]["where"]


BAD = "\n\ndef test_bad():\n    assert add(1, 1) == 3\n"
TAKES_AWAY = (
    "def pytest_collection_modifyitems(items):\n    items[:] = [one for one in items if 'bad' not in one.name]\n"
)
MAKES_PASS = """\
import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    outcome = yield
    outcome.get_result().outcome = "passed"
"""


@pytest.mark.parametrize(
    "files",
    [
        {"pytest.ini": '[pytest]\npythonpath = .\naddopts = -k "not bad"\n'},
        {"pytest.ini": "[pytest]\npythonpath = .\naddopts = --deselect tests/adding/test_adding.py::test_bad\n"},
        {"conftest.py": TAKES_AWAY},
        {"conftest.py": MAKES_PASS},
    ],
    ids=["unselected", "deselected", "taken away", "made to pass"],
)  # fmt: skip
def test_a_blocking_test_cannot_be_taken_away(project, files):
    text = (project.root / "tests/adding/test_adding.py").read_text()
    project.write({"tests/adding/test_adding.py": text + BAD, **files})
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    assert (answer.code, answer.json["verdict"]) == (1, "blocked")


def test_a_module_that_skips_itself_blocks(project):
    project.write({"tests/adding/test_more.py": "import pytest\npytest.importorskip('nowhere_at_all')\n"})
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    assert (answer.code, answer.blocking) == (1, ["test-skipped"])


def test_a_step_that_promises_nothing_is_not_proved(project):
    project.replace("phases/phase-1-counting.md", "**Expected Deliverables:**\n- Names of small numbers\n", "")
    answer = project.run("phase-1", "--step", "2", "--format", "json")
    assert (answer.code, answer.blocking) == (1, ["step-unprovable"])


def test_a_deliverable_that_only_mentions_coverage_needs_a_test(project):
    project.replace("phases/phase-1-counting.md", "- Names of small numbers", "- Load at 95 % test coverage is fast")
    answer = project.run("phase-1", "--step", "2", "--format", "json")
    assert answer.blocking == ["deliverable-unproved"]


def test_a_step_is_not_proved_by_the_suite_of_another(project):
    project.replace("phases/phase-1-counting.md", "- Names of small numbers", "- Addition of whole numbers")
    answer = project.run("phase-1", "--format", "json")
    assert answer.blocking == ["deliverable-unproved"]


def test_a_suite_that_nothing_would_ever_run_is_told(project):
    project.replace("devnet.yaml", "suites:\n", "suites:\n  - {id: lost, phase: 1, step: 77, paths: [tests]}\n")
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    assert (answer.code, answer.blocking) == (1, ["suite-step-unknown"])


def test_an_empty_step_is_a_fault_of_the_command(project):
    assert project.run("phase-1", "--step", "").code == 2
