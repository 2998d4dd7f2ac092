"""How a connection goes back to its pool after a unit: rolled back, or thrown away where that takes too long."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from infra_adapters.deadline import remaining
from infra_adapters.errors import InfraError
from infra_adapters.postgres.guarded import CANCEL_SECONDS, driver_of
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

LEAVE_SECONDS = 5.0


async def leave(connection: AsyncConnection, *, touched: bool, forget: bool) -> None:
    """Roll back and give the connection back, within the deadline; it goes on alone where that comes first.

    `touched`: a statement of a product's own was run. `forget`: what it set for the session is undone.
    """
    if not connection.closed:
        await asyncio.shield(asyncio.ensure_future(_given_back(connection, touched=touched, forget=forget)))


async def _given_back(connection: AsyncConnection, *, touched: bool, forget: bool) -> None:
    with suppress(InfraError), translated():
        raw = driver_of(connection)
        await raw.leave(min(remaining() + CANCEL_SECONDS, LEAVE_SECONDS), touched=touched, forget=forget)
        if not raw.at_rest:
            await connection.invalidate()
    with suppress(InfraError), translated():
        await connection.close()
