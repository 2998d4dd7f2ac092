"""The command kind: real commands, and every way in which what they leave can deceive."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from devnet_runner.measures import read_coverage
from devnet_runner.process import Completed, Ending
from devnet_runner.process import run as run_process
from devnet_runner.results import Outcome, SuiteResult
from devnet_runner.settings import Proof, Suite
from devnet_runner.suites import Site, command
from devnet_runner.suites.left import NotLeft, Watched

PASSED = "<testsuite><testcase classname='src/a.py' name='one'/><testcase name='two' time='0.5'/></testsuite>"
FAILED = PASSED.replace("time='0.5'/>", "><failure message='no money'/></testcase>")
LCOV = "SF:src/a.py\nDA:1,1\nDA:2,0\nend_of_record\n"
HEAD = "import os, sys, time\nfrom pathlib import Path\n"
SUITE = Suite("web", "command", junit="out/junit.xml", timeout=60)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one source file of two lines, and a place for results."""
    folder = tmp_path / "project"
    for name in ("src", "out"):
        (folder / name).mkdir(parents=True)
    (folder / "src" / "a.py").write_text("x = 1\ny = 2\n")
    return folder


def leave(junit: str = PASSED, lcov: str | None = None, then: str = "") -> str:
    """A program that leaves result files, and then does something else."""
    files = {"out/junit.xml": junit} | ({"out/lcov.info": lcov} if lcov is not None else {})
    return HEAD + f"for name, text in {files!r}.items(): Path(name).write_text(text)\n" + then


def run(root: Path, program: str, suite: Suite = SUITE, stop: threading.Event | None = None) -> SuiteResult:
    """Run a program as a suite in the process room."""
    site = Site(root, root.parent / "scratch", os.environ)
    chosen = suite if suite.command else replace(suite, command=(sys.executable, "-c", program))
    return command.run(chosen, site, partial(run_process, stop=stop), lambda *_: None)


def with_coverage(name: str = "out/lcov.info") -> Suite:
    return replace(SUITE, coverage=(name,))


def test_passed_tests_and_exit_status_zero_pass(root: Path) -> None:
    result = run(root, leave())
    assert (result.outcome, result.reason, result.coverage) == (Outcome.PASSED, "", ())
    assert [(one.name, one.duration) for one in result.tests] == [("src/a.py::one", 0.0), ("two", 0.5)]


def test_a_test_points_to_its_file_or_else_to_the_results(root: Path) -> None:
    text = PASSED.replace("name='two'", "name='two' file='src/a.py' line='2'").replace(
        "</testsuite>", "<testcase/></testsuite>"
    )
    assert [str(one.where) for one in run(root, leave(text)).tests] == ["src/a.py", "src/a.py:2", "out/junit.xml"]


def test_a_place_is_looked_for_in_the_directory_of_the_suite(root: Path) -> None:
    text = (
        PASSED.replace("src/a.py", "a.py")
        .replace("'two'", "'two' file='/etc/hostname'")
        .replace("</t", f"<testcase name='{'x' * 900}'/></t")
    )
    result = run(
        root,
        f"from pathlib import Path; Path('../out/junit.xml').write_text({text!r})",
        replace(SUITE, directory="src"),
    )
    assert [str(one.where) for one in result.tests] == ["src/a.py", "/etc/hostname", "out/junit.xml"]


