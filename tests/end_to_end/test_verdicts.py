"""What counts as proof and what does not, through the real command."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

DOCUMENT, TESTS, YAML = "phases/phase-1-counting.md", "tests/adding/test_adding.py", "devnet.yaml"
STEP = ("phase-1", "--step", "1", "--format", "json")
MARK = '@pytest.mark.deliverable("Addition of whole numbers")\n'


def finding(answer, name: str) -> dict[str, object]:
    """The one finding of this name."""
    (found,) = [one for one in answer.json["findings"] if one["id"] == name]
    return found


@pytest.mark.parametrize(
    "mark",
    [
        "@pytest.mark.skip\n",
        "@pytest.mark.xfail\n",
        "@pytest.mark.xfail(strict=True)\n",
    ],
)
def test_a_deliverable_is_not_proved_by_a_test_that_did_not_pass(project, mark):
    project.replace(TESTS, MARK, MARK + mark)
    answer = project.run(*STEP, "--keep-going")
    assert answer.code == 1
    assert {"deliverable-unproved"} < set(answer.blocking)
    assert "Addition of whole numbers" in str(finding(answer, "deliverable-unproved")["what"])


def test_a_mark_that_names_nothing_is_told_with_the_nearest(project):
    project.replace(TESTS, "Addition of whole numbers", "Addition of whole numbrs")
    answer = project.run(*STEP)
    assert answer.blocking == ["deliverable-unproved"]
    unknown = finding(answer, "deliverable-unknown")
    assert (unknown["blocking"], "addition of whole numbers" in str(unknown["fix"]).casefold()) == (False, True)


def test_a_coverage_deliverable_may_ask_for_more_than_the_layer(project):
    project.replace(DOCUMENT, "**90% test coverage for adding**", "**99% test coverage for adding**")
    project.write(
        {
            "counting/add.py": "def add(one, other):\n"
            + "    one = one + 0\n" * 18
            + "    if one > 9:\n        one = 1\n    return one + other\n"
        }
    )
    answer = project.run(*STEP)
    assert answer.code == 1
    assert set(answer.blocking) & {"coverage-below", "coverage-unproved"}


def test_a_layer_that_nothing_measured_blocks(project):
    project.replace(YAML, "paths: [counting/add.py]", "paths: [counting/nowhere.py]")
    answer = project.run(*STEP)
    assert (answer.code, "coverage-no-data" in answer.blocking) == (1, True)


def test_settings_cannot_lower_the_minimum(project):
    project.replace(YAML, "paths: [counting/add.py],", "paths: [counting/add.py], minimum: 10,")
    project.replace("counting/add.py", "    return", "    if one > 9:\n        one = 9\n    return")
    answer = project.run(*STEP)
    assert (answer.code, "coverage-below" in answer.blocking) == (1, True)
    assert finding(answer, "coverage-minimum-lowered")["blocking"] is False


def test_a_suite_without_tests_blocks(project):
    project.write({TESTS: "def helper():\n    pass\n"})
    answer = project.run(*STEP)
    assert (answer.code, answer.blocking) == (1, ["suite-errored"])
    assert "no test" in str(finding(answer, "suite-errored")["what"])


def test_suites_run_at_the_same_time(project):
    meets = """\
import os, time, pytest
@pytest.mark.blocking
def test_meets():
    open({own!r}, "w").close()
    deadline = time.monotonic() + 30
    while not os.path.exists({other!r}):
        assert time.monotonic() < deadline
        time.sleep(0.02)
"""
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one core runs one suite at a time")
    names = {name: str(project.root.parent / f"{name}-is-here") for name in ("adding", "naming")}
    for own, other in (("adding", "naming"), ("naming", "adding")):
        project.write({f"tests/{own}/test_meets.py": meets.format(own=names[own], other=names[other])})
    answer = project.run("phase-1", "--format", "json")
    assert (answer.code, answer.blocking) == (0, [])


def test_a_halted_run_counts_the_suites_that_it_did_not_run(project):
    more = "".join(f"  - {{id: more-{n}, phase: 1, step: 2, paths: [tests/naming]}}\n" for n in range(8))
    project.replace(YAML, "suites:\n", "suites:\n  - {id: broken, phase: 1, paths: [tests/nowhere]}\n" + more)
    answer = project.run("phase-1", "--format", "json")
    outcomes = [suite["outcome"] for suite in answer.json["suites"]]
    assert (answer.code, len(outcomes), outcomes[0]) == (1, 11, "errored")
    assert outcomes.count("not_run") >= 7
    assert answer.blocking.count("suite-not-run") <= outcomes.count("not_run")


EVIL = "\x1b]0;owned\x07\x1b[2J\u202e\x9b1m\x7f"
COMMAND = """\
  - id: web
    phase: 1
    step: 1
    runner: command
    command: [sh, make.sh]
    junit: out/junit.xml
    coverage: out/lcov.info
    proves: [{deliverable: Addition of whole numbers, tests: "*"}]
