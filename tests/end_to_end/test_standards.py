"""Standards as a user meets them: the verbs, the verdict of a phase, waivers, and settings that demand a sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from devnet_runner.reports.machine import schema

SHARED = Path(__file__).resolve().parents[2].parent / "shared/devnet"
FILE = "docs/standards/counting.md"


def standard(*tests: tuple[str, str], block: str = "counting") -> str:
    """A standards document with tests of a name and a command."""
    inner = "".join(
        f'    <test name="{name}">\n      TEST: {command}\n      REQUIRED: true\n      ERROR: "see {name}"\n'
        f'      DESCRIPTION: "about {name}"\n      FIX_COMMAND: "touch fixed"\n    </test>\n'
        for name, command in tests
    )
    opening = f'<verification-block context-check="{block}">\n  <verification_definitions>\n'
    return f"# Counting\n\n{opening}{inner}  </verification_definitions>\n</verification-block>\n"


GOOD = ("adds", "grep -q 'one + other' counting/add.py")
BAD = ("documented", 'grep -q \'"""\' counting/add.py')
EMPTY = ("vacuous", "grep -r other counting | head -1")
PHASES = "standards: {phases: {phase-1: all}}\n"


@pytest.fixture
def project(project):
    project.write({FILE: standard(GOOD)})
    return project


def outcomes(answer):
    return {test["name"]: test["outcome"] for test in answer.json["tests"]}


def test_standards_that_hold_end_with_0(project):
    answer = project.run("standards", "run")
    assert answer.code == 0
    assert "1 tests: 1 passed" in answer.out
    assert "sandbox" in answer.out


def test_every_test_is_an_object_and_the_level_is_said_once(project):
    project.write({FILE: standard(GOOD, BAD, EMPTY)})
    answer = project.run("standards", "run", "--format", "json")
    assert answer.code == 1
    assert outcomes(answer) == {"adds": "passed", "documented": "failed", "vacuous": "vacuous"}
    assert all(test["file"] == FILE and test["block"] == "counting" for test in answer.json["tests"])
    assert (sum(answer.json["counts"].values()), answer.out.count('"level"')) == (3, 1)
    assert answer.json["enforcement"]["level"] in {"enforced", "partly", "policy only"}


def test_a_failing_test_shows_its_error_and_its_fix_and_runs_nothing_of_it(project):
    project.write({FILE: standard(BAD)})
    before = project.tree()
    answer = project.run("standards", "run")
    assert (answer.code, project.tree()) == (1, before)
    assert "see documented" in answer.out
    assert "touch fixed" in answer.out
    assert f"{FILE}:5" in answer.out


def test_advisory_mode_ends_with_0_and_says_the_same(project):
    project.write({FILE: standard(BAD)})
    answer = project.run("standards", "run", "--mode", "advisory", "--format", "json")
    assert (answer.code, outcomes(answer)) == (0, {"documented": "failed"})


@pytest.mark.parametrize("verb", ["run", "check", "list", "lint"])
def test_no_standard_at_all_is_no_proof(project, verb):
    (project.root / FILE).unlink()
    answer = project.run("standards", verb)
    assert answer.code == 2
    assert "nothing is no proof" in answer.err


def test_a_document_that_is_wrong_is_told_and_its_other_tests_run(project):
    project.write({FILE: standard(GOOD, ("empty", ""))})
    answer = project.run("standards", "run", "--format", "json")
    assert (answer.code, outcomes(answer)) == (2, {"adds": "passed", "empty": "errored"})


def test_check_tells_faults_and_runs_nothing(project):
    project.write({FILE: standard(("writes", "touch mark"), ("empty", ""))})
    answer = project.run("standards", "check")
    assert (answer.code, (project.root / "mark").exists()) == (2, False)
    assert "has no command" in answer.out


def test_lint_names_what_proves_nothing_with_a_rewrite(project):
    project.write({FILE: standard(EMPTY, ("unclosed", "grep 'x counting"))})
    answer = project.run("standards", "lint", "--format", "json")
    found = {finding["id"]: finding for finding in answer.json["findings"]}
    assert answer.code == 1
    assert "grep -q -r other counting" in found["standard-vacuous"]["fix"]
    assert "standard-shell-invalid" in found


def test_list_shows_what_there_is(project):
    answer = project.run("standards", "list", "--format", "json")
    (test,) = answer.json["tests"]
    assert (answer.code, test["name"], test["blocking"], test["line"]) == (0, "adds", True, 5)


@pytest.mark.parametrize(
    "words", [("nowhere.md",), ("--phase", "phase-9"), ("--all", FILE), ("--phase", "1", FILE), ("x" * 5000,)]
)
def test_wrong_words_get_one_error(project, words):
    answer = project.run("standards", "run", *words)
    assert answer.code == 2
    assert "Traceback" not in answer.err


