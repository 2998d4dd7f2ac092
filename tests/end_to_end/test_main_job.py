"""The main job on a real project: a verdict, and files only where it passed."""

from __future__ import annotations

import jsonschema
import pytest

from devnet_runner.reports import machine

WRITTEN = {"DEVNET-CHECKPOINT.txt", "DEVNET-PROGRESS.md"}


def test_a_proved_step_writes_checkpoint_and_progress(project):
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    assert (answer.code, answer.json["verdict"], answer.blocking) == (0, "passed", [])
    assert set(project.tree()) >= WRITTEN
    checkpoint = (project.root / "DEVNET-CHECKPOINT.txt").read_text()
    assert checkpoint.splitlines()[:3] == [
        "LAST_COMPLETED: Phase 1, Step 1 - Adding",
        "NEXT_ACTION: Start Phase 1, Step 2 - Naming",
        "GIT_TAG: none",
    ]
    progress = (project.root / "DEVNET-PROGRESS.md").read_text()
    assert "- [x] **Step 1**: Adding" in progress
    assert "- [ ] **Step 2**: Naming" in progress


def test_the_checkpoint_claims_only_what_was_measured(project):
    project.run("phase-1", "--step", "1")
    coverage = (project.root / "DEVNET-CHECKPOINT.txt").read_text().splitlines()[3]
    assert coverage.startswith("COVERAGE: ")
    assert "Domain not measured" in coverage
    assert "100%" not in coverage.split("Counting")[0]


def test_a_whole_phase_is_proved(project):
    answer = project.run("phase-1", "--format", "json")
    assert (answer.code, answer.blocking) == (0, [])
    assert answer.json["checks"] == {"tests": 3, "passed": 3, "deliverables": 3, "proved": 3}
    assert "- [x] **Step 2**: Naming" in (project.root / "DEVNET-PROGRESS.md").read_text()


def test_the_word_run_may_be_written(project):
    assert project.run("run", "phase-1", "--step", "1", "--no-write").code == 0


def test_the_report_keeps_its_schema(project):
    schema = machine.schema()
    for words in (["--step", "1"], ["--step", "9"], ["--mode", "advisory"]):
        jsonschema.validate(project.run("phase-1", *words, "--format", "json").json, schema)


BROKEN = {
    "a test": ("tests/adding/test_adding.py", "== 3", "== 4", "test-failed"),
    "a byte of an include": ("phases/phase-1-counting.md", "Say why", "Say Why", "include-body-edited"),
    "the source of an include": ("includes/snippets.md", "Say why", "Say Why", "include-source-moved"),
    "a covered line": (
        "counting/add.py",
        "    return",
        "    if one > 9:\n        one = 9\n    return",
        "coverage-below",
    ),
    "a deliverable's mark": (
        "tests/adding/test_adding.py",
        "Addition of whole",
        "Addition of half",
        "deliverable-unproved",
    ),
    "a blocking mark": ("tests/adding/test_adding.py", "pytest.mark.blocking", "pytest.mark.slow", "suite-errored"),
    "a suite's step": ("devnet.yaml", "step: 1, paths", "step: 2, paths", "step-without-suite"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_breaking_one_thing_blocks_with_its_finding_and_leaves_the_files(project, what):
    path, old, new, finding = BROKEN[what]
    project.replace(path, old, new)
    before = project.tree()
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    assert answer.code == 1
    assert finding in answer.blocking
    assert project.tree() == before