"""
LCOV = "SF:counting/add.py\nDA:1,1\nDA:2,1\nend_of_record\n"
GOOD = '<testsuite><testcase name="adds"/></testsuite>'
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'


def web(project, junit: str | bytes, lcov: str, script: str = "mkdir -p out; cp given/* out/") -> None:
    """A project whose step rests on a command that leaves these files."""
    project.replace(YAML, "  - {id: adding, phase: 1, step: 1, paths: [tests/adding], timeout: 60}\n", COMMAND)
    project.write({"make.sh": script, "given/lcov.info": lcov, ".gitignore": "out/\n.devnet/\n"})
    (project.root / "given" / "junit.xml").write_bytes(junit if isinstance(junit, bytes) else junit.encode())


LIES = {
    "an entity bomb": (BOMB, LCOV, "cannot be taken for JUnit"),
    "no test": ("<testsuite/>", LCOV, "holds no test"),
    "empty coverage": (GOOD, "", "lcov.info is empty"),
    "coverage of lines that are not there": (GOOD, LCOV.replace("DA:2", "DA:200"), "claims line 200"),
    "coverage that is none": (GOOD, "hello\n", "lcov.info"),
}


@pytest.mark.parametrize("what", LIES)
def test_a_command_that_leaves_what_cannot_be_believed_blocks(project, what):
    junit, lcov, said = LIES[what]
    web(project, junit, lcov)
    answer = project.run(*STEP)
    assert (answer.code, answer.blocking[0]) == (1, "suite-errored"), answer
    assert said in answer.json["findings"][0]["what"]


def test_files_of_an_earlier_run_prove_nothing(project):
    web(project, GOOD, LCOV)
    assert project.run(*STEP).code == 0
    project.write({"make.sh": "true"})
    answer = project.run(*STEP)
    assert (answer.code, "left by an earlier run" in answer.json["findings"][0]["what"]) == (1, True)


def test_a_name_that_would_steer_a_terminal_is_shown_as_text(project):
    project.write(
        {
            TESTS: (project.root / TESTS).read_text()
            + f"\n\n@pytest.mark.parametrize('x', [1], ids=[{EVIL!r}])\ndef test_x(x): assert 0, {EVIL!r}\n"
        }
    )
    for words in (STEP, STEP[:3]):
        answer = project.run(*words)
        assert answer.code == 1
        assert not set("\x1b\x07\x7f\x9b\u202e") & set(answer.out + answer.err)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_the_report_is_json_in_every_encoding_of_the_output(project, encoding):
    project.replace(DOCUMENT, "- Addition of whole numbers\n", "- Addition of whole numbers\n- Größe 🔄\n")
    answer = project.run(*STEP, PYTHONIOENCODING=encoding)
    assert answer.code == 1
    assert "Größe 🔄" in str(finding(answer, "deliverable-unproved")["what"])


def on_terminal(project, *words: str, **environment: str) -> tuple[int, str, str]:
    """The exit code of a run on a terminal, and what it showed as output and as progress."""
    pairs = [pty.openpty() for _ in range(2)]
    process = subprocess.Popen(
        project.command(*words), cwd=project.root, env=project.environment(**({"TERM": "xterm"} | environment)),
        stdin=subprocess.DEVNULL, stdout=pairs[0][1], stderr=pairs[1][1],
    )  # fmt: skip
    shown = []
    for _, other in pairs:
        os.close(other)
    for own in (pair[0] for pair in pairs):
        text = b""
        try:
            while part := os.read(own, 4096):
                text += part
        except OSError:
            # Linux ends a terminal that nobody holds any more with an error.
            pass
        os.close(own)
        shown.append(text.decode())
    return process.wait(timeout=60), shown[0], shown[1]


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}])
def test_a_terminal_gets_colours_and_a_moving_line_unless_they_are_unwanted(project, environment):
    code, out, progress = on_terminal(project, "phase-1", "--step", "1", "--no-write", **environment)
    assert (code, "PASSED" in out) == (0, True)
    assert ("\x1b[" in out, "\r\x1b[2K" in progress) == (not environment, not environment)
    assert len(out.splitlines()) <= 24