def test_standards_of_a_phase_are_part_of_its_verdict_and_of_its_record(project):
    project.replace("devnet.yaml", "project: counting\n", f"project: counting\n{PHASES}")
    answer = project.run("phase-1", "--format", "json")
    jsonschema.validate(answer.json, schema())
    assert (answer.code, answer.json["standards"]["counts"]["passed"]) == (0, 1)
    record = json.loads(next((project.root / ".devnet/records").glob("*.json")).read_text())
    assert (record["standards"]["total"], record["waivers"]) == (1, [])
    assert {"role": "standard", "path": FILE} in [
        {key: one[key] for key in ("role", "path")} for one in record["inputs"]
    ]


def test_a_standard_that_fails_blocks_the_phase_before_its_suites_run(project):
    project.replace("devnet.yaml", "project: counting\n", f"project: counting\n{PHASES}")
    project.write({FILE: standard(GOOD, BAD)})
    answer = project.run("phase-1", "--format", "json")
    assert (answer.code, answer.blocking, answer.json["suites"]) == (1, ["standard-failed"], [])
    assert not (project.root / "DEVNET-CHECKPOINT.txt").exists()


def test_the_text_report_of_a_phase_shows_its_standards(project):
    project.replace("devnet.yaml", "project: counting\n", f"project: counting\n{PHASES}")
    answer = project.run("phase-1")
    assert (answer.code, "1 tests: 1 passed" in answer.out) == (0, True)


def test_a_phase_whose_settings_name_standards_that_are_not_there_is_blocked(project):
    project.replace("devnet.yaml", "project: counting\n", "project: counting\nstandards: {phases: {1: routed}}\n")
    assert project.run("phase-1", "--format", "json").blocking == ["standards-none"]


@pytest.mark.parametrize(
    "settings",
    ["dispatcher: docs/standards/mian.md", "folders: [docs/standards, docs/standrads]", "phases: {phase-77: all}",
     "phases: {phase-1: [nope.md]}"],
)  # fmt: skip
def test_settings_that_name_what_is_not_there_are_told(project, settings):
    project.replace("devnet.yaml", "project: counting\n", f"project: counting\nstandards: {{{settings}}}\n")
    answer = project.run("standards", "check", "--format", "json")
    assert (answer.code, [one["id"] for one in answer.json["findings"]]) == (2, ["standards-lost"])


def test_a_phase_that_is_blocked_before_its_standards_says_so(project):
    project.replace("devnet.yaml", "project: counting\n", f"project: counting\n{PHASES}")
    project.replace("phases/phase-1-counting.md", "Say why in the first line.\n", "Say nothing.\n")
    found = {one["id"]: one["blocking"] for one in project.run("phase-1", "--format", "json").json["findings"]}
    assert found["standards-not-run"] is False


def test_a_demand_that_the_machine_cannot_meet_blocks(project):
    project.replace("devnet.yaml", "project: counting\n", "project: counting\nstandards: {sandbox: enforced}\n")
    answer = project.run("standards", "run", "--format", "json")
    level = answer.json["enforcement"]["level"]
    assert answer.code == (0 if level == "enforced" else 1)
    found = {one["id"] for one in answer.json["findings"]}
    assert found == (set() if level == "enforced" else {"sandbox-too-weak", "standard-denied"})


def waiver(days: int, **fields: str) -> dict[str, str]:
    until = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    values = {"who": "Ada", "why": "later", "tests": f"['{FILE}#counting/documented']", "until": until,
              "decision": "docs/adr/1.md"} | fields  # fmt: skip
    return {
        "waivers/documented.yaml": "".join(f"{key}: {value}\n" for key, value in values.items()),
        "docs/adr/1.md": "# Later\n",
    }


def test_a_waiver_lets_a_test_not_pass_and_every_use_is_in_report_and_record(project):
    project.replace("devnet.yaml", "project: counting\n", f"project: counting\n{PHASES}")
    project.write({FILE: standard(GOOD, BAD), **waiver(30)})
    answer = project.run("phase-1", "--format", "json")
    assert (answer.code, answer.json["verdict"]) == (0, "passed")
    (use,) = answer.json["waivers"]
    assert (use["test"], use["who"], use["decision"]) == (f"{FILE}#counting/documented", "Ada", "docs/adr/1.md")
    record = json.loads(next((project.root / ".devnet/records").glob("*.json")).read_text())
    assert record["waivers"] == [use]
    assert {one["role"] for one in record["inputs"]} >= {"standard", "waiver"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (waiver(-1), "waiver-expired"),
        (waiver(30, tests=f"['{FILE}#counting/nothing']"), "waiver-unknown-test"),
        (waiver(30, tests=f"['{FILE}#counting/*']"), "waiver-too-broad"),
        (waiver(30, decision="docs/adr/2.md"), "waiver-decision-missing"),
        (waiver(30, who="''"), "waiver-incomplete"),
        (waiver(30, whom="Ada"), "settings-unknown-key"),
    ],
)
def test_a_waiver_that_is_not_right_blocks(project, files, expected):
    project.write({FILE: standard(GOOD, BAD), **files})
    answer = project.run("standards", "run", "--format", "json")
    blocking = [one["id"] for one in answer.json["findings"] if one["blocking"]]
    assert (answer.code, sorted(blocking)) == (2, sorted([expected, "standard-failed"]))


