"""The pytest kind: tests marked `blocking`, or all, in their own process, with coverage and a result for each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.process import Command, Completed, minimal_environment
from devnet_runner.results import Outcome, SuiteResult, TestResult
from devnet_runner.suites.ending import ended_early
from devnet_runner.suites.events import Events, followed, read_events

if TYPE_CHECKING:
    from devnet_runner.process import Execute
    from devnet_runner.settings import Suite
    from devnet_runner.suites.site import Site, Tell

INSIDE = Path(__file__).with_name("inside")
NO_TESTS = 5
REPORT_SECONDS = 120
TAIL = 2000
UNMARKED = "it collected no test marked `blocking`"


def run(suite: Suite, site: Site, execute: Execute, tell: Tell) -> SuiteResult:
    """Run the selected tests of a suite; coverage of `site.sources` is left as one JSON file in the scratch folder."""
    folder = site.scratch / f"suite-{suite.id}"
    folder.mkdir(parents=True, exist_ok=True)
    events_file = folder / "events.jsonl"
    command = Command(_argv(suite, site), site.root, _environment(suite, site, folder), float(suite.timeout))
    with followed(events_file, suite.id, tell):
        completed = execute(command)
    events = read_events(events_file, site.root)
    outcome, reason = judge(suite, completed, events)
    coverage = _coverage(suite, site, folder, execute) if events.tests else ()
    return SuiteResult(suite.id, outcome, _timed_out(events.tests, outcome), completed.duration, reason, coverage)


def interpreter(suite: Suite, root: Path) -> str:
    """The Python that a suite runs under: the one it names, else the project's own environment, else ours."""
    if suite.python:
        return str(root / suite.python) if "/" in suite.python else suite.python
    own = root / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable


def _argv(suite: Suite, site: Site) -> tuple[str, ...]:
    sources = ",".join(site.sources)
    followed_too = (f"--concurrency={','.join(suite.concurrency)}",) if suite.concurrency else ()
    coverage = ("-m", "coverage", "run", "--branch", "--parallel-mode", f"--source={sources}", *followed_too)
    measured = coverage if sources else ()
    stop = ("--maxfail=1",) if site.first_failure_stops else ()
    # An empty selection also takes the place of one that the project's own options make.
    mark = "" if suite.select == "all" else "blocking"
    options = ("-p", "devnet_results", "-m", mark, "-q", "--no-header", "--color=no", *stop)
    return (interpreter(suite, site.root), *measured, "-m", "pytest", *options, "--", *suite.paths)


def _environment(suite: Suite, site: Site, folder: Path) -> dict[str, str]:
    environment = dict(minimal_environment(site.environ, suite.environment))
    paths = [str(INSIDE), *filter(None, [environment.get("PYTHONPATH")])]
    environment |= {
        "PYTHONPATH": ":".join(paths),
        "DEVNET_RESULTS": str(folder / "events.jsonl"),
        "DEVNET_SELECT": suite.select,
        "COVERAGE_FILE": str(folder / "coverage.data"),
    }
    if suite.database:
        environment["DATABASE_URL"] = site.database_url
    return environment


def judge(suite: Suite, completed: Completed, events: Events) -> tuple[Outcome, str]:
    """The outcome of a whole suite, the worst of what its process and its tests say, and the reason."""
    said = completed.output.decode("utf-8", "backslashreplace")[-TAIL:].strip()
    cut_short = ended_early(suite, completed, said)
    if cut_short is not None:
        return cut_short
    if not events.tests and events.status == NO_TESTS:
        return Outcome.ERRORED, "it collected no test" if suite.select == "all" else UNMARKED
    if events.status is None:
        return Outcome.ERRORED, f"pytest ended with exit status {completed.exit_code} before its session did: {said}"
    return _of_tests(completed, events, said)


def _of_tests(completed: Completed, events: Events, said: str) -> tuple[Outcome, str]:
    wrong = [test for test in events.tests if test.outcome is not Outcome.PASSED]
    ran = [test for test in wrong if test.outcome is not Outcome.NOT_RUN]
    if wrong and not ran:
        return Outcome.ERRORED, f"pytest ended with exit status {completed.exit_code} before its first test: {said}"
    if ran:
        failed = any(test.outcome is Outcome.FAILED for test in ran)
        return (Outcome.FAILED if failed else ran[0].outcome), f"{len(ran)} of {len(events.tests)} tests did not pass"
    if completed.exit_code != 0 or not events.tests:
        return Outcome.ERRORED, f"pytest ended with exit status {completed.exit_code}: {said}"
    return Outcome.PASSED, ""


def _timed_out(tests: tuple[TestResult, ...], outcome: Outcome) -> tuple[TestResult, ...]:
    """The first test without a result is the one that hung."""
    if outcome is not Outcome.TIMED_OUT:
        return tests
    hung = next((index for index, test in enumerate(tests) if test.outcome is Outcome.NOT_RUN), None)
    if hung is None:
        return tests
    reason = "still running at the timeout of its suite"
    return (*tests[:hung], TestResult(tests[hung].name, Outcome.TIMED_OUT, reason=reason), *tests[hung + 1 :])


def _coverage(suite: Suite, site: Site, folder: Path, execute: Execute) -> tuple[str, ...]:
    if not site.sources:
        return ()
    report = folder / "coverage.json"
    script = str(INSIDE / "devnet_coverage.py")
    argv = (interpreter(suite, site.root), script, str(folder / "coverage.data"), str(report))
    execute(Command(argv, site.root, _environment(suite, site, folder), REPORT_SECONDS))
    return (str(report),) if report.exists() else ()
