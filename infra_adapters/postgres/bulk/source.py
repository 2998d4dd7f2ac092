"""Rows from wherever they come, a block at a time."""

from __future__ import annotations

from collections.abc import AsyncIterable
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    Row = Mapping[str, Any]
    Rows = Iterable[Row] | AsyncIterable[Row]

BLOCK = 1000
"""The rows of a block; only the last one has fewer."""


async def blocks(rows: Rows, size: int = BLOCK) -> AsyncIterator[list[Row]]:
    """The rows in lists of `size`; a list that is shorter is the last one."""
    if not isinstance(rows, AsyncIterable):
        there = iter(rows)
        while block := list(islice(there, size)):
            yield block
        return
    block = []
    async for row in rows:
        block.append(row)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block
