"""The COMMIT of a unit of work, of which the caller always learns whether it was done, was not, or may be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from infra_adapters.deadline import doubt
from infra_adapters.errors import CommitOutcomeUnknown, Unavailable
from infra_adapters.postgres.guarded import driver_of
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

TRANSACTION = b"SELECT pg_current_xact_id_if_assigned()::text"


async def commit(connection: AsyncConnection) -> CommitOutcomeUnknown:
    """Commit the transaction of a connection; returned is the doubt of a caller who is interrupted after that.

    Raises CommitOutcomeUnknown where the connection or the caller was lost before the answer; what has changed nothing
    has no outcome to be unknown.
    """
    with translated():
        [[found]] = await (await driver_of(connection).execute(TRANSACTION)).fetchall()
    transaction = found or ""
    unknown = CommitOutcomeUnknown("the answer to COMMIT was lost", transaction=transaction)
    try:
        with translated():
            await connection.commit()
    except Unavailable:
        if not transaction:
            raise
        # The deadline may pass while the connection is given up.
        doubt(unknown)
        raise unknown from None
    except asyncio.CancelledError:
        if transaction:
            doubt(unknown)
        raise
    return unknown