def test_a_waiver_of_a_test_that_a_run_is_not_about_is_not_wrong(project):
    project.write({FILE: standard(BAD), "docs/standards/other.md": standard(GOOD, block="other"), **waiver(30)})
    assert project.run("standards", "run", "docs/standards/other.md").code == 0
    assert project.run("standards", "check", "docs/standards/other.md").code == 0


@pytest.mark.parametrize("verb", ["run", "check", "list", "lint"])
def test_a_block_whose_opening_is_misspelt_is_told_not_passed_over(project, verb):
    project.write({FILE: standard(GOOD).replace("<verification-block", "<verification_block")})
    answer = project.run("standards", verb, "--format", "json")
    assert (answer.code, answer.json["findings"][0]["id"]) == (2, "standard-part-outside")
    assert answer.json["findings"][0]["where"] == f"{FILE}:3"


def test_lint_tells_where_dispatchers_and_phases_lead_to_nothing(project):
    dispatcher = '<conditional-block task-condition="count" context-check="c">\n{}</conditional-block>\n'
    asked = 'REQUEST: "Get counting from counting.md#sums"\nREQUEST: "Get more from more.md"\n'
    project.write({"docs/standards/standards.md": dispatcher.format(asked), "docs/standards/lost.md": "# Lost\n"})
    answer = project.run("standards", "lint", "--format", "json")
    found = {(one["id"], one["where"].removeprefix("docs/standards/")) for one in answer.json["findings"]}
    assert answer.code == 1
    assert found == {
        ("standard-anchor-missing", "standards.md:2"),
        ("standard-reference-missing", "standards.md:3"),
        ("standard-unreachable", "lost.md"),
    }
    assert project.run("standards", "lint", FILE).code == 0


def test_a_phase_is_led_to_the_standards_of_its_words(project):
    block = (
        '<conditional-block task-condition="{}" context-check="{}">\nREQUEST: "Get it from {}"\n</conditional-block>\n'
    )
    project.write(
        {
            "docs/standards/standards.md": block.format("whole number|sql", "c", "counting.md")
            + block.format("garden", "g", "garden.md"),
            "docs/standards/garden.md": standard(BAD, block="garden"),
        }
    )
    answer = project.run("standards", "run", "--phase", "phase-1", "--format", "json")
    assert (answer.code, outcomes(answer)) == (0, {"adds": "passed"})
    assert project.run("standards", "list", "--format", "json").json["total"] == 2


def running(word: str) -> list[str]:
    """The ids of processes whose arguments hold a word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += [path.parent.name] if word.encode() in path.read_bytes().split(b"\0") else []
    return found


@pytest.mark.parametrize("pause", [None, 0.0, 0.01])
def test_an_interrupted_run_leaves_no_process(project, pause):
    mark = f"98771{pause or 0}{os.getpid()}"
    project.write({FILE: standard(("daemon", f"(setsid sleep {mark} &); sleep {mark}"))})
    process = subprocess.Popen(
        project.command("standards", "run"), cwd=project.root, env=project.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while len(running(mark)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    if pause is not None:
        time.sleep(pause)
        process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, running(mark)) == (130, [])
    assert "Traceback" not in said


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared plan repository is not beside this one")
def test_the_real_tree_is_judged_as_it_is(project):
    for path in SHARED.rglob("*.*"):
        target = project.root / "real" / path.relative_to(SHARED)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            target.write_bytes(path.read_bytes())
    answer = project.run("standards", "run", "--format", "json", cwd="real")
    assert (answer.code, answer.json["total"]) == (1, 59)
    assert sum(answer.json["counts"].values()) == 59
    # Nothing of what the standards speak of is there: whatever passed would have passed for nothing.
    assert answer.json["counts"]["passed"] == 0


def test_a_document_that_cannot_be_used_is_told_and_the_others_run(project, tmp_path):
    (tmp_path / "outside.md").write_text(standard(("outside", "true")))
    folder = (project.root / FILE).parent
    (folder / "link.md").symlink_to(tmp_path / "outside.md")
    (folder / "wide.md").write_bytes(b"\xff\xfea\0")
    (folder / "large.md").write_bytes(b"x" * 5_000_001)
    answer = project.run("standards", "run", "--format", "json")
    assert (answer.code, outcomes(answer)) == (2, {"adds": "passed"})
    assert [one["id"] for one in answer.json["findings"]] == ["document-unreadable"] * 3


def test_a_document_out_of_the_project_is_not_read(project, tmp_path):
    (tmp_path / "outside.md").write_text(standard(("outside", "true")))
    assert project.run("standards", "run", "../outside.md").code == 2
