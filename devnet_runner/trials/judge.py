"""Judging a test: what can be said before it runs, and what its end means."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.results import Outcome
from devnet_runner.sandbox import Ended, Ending
from devnet_runner.shell import refused
from devnet_runner.standard_results import Level

if TYPE_CHECKING:
    from devnet_runner.shell import Reading
    from devnet_runner.standards.values import StandardTest

CANNOT_RUN, NOT_FOUND = 126, 127
SIGNALS = range(129, 160)
SYNTAX = re.compile(r"^[^\n]*\bsh: (?:-c: )?(?:line )?\d+: [Ss]yntax error", re.MULTILINE)
REFUSALS = (
    "read-only file system", "operation not permitted", "permission denied", "network is unreachable", "erofs",
    "eacces", "eperm", "eai_again", "temporary failure in name resolution", "could not resolve host",
)  # fmt: skip
LIMITS = {
    Ending.TOO_MUCH_OUTPUT: "it printed more than 4 MiB",
    Ending.TOO_MANY_PROCESSES: "it started more than 256 processes",
    Ending.TOO_MUCH_MEMORY: "it used more than 2 GiB of memory",
    Ending.TOO_MUCH_WRITTEN: "it wrote more than 256 MiB into its own folder",
    Ending.LOST: "the sandbox lost it",
    Ending.NOT_STARTED: "it could not be started",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome with its reason, and a command that would really test where one can be made."""

    outcome: Outcome
    reason: str = ""
    rewrite: str = ""


def beforehand(test: StandardTest, reading: Reading, level: Level) -> Judgement | None:
    """What is certain without running a test; None where it has to be run."""
    if test.faults:
        return Judgement(Outcome.ERRORED, test.faults[0].what)
    if reading.cannot_fail:
        return Judgement(Outcome.VACUOUS, f"it cannot fail: {reading.reason}", reading.rewrite)
    if level is Level.POLICY_ONLY and (why := refused(test.command)):
        return Judgement(Outcome.DENIED, f"nothing here could hold it: {why}")
    return None


def afterwards(command: str, ended: Ended, reading: Reading, timeout: float) -> Judgement:
    """What the end of a test means, before it is asked whether its pass rests on something missing."""
    if ended.ending is Ending.TIMED_OUT:
        return Judgement(Outcome.TIMED_OUT, f"it was still running after {timeout:g} s")
    if ended.ending is not Ending.ENDED:
        said = last_line(ended.output) if ended.ending in {Ending.LOST, Ending.NOT_STARTED} else ""
        return Judgement(Outcome.ERRORED, f"{LIMITS[ended.ending]}{f': {said}' if said else ''}")
    if ended.exit_code == 0:
        return Judgement(Outcome.PASSED)
    return _ended(command, ended, reading)


def _ended(command: str, ended: Ended, reading: Reading) -> Judgement:
    said = last_line(ended.output)
    if _was_refused(command, ended):
        return Judgement(Outcome.DENIED, f"the sandbox refused it: {said}")
    if why := _not_a_judgement(ended, said):
        return Judgement(Outcome.ERRORED, why, reading.rewrite)
    if reading.cannot_pass:
        return Judgement(Outcome.FAILED, f"it can never pass: {reading.reason}", reading.rewrite)
    return Judgement(Outcome.FAILED, said or f"it ended with exit status {ended.exit_code}")


def _not_a_judgement(ended: Ended, said: str) -> str:
    """Why an exit status says nothing about the project; empty where it does."""
    if SYNTAX.search(ended.output):
        return f"its command is no valid shell: {said}"
    if ended.exit_code in {CANNOT_RUN, NOT_FOUND}:
        return said or f"it ended with exit status {ended.exit_code}"
    if ended.exit_code < 0 or ended.exit_code in SIGNALS:
        return f"it was ended by {_signal(_number(ended))}"
    return ""


def _was_refused(command: str, ended: Ended) -> bool:
    """Whether a test that may do more than read failed at a wall of the sandbox."""
    lowered = ended.output.lower()
    return _number(ended) == signal.SIGSYS or (any(word in lowered for word in REFUSALS) and bool(refused(command)))


def _number(ended: Ended) -> int:
    """The number of the signal that ended a test, as the shell hands it on."""
    return -ended.exit_code if ended.exit_code < 0 else ended.exit_code - 128


def _signal(number: int) -> str:
    known = {one.value: one.name for one in signal.Signals}
    return known.get(number, f"signal {number}")


def last_line(output: str) -> str:
    """The last line that a test printed, shortened."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
