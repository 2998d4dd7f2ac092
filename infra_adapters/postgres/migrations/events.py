"""What happens while a schema is migrated, for logs, metrics and error tracking."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

log = logging.getLogger("infra_adapters.migrations")


@dataclass(frozen=True, slots=True)
class MigrationEvent:
    """`what` is started, applied, reverted, finished or failed. `seconds` is None for what has only begun."""

    what: str
    script: str
    revision: str
    seconds: float | None = None
    error: str = ""


class Listener(Protocol):
    """What is told of each event. What it raises stops the migration."""

    def __call__(self, event: MigrationEvent) -> None:
        """Be told."""


def log_event(event: MigrationEvent) -> None:
    """The listener that there is by default."""
    level = logging.ERROR if event.what == "failed" else logging.INFO
    taken = "" if event.seconds is None else f" after {event.seconds:.3f} s"
    log.log(level, "%s %s %s%s%s", event.script, event.revision, event.what, taken, event.error and f": {event.error}")
