"""JUnit XML into test results; counted from its test cases, whatever its own counts claim."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from devnet_runner.findings import Place
from devnet_runner.results import Outcome, TestResult
from devnet_runner.xml_guard import HostileXml, read_elements

NAME_LIMIT, REASON_LIMIT, LINE_DIGITS = 1000, 2000, 8
ROOTS = {"testsuites", "testsuite", "testcase"}
ENDS = {"failure": Outcome.FAILED, "error": Outcome.ERRORED, "skipped": Outcome.SKIPPED, "disabled": Outcome.SKIPPED}
"""Elements that say how a case ended; one directly in a suite is a case of its own: its set-up or collection."""
STATES = {
    "notrun": Outcome.SKIPPED, "disabled": Outcome.SKIPPED, "skipped": Outcome.SKIPPED, "suppressed": Outcome.SKIPPED,
    "pending": Outcome.SKIPPED, "ignored": Outcome.SKIPPED, "incomplete": Outcome.SKIPPED, "failed": Outcome.FAILED,
    "failure": Outcome.FAILED, "error": Outcome.ERRORED, "errored": Outcome.ERRORED,
}  # fmt: skip
"""What `status` and `result` attributes mean where a tool writes no element for it, as GoogleTest does."""
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
    """Gathers cases; they are kept on a stack, so that one case inside of another hides neither."""

    def __init__(self) -> None:
        self.results: list[TestResult] = []
        self._open: list[_Case] = []
        self._suites: list[str] = []
        self._attributes: dict[str, str] = {}
        self._root = ""

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        """Begin a suite or a case, or note what an element inside of it says."""
        self._root = self._root or name
        if self._root not in ROOTS:
            raise HostileXml(f"its root is <{self._root[:60]}>, not <testsuites> or <testsuite> (line {line})")
        self._attributes = attributes
        if name == "testsuite":
            self._suites.append(attributes.get("name", ""))
        elif name == "testcase":
            self._open.append(_case(attributes))

    def end(self, name: str, text: str) -> None:
        """Finish a suite or a case, or what an element says of it."""
        if name == "testsuite":
            self._suites.pop()
        elif name == "testcase":
            self.results.append(self._open.pop().result())
        elif name in ENDS:
            self._ended(ENDS[name], self._attributes.get("message") or text)
        elif name == "property" and self._open and self._attributes.get("name") == "deliverable":
            self._open[-1].proves.append(self._attributes.get("value") or text.strip())
        self._attributes = {}

    def _ended(self, outcome: Outcome, reason: str) -> None:
        if self._open:
            self._open[-1].ended(outcome, reason)
            return
        case = _Case((self._suites[-1] if self._suites else "")[:NAME_LIMIT] or "a suite", 0.0, Place(""))
        case.ended(outcome, reason)
        self.results.append(case.result())


def read_junit(data: bytes) -> tuple[TestResult, ...]:
    """The test cases of a JUnit file, in its order; cases with the same name are all kept.

    The format is what tools write in common; there is no standard. A duration that is none counts as no time, since
    no verdict rests on it, and the case says so as its reason. Raises HostileXml for what must not or cannot be read.
    """
    reader = _Reader()
    read_elements(data, reader.start, reader.end)
    return tuple(reader.results)


def _case(attributes: dict[str, str]) -> _Case:
    name, group = attributes.get("name", ""), attributes.get("classname", "")
    line = attributes.get("line", "")
    number = int(line) if line.isascii() and line.isdigit() and len(line) <= LINE_DIGITS else 0
    whole = f"{group}::{name}" if group and group != name else name
    duration, doubt = _seconds(attributes.get("time", "0"))
    case = _Case(
        whole[:NAME_LIMIT] or "a case without a name", duration, Place(attributes.get("file", ""), number), reason=doubt
    )
    for key in ("status", "result"):
        state = STATES.get(attributes.get(key, "").lower())
        if state:
            case.ended(state, f"its {key} is '{attributes[key]}'")
    return case


def _seconds(text: str) -> tuple[float, str]:
    """A duration, and what is wrong with it."""
    try:
        value = float(text.replace(",", "") or "0")
    except ValueError:
        value = math.nan
    if math.isfinite(value) and value >= 0:
        return value, ""
    return 0.0, f"its time '{text[:40]}' is no duration and counts as 0"
