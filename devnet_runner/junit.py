"""JUnit XML into test results; counted from its test cases, whatever its own counts claim."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from devnet_runner.findings import Place
from devnet_runner.results import Outcome, TestResult
from devnet_runner.xml_guard import read_elements

REASON_LIMIT = 2000
ENDS = {"failure": Outcome.FAILED, "error": Outcome.ERRORED, "skipped": Outcome.SKIPPED, "disabled": Outcome.SKIPPED}
WORST = (Outcome.ERRORED, Outcome.FAILED, Outcome.SKIPPED)


@dataclass(slots=True)
class _Case:
    name: str
    duration: float
    where: Place
    outcome: Outcome = Outcome.PASSED
    reason: str = ""
    proves: list[str] = field(default_factory=list)

    def ended(self, outcome: Outcome, reason: str) -> None:
        """Keep the worst of several endings."""
        if self.outcome is Outcome.PASSED or WORST.index(outcome) < WORST.index(self.outcome):
            self.outcome, self.reason = outcome, reason[:REASON_LIMIT].strip()

    def result(self) -> TestResult:
        """The case as a result."""
        return TestResult(self.name, self.outcome, self.duration, self.where, self.reason, tuple(self.proves))


class _Reader:
    def __init__(self) -> None:
        self.results: list[TestResult] = []
        self._case: _Case | None = None
        self._message = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin a test case, or note what an element inside of it says."""
        if name == "testcase":
            self._case = _case(attributes)
        elif self._case is not None and name in ENDS:
            self._message = attributes.get("message", "")
        elif self._case is not None and name == "property" and attributes.get("name") == "deliverable":
            self._case.proves.append(attributes.get("value", ""))

    def end(self, name: str, text: str) -> None:
        """Finish a test case, or how it ended."""
        if self._case is None:
            return
        if name == "testcase":
            self.results.append(self._case.result())
            self._case = None
        elif name in ENDS:
            self._case.ended(ENDS[name], self._message or text)


def read_junit(data: bytes) -> tuple[TestResult, ...]:
    """The test cases of a JUnit file, in its order. Raises HostileXml for what must not or cannot be read."""
    reader = _Reader()
    read_elements(data, reader.start, reader.end)
    return tuple(reader.results)


def _case(attributes: dict[str, str]) -> _Case:
    name, group = attributes.get("name", ""), attributes.get("classname", "")
    line = attributes.get("line", "")
    where = Place(attributes.get("file", ""), int(line) if line.isascii() and line.isdigit() else 0)
    return _Case(f"{group}::{name}" if group and group != name else name, _seconds(attributes.get("time", "")), where)


def _seconds(text: str) -> float:
    """A duration; what is no duration counts as none, since no verdict rests on it."""
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value >= 0 else 0.0
