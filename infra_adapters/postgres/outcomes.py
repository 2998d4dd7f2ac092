"""Whether a transaction whose COMMIT went unanswered was committed: the server remembers, and is asked.

`pg_xact_status` (PostgreSQL documentation, "Transaction ID and Snapshot Information Functions") knows recent
transactions. One that is still open belongs to a connection that nobody holds any more, so it is ended first.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from infra_adapters.errors import InvalidRequest, Outcome, PermissionDenied

if TYPE_CHECKING:
    from infra_adapters.errors import CommitOutcomeUnknown
    from infra_adapters.postgres.fast import FastLane

STATUS = "SELECT pg_xact_status(%s::xid8)"
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = %s::xid8::xid"
KNOWN = {"committed": Outcome.DONE, "aborted": Outcome.NOT_DONE}
PAUSE = 0.05
TRIES = 40


async def resolve_commit(lane: FastLane, error: CommitOutcomeUnknown) -> Outcome:
    """Whether it was done; UNKNOWN where the server cannot tell, or the transaction's id never reached us.

    Raises Unavailable where the server cannot be asked. A server that took over from another may not know.
    """
    if not error.transaction:
        return Outcome.UNKNOWN
    for _ in range(TRIES):
        try:
            [[status]] = await lane.fetch_all(STATUS, (error.transaction,))
        except InvalidRequest:
            # An id that this server has not reached: it has taken over from the one that gave it.
            return Outcome.UNKNOWN
        if status != "in progress":
            return KNOWN.get(status, Outcome.UNKNOWN)
        # A role that may not end it waits for the server's own limit on transactions that stand idle.
        with suppress(PermissionDenied):
            await lane.fetch_all(END, (error.transaction,))
        await asyncio.sleep(PAUSE)
    return Outcome.UNKNOWN
