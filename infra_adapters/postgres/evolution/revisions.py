"""A backfill as a step of a revision, between its expanding and its contracting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_adapters.postgres.evolution.backfill import backfill_on
from infra_adapters.postgres.evolution.ledger import Ledger
from infra_adapters.postgres.evolution.locking import USUAL, Patience
from infra_adapters.postgres.evolution.stage import staged

if TYPE_CHECKING:
    from infra_adapters.postgres.evolution.jobs import Backfill
    from infra_adapters.postgres.evolution.stage import Target
    from infra_adapters.postgres.evolution.walk import Report


def backfill_in(target: Target, job: Backfill, *, report: Report = lambda _: None, patience: Patience = USUAL) -> None:
    """Do a job within a revision; a run that died goes on when the revision is run again. The way back: `forget_in`.

    Offline a comment says that it is left out: SQL text cannot go on from where it was.
    """
    with staged(target, patience) as stage:
        if stage.connection is None:
            stage.write(f"-- backfill {job.name} of {job.table} runs against a database only")
        else:
            backfill_on(stage.connection, job, report=report, wait=patience.online, dry_run=False, sleep=patience.sleep)


def forget_in(target: Target, job: Backfill, *, patience: Patience = USUAL) -> None:
    """Forget where a job was, so that the revision fills its column anew when it goes up again."""
    with staged(target, patience) as stage:
        if stage.connection is not None:
            Ledger(job).forget(stage.connection)
