"""Change a schema under a running service: expand, backfill, contract, each step one that a service does not notice."""

from infra_adapters.postgres.evolution.backfill import backfill, forget_backfill
from infra_adapters.postgres.evolution.jobs import Backfill, BackfillStopped, Failure, Progress
from infra_adapters.postgres.evolution.locking import Patience, retrying, with_lock_timeout

__all__ = [
    "Backfill",
    "BackfillStopped",
    "Failure",
    "Patience",
    "Progress",
    "backfill",
    "forget_backfill",
    "retrying",
    "with_lock_timeout",
]
