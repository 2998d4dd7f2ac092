"""Runs the suites of a plan, in parallel where they can, and yields results as they come; the halt rule."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devnet_runner.results import Outcome, SuiteResult

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from devnet_runner.settings import Suite


@dataclass(slots=True)
class Runner:
    """Runs suites with `start`, a callable that runs one suite to its end, or until `stop` is set.

    `halts` says whether the first blocking suite that does not pass ends the run: the others are stopped, and those
    that had not begun are results too (`NOT_RUN`), so that the facts add up.
    """

    start: Callable[[Suite], SuiteResult]
    stop: threading.Event
    halts: bool
    workers: int
    _running: dict[Future[SuiteResult], Suite] = field(default_factory=dict)

    def run(self, suites: tuple[Suite, ...]) -> Iterator[SuiteResult]:
        """Yield one result for each suite."""
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="suite") as pool:
            try:
                yield from self._results(pool, list(suites))
            finally:
                # Also on Ctrl-C and when the caller stops asking: the pool waits for its threads when it closes.
                if self._running:
                    self.stop.set()

    def _results(self, pool: ThreadPoolExecutor, waiting: list[Suite]) -> Iterator[SuiteResult]:
        while waiting or self._running:
            self._fill(pool, waiting)
            yield from self._finished()
            if self.stop.is_set():
                yield from _not_run(waiting)
                waiting.clear()

    def _fill(self, pool: ThreadPoolExecutor, waiting: list[Suite]) -> None:
        while waiting and len(self._running) < self.workers and not self.stop.is_set():
            suite = waiting.pop(0)
            self._running[pool.submit(self.start, suite)] = suite

    def _finished(self) -> Iterator[SuiteResult]:
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in done:
            suite = self._running.pop(future)
            result = future.result()
            if self.halts and suite.blocking and result.outcome is not Outcome.PASSED:
                self.stop.set()
            yield result


def _not_run(waiting: list[Suite]) -> Iterator[SuiteResult]:
    for suite in waiting:
        yield SuiteResult(suite.id, Outcome.NOT_RUN, reason="the run halted before it at a blocking failure")
