"""A transaction that statements of somebody else may not end; what they did to it is asked of the server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from infra_adapters.postgres.drizzle.table import send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_adapters.postgres.drizzle.steps import Step

OWN = "SELECT pg_catalog.pg_current_xact_id()::text"
FATE = "SELECT pg_catalog.pg_xact_status(%s::xid8) = 'committed'"


class Ended(Exception):
    """A step ended the transaction; `kept` where what stood before it was committed. Never leaves the package."""

    def __init__(self, step: Step, kept: bool) -> None:
        super().__init__(step.place)
        self.step, self.kept = step, kept

    def __str__(self) -> str:
        name = self.step.migration.name if self.step.migration else "nothing"
        kept = f"what ran before it stays, and the migrations before {name} are written down, {name} is not"
        stays = kept if self.kept else "what ran before it was taken back, and nothing is written down"
        behind = "what stands behind it in that statement may have been applied; look, and mend the database by hand"
        return f"{self.step.place}, line {self.step.line}, ended the transaction: {stays}; {behind}"


class Whole:
    """One open transaction, known by its number."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.number: object = None
        self.step: Step | None = None

    def begin(self) -> None:
        """From here on the transaction has to stay the same; before, steps may do with it what they like."""
        self.number = self._asked(OWN)

    def send(self, step: Step) -> None:
        """Run a step. Raises Ended where it ended the transaction, and what the server refuses as it is."""
        self.step = step
        try:
            send(self.connection, step.sql)
        except psycopg.Error:
            # One that fails within leaves the transaction open.
            if self.number and self.connection.info.transaction_status is TransactionStatus.IDLE:
                raise Ended(step, kept=False) from None
            raise
        if self.number and self._asked(OWN) != self.number:
            raise Ended(step, kept=False)

    def ended(self) -> Ended | None:
        """After the transaction: how a step ended it, where one did and the server can still be asked."""
        if self.step is None or self.number is None or self.connection.closed:
            return None
        with self.connection.transaction():
            kept = bool(self._asked(FATE, [self.number]))
        return Ended(self.step, kept) if kept else None

    def _asked(self, question: str, values: list[object] | None = None) -> object:
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            [found] = cursor.execute(question.encode(), values).fetchone() or (None,)
        return found


@contextmanager
def whole(connection: psycopg.Connection[Any], *, back: bool = False) -> Iterator[Whole]:
    """A transaction; errors within take it back, or the end where it is only tried (`back`).

    Raises Ended where a step ended it, by itself or before it failed.
    """
    one = Whole(connection)
    try:
        with connection.transaction(force_rollback=back):
            yield one
    except Exception:
        # A step can commit and fail afterwards; then the error alone would say that nothing was applied.
        if found := one.ended():
            raise found from None
        raise
