"""Slow statements in the log: what they are, how long they took and how many rows they were about; never a value."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_adapters.postgres.queries.normal import normalised

if TYPE_CHECKING:
    from infra_adapters.postgres.observing import Ran

log = logging.getLogger("infra_adapters.slow")


@dataclass(frozen=True, slots=True)
class SlowStatements:
    """A watcher that logs each statement which took at least `threshold` seconds."""

    threshold: float
    logger: logging.Logger = log

    def __call__(self, ran: Ran) -> None:
        """Look at a statement."""
        if ran.seconds >= self.threshold:
            ended = "failed" if ran.failed else f"{ran.rows} rows"
            self.logger.warning("slow statement, %.3f s, %s: %s", ran.seconds, ended, normalised(ran.statement))
