"""The order of trials: as many at once as the sandbox has keepers, each after what it depends on."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.results import Outcome
from devnet_runner.sandbox import Ending, Trial
from devnet_runner.shell import counterfactual, doubtful, opened, read_command
from devnet_runner.standard_results import StandardResult
from devnet_runner.trials.judge import Judgement, afterwards, beforehand, last_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from devnet_runner.sandbox import Ended, Sandbox
    from devnet_runner.shell import Reading
    from devnet_runner.standards.values import StandardTest

MISSING = "it passes only because what it looks at is missing"


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every trial: the values of variables, the seconds that it may take, and the level demanded."""

    variables: Mapping[str, str]
    timeout: float
    demanded: str = ""


def run_tests(
    tests: tuple[StandardTest, ...],
    sandbox: Sandbox,
    terms: Terms,
    tell: Callable[[StandardResult], None] = lambda _result: None,
) -> tuple[StandardResult, ...]:
    """Try every test and return one result for each, in the given order; `tell` hears of each as it comes."""
    schedule = Schedule(tests)
    pool = ThreadPoolExecutor(max_workers=sandbox.workers, thread_name_prefix="trial")
    try:
        for result in schedule.run(pool, sandbox, terms):
            tell(result)
    except BaseException:
        sandbox.stop()
        raise
    finally:
        # Its threads use the keepers: these must not be closed before.
        pool.shutdown()
    return schedule.results()


class Schedule:
    """Which tests may begin: those whose dependencies have all passed; those of others are skipped, and counted."""

    def __init__(self, tests: tuple[StandardTest, ...]) -> None:
        self._tests = tests
        known = {test.identity: number for number, test in enumerate(tests)}
        self._needs = [self._known(test, known) for test in tests]
        self._left = list(range(len(tests)))
        self._running: dict[Future[StandardResult], int] = {}
        self._done: dict[int, StandardResult] = {}

    @staticmethod
    def _known(test: StandardTest, known: Mapping[tuple[str, str, str], int]) -> tuple[int, ...]:
        """What a test depends on, as numbers; a name that is not there is a fault of the test, which never runs."""
        names = ((test.file, test.block, name) for name in test.depends_on)
        return tuple(known[name] for name in names if name in known)

    def run(self, pool: ThreadPoolExecutor, sandbox: Sandbox, terms: Terms) -> Iterator[StandardResult]:
        """Run every test; yields results as they come."""
        while self._left or self._running:
            begun = list(self._begin(pool, sandbox, terms))
            yield from begun
            if self._running:
                yield from self._finished()
            elif not begun:
                yield from self._rest()

    def results(self) -> tuple[StandardResult, ...]:
        """Every result, in the order of the tests."""
        return tuple(self._done[number] for number in range(len(self._tests)))

    def _begin(self, pool: ThreadPoolExecutor, sandbox: Sandbox, terms: Terms) -> Iterator[StandardResult]:
        """Start what may start; yields the results of what never will."""
        waiting = []
        for number in self._left:
            test, needs = self._tests[number], self._needs[number]
            if test.faults or all(self._passed(need) for need in needs):
                self._running[pool.submit(tried, test, sandbox, terms)] = number
            elif all(need in self._done for need in needs):
                yield self._keep(number, result_of(test, self._skipped(needs)))
            else:
                waiting.append(number)
        self._left = waiting

    def _finished(self) -> Iterator[StandardResult]:
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in done:
            yield self._keep(self._running.pop(future), future.result())

    def _rest(self) -> Iterator[StandardResult]:
        """What waits for itself, where the document's faults were not told before."""
        for number in self._left:
            yield self._keep(number, result_of(self._tests[number], Judgement(Outcome.ERRORED, "it depends on itself")))
        self._left = []

    def _keep(self, number: int, result: StandardResult) -> StandardResult:
        self._done[number] = result
        return result

    def _passed(self, number: int) -> bool:
        return number in self._done and self._done[number].outcome is Outcome.PASSED

    def _skipped(self, needs: tuple[int, ...]) -> Judgement:
        need = next(self._done[number] for number in needs if not self._passed(number))
        return Judgement(Outcome.SKIPPED, f"it depends on {need.name}, which ended as {need.outcome.replace('_', ' ')}")


def tried(test: StandardTest, sandbox: Sandbox, terms: Terms) -> StandardResult:
    """Try one test to its end. Its own command, untouched, decides; a pass is asked what it rests on."""
    reading = read_command(test.command)
    judgement = beforehand(test, reading, sandbox.enforcement.level)
    if judgement is not None:
        return result_of(test, judgement)
    command = opened(test.command, test.variables)
    given = {name: terms.variables[name] for name in test.variables if name in terms.variables}
    ended = sandbox.run(Trial(command, given, terms.timeout))
    judgement = afterwards(test.command, ended, reading, terms.timeout)
    if (
        judgement.outcome is Outcome.PASSED
        and doubtful(reading, ended.output)
        and _rests_on_nothing(test, reading, sandbox, Trial("", given, terms.timeout))
    ):
        said = last_line(ended.output)
        judgement = Judgement(Outcome.VACUOUS, f"{MISSING}: {said}" if said else MISSING)
    return result_of(test, judgement, ended)


def _rests_on_nothing(test: StandardTest, reading: Reading, sandbox: Sandbox, trial: Trial) -> bool:
    """Whether a test that passed would fail if everything that it looks at, and did not find, had been there."""
    other = counterfactual(opened(test.command, test.variables), reading)
    if other is None:
        return False
    ended = sandbox.run(Trial(other, trial.variables, trial.timeout))
    return ended.ending is Ending.ENDED and ended.exit_code != 0


def result_of(test: StandardTest, judgement: Judgement, ended: Ended | None = None) -> StandardResult:
    """The result of a test that was judged so; `ended` where it ran."""
    return StandardResult(
        file=test.file,
        block=test.block,
        name=test.name,
        line=test.line,
        outcome=judgement.outcome,
        blocking=test.blocking,
        required=test.required,
        reason=judgement.reason,
        output=ended.output if ended else "",
        rewrite=judgement.rewrite,
        error=test.error,
        fix=test.fix_command,
        duration=ended.duration if ended else 0.0,
    )
