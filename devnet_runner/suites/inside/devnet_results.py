"""A pytest plugin that writes what happens as JSON lines; runs inside the suite's own interpreter.

It needs nothing but pytest, so that it works in a project whose environment does not hold devnet-run. The file to
write to is named by DEVNET_RESULTS; DEVNET_SELECT is `all` where every test counts. Lines: `collected` (how many
tests), `test` (one outcome), `error` (a module that could not be collected), `end` (pytest's exit status).
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

PROVES = "devnet.proves"
REASON_LIMIT = 2000


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and start writing where this is the process that reports."""
    config.addinivalue_line("markers", "blocking: the verdict on a phase depends on this test")
    config.addinivalue_line("markers", "deliverable(text): the deliverable or expected item that this test proves")
    target = os.environ.get("DEVNET_RESULTS")
    if target and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(target), "devnet-writer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what each test proves where it travels with the report, also between xdist's processes."""
    for item in items:
        for mark in item.iter_markers("deliverable"):
            for text in mark.args:
                item.user_properties.append((PROVES, str(text)))


class Writer:
    """Writes one JSON line an event, each flushed, so that a killed suite leaves what it had done."""

    def __init__(self, target: str) -> None:
        # Unbuffered and open for the whole session: the file outlives any single hook call.
        self._file = open(target, "ab", buffering=0)  # noqa: SIM115, PTH123
        self._ends: dict[str, dict[str, Any]] = {}
        self._blocking: list[str] = []

    def _write(self, event: str, **values: Any) -> None:
        line = json.dumps({"event": event, **values}, ensure_ascii=True)
        self._file.write(line.encode("ascii") + b"\n")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note the tests that count before an option or a conftest can take one away."""
        everything = os.environ.get("DEVNET_SELECT") == "all"
        self._blocking = [item.nodeid for item in items if everything or item.get_closest_marker("blocking")]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say which tests have to run; one that was taken away in between will stay without a result."""
        names = [item.nodeid for item in session.items]
        self._write("collected", tests=list(dict.fromkeys([*self._blocking, *names])))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep an exception an exception, whatever other plugins make of its report."""
        report = yield
        if call.excinfo is not None and report.passed and not hasattr(report, "wasxfail"):
            report.outcome = "failed"
            report.longrepr = f"a plugin changed this report to passed: {call.excinfo.exconly()}"
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say what could not be collected."""
        if report.skipped:
            path, line, reason = _crash(report)
            kept = {"outcome": "skipped", "duration": 0.0, "proves": []}
            self._write("test", name=report.nodeid, path=path, line=line, reason=reason, **kept)
        if report.failed:
            path, line, reason = _crash(report)
            self._write("error", name=report.nodeid, path=path, line=line, reason=reason)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the phases of one test; write it when its teardown is over."""
        kept = self._ends.setdefault(report.nodeid, {"outcome": "passed", "duration": 0.0, "reason": ""})
        kept["duration"] += report.duration
        outcome = _outcome(report)
        if outcome != "passed" and kept["outcome"] == "passed":
            path, line, reason = _crash(report)
            kept.update(outcome=outcome, reason=reason, path=path, line=line)
        if report.when == "teardown":
            self._finish(report, self._ends.pop(report.nodeid))

    def _finish(self, report: pytest.TestReport, kept: dict[str, Any]) -> None:
        path, line, _ = report.location
        kept.setdefault("path", path)
        kept.setdefault("line", (line or 0) + 1)
        proves = [value for key, value in report.user_properties if key == PROVES]
        self._write("test", name=report.nodeid, proves=proves, **kept)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Say that pytest came to its end, and how."""
        self._write("end", status=int(exitstatus))
        self._file.close()


def _outcome(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        # An expected failure proves nothing; one that passes contradicts its own mark.
        return "failed" if report.passed and report.when == "call" else "skipped"
    if report.failed:
        return "failed" if report.when == "call" else "errored"
    return "skipped" if report.skipped else "passed"


def _crash(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, int, str]:
    """Path, line and reason of what went wrong."""
    longrepr: Any = report.longrepr
    path, line, _ = report.location if isinstance(report, pytest.TestReport) else (report.nodeid, 0, "")
    place, reason = (path, (line or 0) + 1), str(longrepr or "")
    if hasattr(report, "wasxfail"):
        verb = "passed though marked as expected to fail" if report.passed else "is marked as expected to fail"
        return (*place, f"the test {verb}: {report.wasxfail}"[:REASON_LIMIT])
    crash = getattr(longrepr, "reprcrash", None)
    if isinstance(longrepr, tuple):
        place, reason = (str(longrepr[0]), int(longrepr[1])), str(longrepr[2])
    elif crash is not None:
        reason = str(crash.message)
        if isinstance(report, pytest.TestReport):
            place = (str(crash.path), int(crash.lineno))
    return (*place, reason[-REASON_LIMIT:] if crash is None else reason[:REASON_LIMIT])
