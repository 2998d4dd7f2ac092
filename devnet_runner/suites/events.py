"""The JSON lines that the pytest plugin writes, read while they grow and once they are whole."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devnet_runner.findings import Place
from devnet_runner.results import Outcome, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devnet_runner.suites.site import Tell

PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Events:
    """What one pytest session wrote. `status` is pytest's exit status, None where it never came to its end."""

    tests: tuple[TestResult, ...]
    collected: int
    status: int | None


def read_events(path: Path, root: Path) -> Events:
    """Everything in a file of events; tests that were collected and never finished are `NOT_RUN`."""
    collected: list[str] = []
    tests: dict[str, TestResult] = {}
    status: int | None = None
    for event in _lines(path):
        match event.get("event"):
            case "collected":
                collected = [str(name) for name in event["tests"]]
            case "test" | "error":
                result = _result(event, root)
                tests[result.name] = result
            case "end":
                status = int(event["status"])
    missing = (TestResult(name, Outcome.NOT_RUN) for name in collected if name not in tests)
    return Events((*tests.values(), *missing), len(collected), status)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as stream:
        for line in stream:
            try:
                event = json.loads(line)
            except ValueError:
                # A killed process leaves half a line at most: the last one.
                return
            if isinstance(event, dict):
                yield event


def _result(event: dict[str, Any], root: Path) -> TestResult:
    outcome = Outcome.ERRORED if event["event"] == "error" else Outcome(event["outcome"])
    path = str(event.get("path", "")).removeprefix(f"{root}/")
    return TestResult(
        name=str(event["name"]),
        outcome=outcome,
        duration=float(event.get("duration", 0.0)),
        where=Place(path, int(event.get("line") or 0)),
        reason=str(event.get("reason", "")),
        proves=tuple(str(text) for text in event.get("proves", ())),
    )


@contextmanager
def followed(path: Path, suite: str, tell: Tell) -> Iterator[None]:
    """Tell the progress of a suite while its file of events grows."""
    done = threading.Event()
    thread = threading.Thread(target=_follow, args=(path, suite, tell, done), name=f"follow-{suite}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _follow(path: Path, suite: str, tell: Tell, done: threading.Event) -> None:
    offset = finished = total = 0
    while not done.wait(PAUSE):
        for line in _whole_lines(path, offset):
            offset += len(line)
            event = json.loads(line)
            finished += event["event"] == "test"
            total = len(event["tests"]) if event["event"] == "collected" else total
        tell(suite, finished, total)


def _whole_lines(path: Path, offset: int) -> list[bytes]:
    if not path.exists():
        return []
    with path.open("rb") as stream:
        stream.seek(offset)
        return [line for line in stream.read().splitlines(keepends=True) if line.endswith(b"\n")]
