"""The pytest kind: real sessions in a project of their own."""

from __future__ import annotations

import json
import os
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from devnet_runner.process import run as run_process
from devnet_runner.results import Outcome, SuiteResult
from devnet_runner.settings import Suite
from devnet_runner.suites import Site, run_suite

MARKS = "import pytest, time, os\npytestmark = pytest.mark.blocking\n"


def run(
    root: Path, text: str, *, stops: bool = False, timeout: int = 60, sources: tuple[str, ...] = (), **more: object
) -> SuiteResult:
    """Run one module of tests as a suite."""
    (root / "test_it.py").write_text(text, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    scratch = root.parent / "scratch"
    site = Site(root, scratch, os.environ, sources, "", first_failure_stops=stops)
    suite = Suite("one", "pytest", paths=("test_it.py",), timeout=timeout, python=sys.executable, **more)
    execute = partial(run_process, stop=threading.Event())
    return run_suite(suite, site, execute, lambda *_: None)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def outcomes(result: SuiteResult) -> dict[str, str]:
    return {test.name.rpartition("::")[2]: str(test.outcome) for test in result.tests}


def test_passed_tests_pass_with_durations_and_what_they_prove(root):
    result = run(root, MARKS + "@pytest.mark.deliverable('A', 'B')\ndef test_a(): time.sleep(0.01)\n")
    assert (result.outcome, result.counts.passed, result.reason) == (Outcome.PASSED, 1, "")
    test = result.tests[0]
    assert test.proves == ("A", "B")
    assert test.duration >= 0.01
    assert test.where.path == "test_it.py"


CASES = {
    "def test_a(): assert 1 == 2": ("failed", Outcome.FAILED),
    "@pytest.mark.skip(reason='later')\ndef test_a(): pass": ("skipped", Outcome.SKIPPED),
    "@pytest.mark.xfail\ndef test_a(): assert 0": ("skipped", Outcome.SKIPPED),
    "@pytest.mark.xfail\ndef test_a(): pass": ("failed", Outcome.FAILED),
    "@pytest.fixture\ndef broken(): 1/0\ndef test_a(broken): pass": ("errored", Outcome.ERRORED),
    "@pytest.fixture\ndef broken():\n yield\n 1/0\ndef test_a(broken): pass": ("errored", Outcome.ERRORED),
    "def test_a(): os._exit(0)": ("not_run", Outcome.ERRORED),
    "def test_a(): os.kill(os.getpid(), 9)": ("not_run", Outcome.ERRORED),
}


@pytest.mark.parametrize("text", CASES)
def test_only_passed_passes(root, text):
    result = run(root, MARKS + text + "\n")
    assert (outcomes(result).get("test_a"), result.outcome) == CASES[text]
    assert result.reason


def test_a_failure_has_its_place_and_reason(root):
    test = run(root, MARKS + "def test_a():\n    x = 1\n    assert x == 2\n").tests[0]
    assert str(test.where) == "test_it.py:5"
    assert "assert 1 == 2" in test.reason


def test_tests_without_the_blocking_mark_are_not_selected(root):
    result = run(root, "def test_a(): pass\n")
    assert (result.outcome, result.reason) == (Outcome.ERRORED, "it collected no test marked `blocking`")


def test_a_module_that_cannot_be_imported_is_errored(root):
    result = run(root, "import nowhere_at_all\n")
    assert (result.outcome, outcomes(result)) == (Outcome.ERRORED, {"test_it.py": "errored"})
    assert "nowhere_at_all" in result.tests[0].reason


def test_the_first_failure_stops_and_the_rest_is_counted(root):
    text = MARKS + "def test_a(): assert 0\ndef test_b(): pass\ndef test_c(): pass\n"
    assert outcomes(run(root, text, stops=True)) == {"test_a": "failed", "test_b": "not_run", "test_c": "not_run"}
    assert outcomes(run(root, text)) == {"test_a": "failed", "test_b": "passed", "test_c": "passed"}


def test_a_hang_is_killed_and_named(root):
    result = run(root, MARKS + "def test_a(): pass\ndef test_b(): time.sleep(600)\ndef test_c(): pass\n", timeout=2)
    assert result.outcome is Outcome.TIMED_OUT
    assert outcomes(result) == {"test_a": "passed", "test_b": "timed_out", "test_c": "not_run"}


def test_a_hang_while_collecting_is_a_time_out(root):
    result = run(root, "import time\ntime.sleep(600)\n", timeout=1)
    assert (result.outcome, result.tests) == (Outcome.TIMED_OUT, ())


def test_a_stopped_run_kills_the_suite(root):
    (root / "test_it.py").write_text(MARKS + "def test_a(): time.sleep(600)\n")
    stop = threading.Event()
    timer = threading.Timer(1, stop.set)
    timer.start()
    site = Site(root, root.parent / "scratch", os.environ)
    suite = Suite("one", "pytest", paths=("test_it.py",), python=sys.executable)
    result = run_suite(suite, site, partial(run_process, stop=stop), lambda *_: None)
    timer.join()
    assert result.outcome is Outcome.NOT_RUN


def test_coverage_is_measured_also_of_files_that_nothing_imports(root):
    (root / "code").mkdir()
    (root / "code" / "__init__.py").touch()
    (root / "code" / "used.py").write_text("def f(x):\n    if x:\n        return 1\n    return 2\n")
    (root / "code" / "unused.py").write_text("x = 1\n")
    result = run(root, MARKS + "from code.used import f\ndef test_a(): f(1)\n", sources=("code",))
    files = json.loads(Path(result.coverage[0]).read_text())["files"]
    assert files["code/used.py"]["missing_lines"] == [4]
    assert files["code/unused.py"]["missing_lines"] == [1]


FOLLOWED = "import coverage\ndef test_a(): assert coverage.Coverage.current().config.concurrency == {}\n"


@pytest.mark.parametrize(("asked", "followed"), [((), ["greenlet"]), (("thread",), ["thread"])])
def test_coverage_follows_what_the_suite_says_else_what_the_project_says(root, asked, followed):
    (root / "code").mkdir()
    (root / "code" / "__init__.py").touch()
    (root / ".coveragerc").write_text("[run]\nconcurrency = greenlet\n")
    result = run(root, MARKS + FOLLOWED.format(followed), sources=("code",), concurrency=asked)
    assert result.outcome is Outcome.PASSED


def test_a_missing_interpreter_is_an_error_of_the_environment(root):
    (root / "test_it.py").write_text(MARKS + "def test_a(): pass\n")
    site = Site(root, root.parent / "scratch", os.environ)
    suite = Suite("one", "pytest", paths=("test_it.py",), python="no/such/python")
    result = run_suite(suite, site, partial(run_process, stop=None), lambda *_: None)
    assert result.outcome is Outcome.ERRORED
    assert "could not be started" in result.reason


def test_only_named_variables_reach_the_suite(root, monkeypatch):
    monkeypatch.setenv("A_SECRET", "x")
    assert run(root, MARKS + "def test_a(): assert 'A_SECRET' not in os.environ\n").outcome is Outcome.PASSED


def test_a_session_that_pytest_refuses_says_why(root):
    (root / "conftest.py").write_text(
        "import pytest\ndef pytest_runtestloop(session): raise pytest.UsageError('not like this')\n"
    )
    result = run(root, MARKS + "def test_a(): pass\n")
    assert result.outcome is Outcome.ERRORED
    assert "not like this" in result.reason


def test_progress_is_told(root):
    told = []
    (root / "test_it.py").write_text(MARKS + "def test_a(): time.sleep(0.5)\ndef test_b(): time.sleep(0.5)\n")
    site = Site(root, root.parent / "scratch", os.environ)
    suite = Suite("one", "pytest", paths=("test_it.py",), python=sys.executable)
    run_suite(suite, site, run_process, lambda *said: told.append(said))
    assert ("one", 1, 2) in told
