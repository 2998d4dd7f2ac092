"""Change a schema under a running service: expand, backfill, contract, each step one that a service does not notice."""

from infra_adapters.postgres.evolution.backfill import backfill, forget_backfill
from infra_adapters.postgres.evolution.both_names import Rename
from infra_adapters.postgres.evolution.columns import add_column, drop_column, drop_not_null, set_not_null
from infra_adapters.postgres.evolution.constraints import ForeignKey, add_foreign_key, add_unique, drop_constraint
from infra_adapters.postgres.evolution.indexes import (
    Index,
    create_index,
    drop_index,
)
from infra_adapters.postgres.evolution.jobs import Backfill, BackfillStopped, Failure, Progress
from infra_adapters.postgres.evolution.locking import Patience, retrying, with_lock_timeout
from infra_adapters.postgres.evolution.rename import (
    abandon_rename,
    contract_rename,
    expand_rename,
    restore_rename,
)
from infra_adapters.postgres.evolution.repair import InvalidIndex, invalid_indexes, repair_indexes
from infra_adapters.postgres.evolution.revisions import backfill_in, forget_in

__all__ = [
    "Backfill",
    "BackfillStopped",
    "Failure",
    "ForeignKey",
    "Index",
    "InvalidIndex",
    "Patience",
    "Progress",
    "Rename",
    "abandon_rename",
    "add_column",
    "add_foreign_key",
    "add_unique",
    "backfill",
    "backfill_in",
    "contract_rename",
    "create_index",
    "drop_column",
    "drop_constraint",
    "drop_index",
    "drop_not_null",
    "expand_rename",
    "forget_backfill",
    "forget_in",
    "invalid_indexes",
    "repair_indexes",
    "restore_rename",
    "retrying",
    "set_not_null",
    "with_lock_timeout",
]
