"""Splits a migration where Drizzle does: at its mark, wherever that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_adapters.postgres.drizzle.values import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

BREAKPOINT = "--> statement-breakpoint"


def statements(text: str) -> tuple[Statement, ...]:
    """What is sent to the server, one part at a time; a part may hold several statements, blank ones are left out."""
    return tuple(_parts(text))


def _parts(text: str) -> Iterator[Statement]:
    line = 1
    for part in text.split(BREAKPOINT):
        kept = part.strip()
        if kept:
            yield Statement(kept, line + part.count("\n", 0, part.index(kept)))
        line += part.count("\n")
