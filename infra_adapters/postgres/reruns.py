"""Work in a unit of its own, run again where that is right: after a conflict, and after a COMMIT that was not done."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, TypeVar

from infra_adapters.deadline import settled
from infra_adapters.errors import CommitOutcomeUnknown, InfraError, Outcome
from infra_adapters.kernel.retry import again, pause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from infra_adapters.ports import UnitOfWork

Result = TypeVar("Result")


async def run_in_unit(
    open_unit: Callable[[], UnitOfWork],
    work: Callable[[UnitOfWork], Awaitable[Result]],
    *,
    attempts: int = 3,
    resolve: Callable[[CommitOutcomeUnknown], Awaitable[Outcome]] | None = None,
) -> Result:
    """Run `work` in a unit and commit; the whole of it is run again after a conflict, up to `attempts` times.

    `resolve` tells what became of a COMMIT whose answer was lost: done, and the result is returned; not done, and the
    work is run again; otherwise CommitOutcomeUnknown is raised. The effects of `work` must all be inside of the unit.
    """
    attempt = 0
    while True:
        attempt += 1
        at_the_end = False
        try:
            async with open_unit() as unit:
                result = await work(unit)
                at_the_end = True
                await unit.commit()
                return result
        except CommitOutcomeUnknown as error:
            # One that comes out of the work is about another unit, of which `resolve` and `result` know nothing.
            outcome = await _outcome(error, resolve if at_the_end else None)
            if outcome is Outcome.DONE:
                return result
            if outcome is Outcome.UNKNOWN or attempt >= attempts:
                raise
        except InfraError as error:
            if not again(error, attempt, attempts):
                raise
        await asyncio.sleep(pause(attempt, random.random()))  # noqa: S311


async def _outcome(
    error: CommitOutcomeUnknown, resolve: Callable[[CommitOutcomeUnknown], Awaitable[Outcome]] | None
) -> Outcome:
    """What became of it; UNKNOWN where nobody can be asked."""
    if resolve is None:
        return Outcome.UNKNOWN
    try:
        outcome = await resolve(error)
    except InfraError:
        return Outcome.UNKNOWN
    if outcome is not Outcome.UNKNOWN:
        settled(error)
    return outcome
