"""How a suite's process ended, where that alone decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.process import Completed, Ending
from devnet_runner.results import Outcome

if TYPE_CHECKING:
    from devnet_runner.settings import Suite


def ended_early(suite: Suite, completed: Completed, said: str) -> tuple[Outcome, str] | None:
    """The outcome of a suite that did not come to its own end, with the reason; None for one that did."""
    program = f"command '{suite.command[0]}'" if suite.command else "Python"
    reasons = {
        Ending.NOT_STARTED: (Outcome.ERRORED, f"its {program} could not be started: {said}"),
        Ending.TIMED_OUT: (
            Outcome.TIMED_OUT,
            f"it was still running after {suite.timeout} s and was killed with its processes",
        ),
        Ending.STOPPED: (Outcome.NOT_RUN, "it was stopped because the run was"),
        Ending.LOST: (Outcome.ERRORED, f"the process that watched over it was killed from outside: {said}"),
    }
    return reasons.get(completed.ending)
