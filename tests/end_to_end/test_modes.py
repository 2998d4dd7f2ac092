"""Modes and options of a run, through the real command."""

from __future__ import annotations

import pytest

WRITTEN = {"DEVNET-CHECKPOINT.txt", "DEVNET-PROGRESS.md"}


@pytest.mark.parametrize("how", [{"words": ["--mode", "advisory"]}, {"environment": {"VERIFICATION_MODE": "advisory"}}])
def test_advisory_mode_tells_the_same_and_never_writes(project, how):
    project.replace("tests/adding/test_adding.py", "== 3", "== 4")
    before = project.tree()
    answer = project.run("phase-1", *how.get("words", ()), "--format", "json", **how.get("environment", {}))
    assert (answer.code, answer.json["verdict"], answer.json["mode"]) == (0, "blocked", "advisory")
    assert "test-failed" in answer.blocking
    assert project.tree() == before


def test_advisory_mode_writes_nothing_even_where_all_passes(project):
    answer = project.run("phase-1", "--mode", "advisory")
    assert answer.code == 0
    assert not WRITTEN & set(project.tree())


def test_no_write_leaves_everything_alone(project):
    before = project.tree()
    assert project.run("phase-1", "--no-write").code == 0
    assert project.tree() == before


def test_a_run_halts_at_the_first_failure_and_counts_the_rest(project):
    project.replace("tests/adding/test_adding.py", "== 3", "== 4")
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    (suite,) = answer.json["suites"]
    assert suite["counts"] == {"failed": 1, "not_run": 1}
    assert set(answer.blocking) == {"test-failed", "tests-not-run"}


def test_keep_going_runs_everything_and_tells_everything(project):
    project.replace("tests/adding/test_adding.py", "== 3", "== 4")
    answer = project.run("phase-1", "--keep-going", "--format", "json")
    counts = {suite["id"]: suite["counts"] for suite in answer.json["suites"]}
    assert counts == {"adding": {"passed": 1, "failed": 1}, "naming": {"passed": 1}}
    assert set(answer.blocking) == {"test-failed", "deliverable-unproved"}
    assert answer.code == 1


def test_a_suite_that_does_not_block_is_told_and_does_not_block(project):
    project.write({"tests/extra/test_extra.py": "import pytest\n@pytest.mark.blocking\ndef test_x(): assert 0\n"})
    project.replace("devnet.yaml", "suites:\n", "suites:\n  - {id: extra, paths: [tests/extra], blocking: false}\n")
    answer = project.run("phase-1", "--format", "json")
    assert (answer.code, answer.blocking) == (0, [])
    assert "test-failed" in [finding["id"] for finding in answer.json["findings"]]


def test_a_suite_that_hangs_is_killed_and_blocks(project):
    project.replace("tests/adding/test_adding.py", "assert add(1, 2) == 3", "import time; time.sleep(600)")
    project.replace("devnet.yaml", "paths: [tests/adding], timeout: 60", "paths: [tests/adding], timeout: 2")
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    assert answer.code == 1
    assert "test-timed-out" in answer.blocking


@pytest.mark.parametrize("path", ["devnet.yaml", "phases/phase-1-counting.md", "counting/add.py", "new.py"])
def test_a_file_that_changes_during_the_run_takes_the_verdict_away(project, path):
    edit = f"    open({path!r}, 'a').write('\\n')\n"
    project.replace("tests/adding/test_adding.py", "def test_adds():\n", f"def test_adds():\n{edit}")
    answer = project.run("phase-1", "--step", "1", "--format", "json")
    assert answer.code == 1
    assert "changed-during-run" in answer.blocking
    assert not WRITTEN & set(project.tree())


def test_progress_is_a_line_a_suite_without_a_terminal_and_json_is_alone(project):
    plain = project.run("phase-1", "--no-write")
    assert "running suite adding" in plain.err
    assert "\x1b" not in plain.out + plain.err
    assert len(plain.out.splitlines()) < 24
    assert project.run("phase-1", "--no-write", "--format", "json").err == ""


def test_status_says_what_is_next_before_and_after(project):
    assert "devnet-run phase-1" in project.run("status").out
    project.run("phase-1", "--step", "1")
    after = project.run("status", "--format", "json")
    assert after.json["next"] == "devnet-run phase-1 --step 2"
    assert after.json["checkpoint"]["LAST_COMPLETED"] == "Phase 1, Step 1 - Adding"


COMMAND = """\
  - id: web
    phase: 1
    step: 2
    runner: command
    command: [sh, -c, "{script}"]
    junit: out/junit.xml
    coverage: out/lcov.info
    proves: [{{deliverable: Names of small numbers, tests: "names*"}}]
"""
LEAVES = (
    "mkdir -p out; printf '<testsuite><testcase name=\\\"names one\\\"/></testsuite>' > out/junit.xml; "
    "printf 'SF:counting/name.py\\nDA:1,1\\nDA:2,1\\nDA:3,1\\nDA:4,1\\nend_of_record\\n' > out/lcov.info"
)


def with_command(project, script):
    project.replace("devnet.yaml", "  - {id: naming, phase: 1, step: 2, paths: [tests/naming], timeout: 60}\n", "")
    project.replace("devnet.yaml", "suites:\n", "suites:\n" + COMMAND.format(script=script))
    project.write({".gitignore": "out/\n.devnet/\n__pycache__/\n.pytest_cache/\n"})


def test_any_command_that_leaves_junit_and_lcov_is_a_suite(project):
    with_command(project, LEAVES)
    answer = project.run("phase-1", "--step", "2", "--format", "json")
    assert (answer.code, answer.blocking) == (0, [])
    assert answer.json["deliverables"][0]["tests"] == [{"name": "names one", "outcome": "passed"}]


@pytest.mark.parametrize(
    "script", ["true", "mkdir -p out; : > out/junit.xml", "exit 3", LEAVES.replace("printf 'SF", "true 'SF")]
)
def test_a_command_that_leaves_nothing_new_blocks(project, script):
    with_command(project, script)
    answer = project.run("phase-1", "--step", "2", "--format", "json")
    assert answer.code == 1
    assert "suite-errored" in answer.blocking or "coverage-no-data" in answer.blocking
