"""A TypeScript project with vitest, run as a command suite: passing, failing, lying and hanging."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from devnet_runner.measures import Ratio, by_layer, read_coverage
from devnet_runner.process import Command
from devnet_runner.process import run as run_process
from devnet_runner.results import Outcome, SuiteResult
from devnet_runner.settings import Layer, Proof, Suite
from devnet_runner.suites import Site, run_suite

INSTALL_SECONDS = 120
PACKAGE = {
    "name": "adder",
    "private": True,
    "type": "module",
    # The last vitest that also runs on Node 20.
    "devDependencies": {"@vitest/coverage-v8": "4.1.12", "vite": "7.3.8", "vitest": "4.1.12"},
}
ADD = """\
export function add(one: number, other: number): number {
  if (one === 0) {
    return other
  }
  return one + other
}
"""
TESTS = """\
import { describe, expect, it } from 'vitest'
import { add } from './add'

describe('add', () => {
  it('adds', () => expect(add(1, 2)).toBe(3))
  it('adds to nothing', () => expect(add(0, 2)).toBe(2))
})
"""
REPORTERS = ("--reporter=junit", "--outputFile=out/junit.xml", "--coverage", "--coverage.reporter=lcov")
SUITE = Suite(
    "adder",
    "command",
    command=("node_modules/.bin/vitest", "run", *REPORTERS),
    directory="packages/adder",
    junit="packages/adder/out/junit.xml",
    coverage=("packages/adder/coverage/lcov.info",),
    timeout=120,
    proves=(Proof("Addition of numbers", "*add > adds*"),),
)


def install(folder: Path) -> str:
    """Install the packages once; what went wrong, or nothing. The answer is kept for the other test processes."""
    said = folder / "installed.txt"
    with FileLock(folder.with_suffix(".lock")):
        if not said.exists():
            folder.mkdir(exist_ok=True)
            (folder / "package.json").write_text(json.dumps(PACKAGE))
            argv = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
            done = run_process(Command(argv, folder, dict(os.environ), timeout=INSTALL_SECONDS))
            said.write_text("" if done.exit_code == 0 else f"npm install did not work: {done.text[-500:]}")
        return said.read_text()


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages that all test processes of a session share."""
    missing = [tool for tool in ("node", "npm") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "vitest-packages"
    fault = install(folder)
    if fault:
        pytest.skip(fault)
    return folder / "node_modules"


@pytest.fixture
def root(tmp_path: Path, modules: Path) -> Path:
    """A repository with one TypeScript package."""
    package = tmp_path / "repository" / SUITE.directory
    (package / "src").mkdir(parents=True)
    (package / "node_modules").symlink_to(modules)
    (package / "package.json").write_text(json.dumps(PACKAGE))
    (package / "src" / "add.ts").write_text(ADD)
    (package / "src" / "add.test.ts").write_text(TESTS)
    return tmp_path / "repository"


def run(root: Path, old: str = "", new: str = "", suite: Suite = SUITE) -> SuiteResult:
    """Run the suite, with a change to its tests."""
    tests = root / SUITE.directory / "src" / "add.test.ts"
    tests.write_text(TESTS.replace(old, new) if old else TESTS)
    site = Site(root, root.parent / "scratch", os.environ)
    return run_suite(suite, site, run_process, lambda *_: None)


def test_a_passing_project_passes_and_is_measured(root: Path) -> None:
    result = run(root)
    assert (result.outcome, result.reason) == (Outcome.PASSED, "")
    assert [(one.name, str(one.where), one.proves) for one in result.tests] == [
        ("src/add.test.ts::add > adds", "packages/adder/src/add.test.ts", ("Addition of numbers",)),
        ("src/add.test.ts::add > adds to nothing", "packages/adder/src/add.test.ts", ("Addition of numbers",)),
    ]
    (copy,) = map(Path, result.coverage)
    measures = read_coverage(copy.read_bytes(), copy.name, root, SUITE.directory)
    (layer,) = by_layer(measures, [Layer("adder", ("packages/adder/src/**",))])
    assert (layer.lines, layer.branches, layer.gaps) == (Ratio(3, 3), Ratio(2, 2), ())


def test_what_no_test_reaches_is_a_gap(root: Path) -> None:
    (copy,) = map(Path, run(root, "add(0, 2)", "add(2, 0)").coverage)
    measures = read_coverage(copy.read_bytes(), copy.name, root, SUITE.directory)
    (layer,) = by_layer(measures, [Layer("adder", ("packages/adder/src/**",))])
    assert [str(gap) for gap in layer.gaps] == ["packages/adder/src/add.ts:3"]


@pytest.mark.parametrize(
    ("old", "new", "outcome", "said"),
    [
        ("toBe(3)", "toBe(4)", Outcome.FAILED, "1 of 2 tests did not pass; it ended with exit status 1"),
        ("it('adds to", "it.skip('adds to", Outcome.SKIPPED, "1 of 2 tests did not pass; it ended with exit status 0"),
        ("it('adds to", "it.todo('adds to", Outcome.SKIPPED, "1 of 2 tests did not pass"),
        ("'./add'", "'./sub'", Outcome.FAILED, "1 of 1 tests did not pass"),
    ],
)
def test_only_passed_passes(root: Path, old: str, new: str, outcome: Outcome, said: str) -> None:
    result = run(root, old, new)
    assert result.outcome is outcome
    assert said in result.reason


def test_a_failure_has_its_reason(root: Path) -> None:
    failed = next(one for one in run(root, "toBe(3)", "toBe(4)").tests if one.outcome is Outcome.FAILED)
    assert "expected 3 to be 4" in failed.reason


def test_results_of_an_earlier_run_do_not_count(root: Path) -> None:
    assert run(root).outcome is Outcome.PASSED
    result = run(root, suite=replace(SUITE, command=("node_modules/.bin/vitest", "--version")))
    assert (result.outcome, result.tests) == (Outcome.ERRORED, ())
    assert "packages/adder/out/junit.xml was left by an earlier run" in result.reason


def test_a_threshold_of_its_own_is_a_named_mismatch(root: Path) -> None:
    strict = replace(SUITE, command=(*SUITE.command, "--coverage.thresholds.lines=100"))
    result = run(root, "add(0, 2)", "add(2, 0)", strict)
    assert result.outcome is Outcome.FAILED
    assert "all 2 tests passed, and yet it ended with exit status 1" in result.reason


def processes_in(folder: Path) -> list[str]:
    """Commands of processes that work in a folder, where the system tells them by `/proc`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cwd").resolve().is_relative_to(folder):
                found.append(process.joinpath("cmdline").read_text())
        except OSError:
            continue
    return found


def test_a_hang_is_killed_with_its_workers(root: Path) -> None:
    result = run(root, "add(1, 2)", "(() => { for (;;) {} })()", replace(SUITE, timeout=5))
    assert (result.outcome, result.tests) == (Outcome.TIMED_OUT, ())
    assert processes_in(root) == []


DOCUMENT = """\
# Phase 4: Numbers

### Step 1: Adding

**Expected Deliverables:**
- Addition of numbers
- **95% test coverage for adding**
"""
SETTINGS = """\
project: adder
layers:
  adder: {paths: ["packages/adder/src/**"], minimum: 95}
suites:
  - id: adder
    phase: 4
    step: 1
    runner: command
    command: [node_modules/.bin/vitest, run, --reporter=junit, --outputFile=out/junit.xml, --coverage,
              --coverage.reporter=lcov]
    directory: packages/adder
    junit: packages/adder/out/junit.xml
    coverage: packages/adder/coverage/lcov.info
    timeout: 120
    proves: [{deliverable: Addition of numbers, tests: "*add > adds*"}]
"""


def judged(root: Path, old: str = "", new: str = "") -> tuple[int, dict[str, Any]]:
    """The exit code and report of `devnet-run` on the project, with a change to its tests."""
    (root / "phases").mkdir()
    (root / "phases" / "phase-4-numbers.md").write_text(DOCUMENT)
    (root / "devnet.yaml").write_text(SETTINGS)
    (root / SUITE.directory / "src" / "add.test.ts").write_text(TESTS.replace(old, new) if old else TESTS)
    own = Path(__file__).resolve().parents[2]
    argv = (sys.executable, "-m", "devnet_runner", "phase-4", "--format", "json")
    done = run_process(Command(argv, root, dict(os.environ) | {"PYTHONPATH": str(own)}, timeout=120))
    return done.exit_code, json.loads(done.output)


def test_the_command_proves_a_typescript_phase(root: Path) -> None:
    code, report = judged(root)
    assert (code, report["verdict"]) == (0, "passed"), report
    assert (root / "DEVNET-CHECKPOINT.txt").exists()


def test_the_command_blocks_on_a_failing_typescript_test(root: Path) -> None:
    code, report = judged(root, "toBe(3)", "toBe(4)")
    assert (code, report["findings"][0]["id"]) == (1, "test-failed")
    assert not (root / "DEVNET-CHECKPOINT.txt").exists()