SAID = {
    "a failure and exit 1": (
        leave(FAILED, then="sys.exit(1)"),
        "failed",
        "1 of 2 tests did not pass; it ended with exit status 1",
    ),
    "a failure and exit 0": (leave(FAILED), "failed", "1 of 2 tests did not pass; it ended with exit status 0"),
    "no failure and exit 3": (
        leave(then="print('threshold'); sys.exit(3)"),
        "failed",
        "all 2 tests passed, and yet it ended with exit status 3: threshold",
    ),
    "no failure and a signal": (
        leave(then="os.kill(os.getpid(), 9)"),
        "failed",
        "all 2 tests passed, and yet it ended with signal SIGKILL",
    ),
    "an error": (leave(FAILED.replace("failure", "error")), "errored", "1 of 2 tests did not pass"),
    "a skip": (leave(FAILED.replace("failure", "skipped")), "skipped", "1 of 2 tests did not pass"),
    "no test": (
        leave("<testsuites tests='9'/>"),
        "errored",
        "out/junit.xml holds no test; check what the command selects",
    ),
    "no file": (
        HEAD + "print('bye')",
        "errored",
        "the run left no out/junit.xml; have its tool write it, or correct the path (it ended with exit status 0): b",
    ),
    "an empty file": (leave(""), "errored", "out/junit.xml is empty; check that its tool came to its end"),
    "half a file": (
        leave(PASSED[:60]),
        "errored",
        "out/junit.xml cannot be taken for JUnit XML: it is no XML: unclosed token",
    ),
    "a bomb": (leave("<!DOCTYPE a [<!ENTITY a 'ha'>]>" + PASSED), "errored", "it declares the entity 'a' (line 1)"),
    "depth": (
        HEAD + "Path('out/junit.xml').write_text('<testsuite>' * 1_000_000)",
        "errored",
        "it nests deeper than 200 elements",
    ),
    "a terminal's escape": (
        leave(PASSED.replace("two", "\x1b[2J")),
        "errored",
        "it is no XML: not well-formed (invalid token)",
    ),
    "a folder": (HEAD + "os.mkdir('out/junit.xml')", "errored", "out/junit.xml is no regular file"),
    "a pipe": (HEAD + "os.mkfifo('out/junit.xml')", "errored", "out/junit.xml is no regular file"),
    "a loop of links": (HEAD + "os.symlink('junit.xml', 'out/junit.xml')", "errored", "out/junit.xml cannot be read"),
    "a way out": (
        HEAD + "os.symlink('/etc/hostname', 'out/junit.xml')",
        "errored",
        "out/junit.xml leads out of the repository, to /etc/hostname",
    ),
    "too much": (
        HEAD + "os.truncate(os.open('out/junit.xml', os.O_CREAT | os.O_WRONLY), 100_000_001)",
        "errored",
        "out/junit.xml is larger than 100 MB",
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_the_worst_of_what_process_and_files_say_counts(root: Path, what: str) -> None:
    program, outcome, reason = SAID[what]
    result = run(root, program)
    assert result.outcome == outcome
    assert reason in result.reason


def backdated(seconds: int = 3600) -> str:
    return f"os.utime('out/junit.xml', (time.time() - {seconds},) * 2)"


OLD = {
    "is not written": "",
    "is copied from an earlier run": leave(then=backdated()),
    "is given the old file's time": HEAD
    + "s = os.stat('out/junit.xml')\n"
    + leave(then="os.utime('out/junit.xml', ns=(s.st_atime_ns, s.st_mtime_ns))"),
    "is moved to another name and back": HEAD + "os.rename('out/junit.xml', 'x'); os.rename('x', 'out/junit.xml')",
}


@pytest.mark.parametrize("what", OLD)
def test_a_file_of_an_earlier_run_is_recognised_and_kept(root: Path, what: str) -> None:
    file = root / "out" / "junit.xml"
    file.write_text(PASSED)
    os.utime(file, (time.time() - 60,) * 2)
    result = run(root, OLD[what])
    assert (result.outcome, result.tests) == (Outcome.ERRORED, ())
    assert "out/junit.xml was left by an earlier run" in result.reason
    assert file.read_text() == PASSED


def test_a_file_that_claims_to_be_of_the_future_is_old_unless_written(root: Path) -> None:
    file = root / "out" / "junit.xml"
    file.write_text(PASSED)
    os.utime(file, (time.time() + 9999,) * 2)
    assert run(root, "").outcome is Outcome.ERRORED
    assert run(root, leave()).outcome is Outcome.PASSED


def test_each_run_needs_its_own_file_however_soon(root: Path) -> None:
    assert [run(root, leave()).outcome for _ in range(3)] == [Outcome.PASSED] * 3
    assert run(root, "").outcome is Outcome.ERRORED


def test_results_may_be_written_into_a_new_folder(root: Path) -> None:
    shutil.rmtree(root / "out")
    assert run(root, HEAD + "os.mkdir('out')\n" + leave()).outcome is Outcome.PASSED
    assert sorted(path.name for path in root.iterdir()) == ["out", "src"]


def test_a_command_that_cannot_be_started_is_errored(root: Path) -> None:
    result = run(root, "", replace(SUITE, command=("no-such-program", "run")))
    assert result.outcome is Outcome.ERRORED
    assert "its command 'no-such-program' could not be started" in result.reason


def test_no_shell_reads_the_command(root: Path) -> None:
    program = "import sys; print(sys.argv[1:]); sys.exit(2)"
    result = run(root, "", replace(SUITE, command=(sys.executable, "-c", program, "$HOME", ";", "*")))
    assert "['$HOME', ';', '*']" in result.reason


def test_a_hang_is_killed_and_its_results_do_not_count(root: Path) -> None:
    result = run(root, leave(then="time.sleep(600)"), replace(SUITE, timeout=1))
    assert (result.outcome, result.tests) == (Outcome.TIMED_OUT, ())
    assert result.reason == "it was still running after 1 s and was killed with its processes"


def test_a_stopped_run_is_not_run(root: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert run(root, leave(then="time.sleep(600)"), stop=stop).outcome is Outcome.NOT_RUN


def test_settings_say_which_tests_prove_a_deliverable(root: Path) -> None:
    text = PASSED.replace(
        "name='two'/>", "name='two'><properties><property name='deliverable' value='B'/></properties></testcase>"
    )
    proofs = (Proof("A", "src/*"), Proof("B", "tw?"), Proof("C", "three"), Proof("D", "*"))
    result = run(root, leave(text), replace(SUITE, proves=proofs))
    assert [one.proves for one in result.tests] == [("A", "D"), ("B", "D")]


def test_only_named_variables_reach_the_command(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "x")
    monkeypatch.setenv("A_NAME", "y")
    program = leave(then="sys.exit(os.environ.get('A_SECRET') is not None or os.environ.get('A_NAME') != 'y')")
    assert run(root, program, replace(SUITE, environment=("A_NAME",))).outcome is Outcome.PASSED


def test_a_suite_that_asks_for_a_database_is_given_its_address(root: Path) -> None:
    program = leave(then="sys.exit(os.environ['DATABASE_URL'] != 'postgresql://here')")
    suite = replace(SUITE, command=(sys.executable, "-c", program), database=True)
    site = Site(root, root.parent / "scratch", os.environ, database_url="postgresql://here")
    assert command.run(suite, site, run_process, lambda *_: None).outcome is Outcome.PASSED


def test_a_lost_supervisor_is_errored() -> None:
    outcome, reason = command.judge(SUITE, Completed(-9, Ending.LOST, b"bye", 1.0), (), "")
    assert (outcome, reason) == (Outcome.ERRORED, "the process that watched over it was killed from outside: bye")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder that nobody can write to needs /proc")
def test_a_folder_that_cannot_be_written_is_watched_too() -> None:
    with pytest.raises(NotLeft, match=r"the run left no junit\.xml"):
        Watched.now(Path("/proc/self"), "junit.xml").read()


def test_progress_is_told(root: Path) -> None:
    told: list[tuple[str, int, int]] = []
    suite = replace(SUITE, command=(sys.executable, "-c", leave()))
    command.run(suite, Site(root, root.parent / "scratch", os.environ), run_process, lambda *said: told.append(said))
    assert told == [("web", 0, 0), ("web", 2, 2)]


def test_coverage_is_kept_as_it_was_when_the_suite_ended(root: Path) -> None:
    result = run(root, leave(lcov=LCOV), with_coverage())
    (copy,) = map(Path, result.coverage)
    (root / "out" / "lcov.info").unlink()
    (measure,) = read_coverage(copy.read_bytes(), copy.name, root)
    assert (result.outcome, measure.path, measure.missing()) == (Outcome.PASSED, "src/a.py", [2])


def test_coverage_below_a_directory_is_read_from_there(root: Path) -> None:
    text = LCOV.replace("src/a.py", "a.py")
    program = HEAD + f"Path('../out/junit.xml').write_text({PASSED!r}); Path('../out/lcov.info').write_text({text!r})"
    assert run(root, program, replace(with_coverage(), directory="src")).outcome is Outcome.PASSED


BAD = {
    None: "the run left no out/lcov.info",
    "": "out/lcov.info is empty",
    "nothing": "out/lcov.info cannot be believed: it holds no line that was measured",
    LCOV.replace("2,0", "2,-1"): "out/lcov.info cannot be believed: line 3: '2,-1' holds impossible numbers",
    LCOV.replace("DA:2", "DA:9"): "it claims line 9 of src/a.py, which has 2 lines",
    LCOV.replace("a.py", "b.py"): "it measured src/b.py, which is not in the repository",
    LCOV[:30]: "it was cut off",
}


@pytest.mark.parametrize("lcov", BAD)
def test_coverage_that_cannot_be_believed_is_errored(root: Path, lcov: str | None) -> None:
    result = run(root, leave(lcov=lcov), with_coverage())
    assert (result.outcome, result.coverage) == (Outcome.ERRORED, ())
    assert BAD[lcov] in result.reason


def test_coverage_of_an_earlier_run_is_errored(root: Path) -> None:
    (root / "out" / "lcov.info").write_text(LCOV)
    result = run(root, leave(), with_coverage())
    assert result.outcome is Outcome.ERRORED
    assert "out/lcov.info was left by an earlier run" in result.reason


def test_a_failed_test_is_the_reason_even_if_coverage_is_missing_too(root: Path) -> None:
    result = run(root, leave(FAILED), with_coverage())
    assert (result.outcome, "tests did not pass" in result.reason) == (Outcome.FAILED, True)


def test_one_bad_coverage_file_does_not_hide_another(root: Path) -> None:
    result = run(root, leave(lcov=LCOV), replace(SUITE, coverage=("out/lcov.info", "out/a.xml", "out/b.json")))
    assert [Path(one).name for one in result.coverage] == ["lcov.info"]
    assert ("out/a.xml" in result.reason, "out/b.json" in result.reason) == (True, True)


def test_lines_outside_the_repository_are_not_doubted(root: Path) -> None:
    text = LCOV + LCOV.replace("src/a.py", "/nowhere/b.py").replace("DA:2", "DA:99999")
    assert run(root, leave(lcov=text), with_coverage()).outcome is Outcome.PASSED
