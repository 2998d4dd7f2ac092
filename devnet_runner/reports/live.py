"""Progress while suites run: which suite, how many tests, how long; one moving line, or a line a suite."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devnet_runner.results import SuiteResult

PAUSE = 0.25
CLEAR = "\r\x1b[2K"


@dataclass(slots=True)
class Live:
    """Shows how far the suites are. `write` writes text to where progress belongs; `moving` means a terminal."""

    write: Callable[[str], None]
    moving: bool
    width: int = 80
    _seen: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, suite: str, done: int, total: int) -> None:
        """Take notice of a suite's progress; its first notice starts its clock."""
        with self._lock:
            known = self._seen.get(suite)
            self._seen[suite] = (done, total, known[2] if known else time.monotonic())
        if known is None and not self.moving:
            self.write(f"running suite {suite}\n")

    def finished(self, result: SuiteResult) -> None:
        """Take notice of a suite's end."""
        with self._lock:
            self._seen.pop(result.suite, None)
        if not self.moving:
            passed, total = result.counts.passed, result.counts.total
            self.write(f"suite {result.suite}: {result.outcome}, {passed} of {total} tests, {result.duration:.1f} s\n")

    def note(self, text: str) -> None:
        """Say what the run is doing between suites."""
        self.write(f"{CLEAR}{text}…" if self.moving else f"{text}\n")

    def current(self) -> str:
        """The moving line."""
        now = time.monotonic()
        with self._lock:
            parts = [
                f"{suite} {done}/{total or '?'} tests {now - began:.0f} s"
                for suite, (done, total, began) in self._seen.items()
            ]
        return " · ".join(parts)[: max(self.width - 1, 20)]

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the moving line until the block ends, then clear it."""
        if not self.moving:
            yield
            return
        done = threading.Event()
        thread = threading.Thread(target=self._move, args=(done,), name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.write(CLEAR)

    def _move(self, done: threading.Event) -> None:
        while not done.wait(PAUSE):
            text = self.current()
            if text:
                self.write(f"{CLEAR}{text}")
