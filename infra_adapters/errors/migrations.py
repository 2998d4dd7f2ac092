"""The schema's history, and why it does not go on."""

from __future__ import annotations

from infra_adapters.errors.root import InfraError


class MigrationError(InfraError):
    """The schema cannot be brought where it should be; it is where it was."""

    code = "migration_error"


class MigrationFailed(MigrationError):
    """A revision is unknown, or the history does not fit together."""

    code = "migration_failed"


class RevisionBroken(MigrationFailed):
    """A revision's own Python cannot be read or run."""

    code = "revision_broken"


class MigrationLocked(MigrationError):
    """Another process has been migrating for longer than one may wait."""

    code = "migration_locked"
    retryable = True


class ChecksumMismatch(MigrationError):
    """Revisions that were applied are not the ones that are here: edited, missing or in another order."""

    code = "checksum_mismatch"


class DataLossRefused(MigrationError):
    """A way back that would throw rows away, and nobody said that it may."""

    code = "data_loss_refused"


class DangerousDdl(MigrationError):
    """A revision would stop a service that runs meanwhile or break its version before, and nobody wrote down why."""

    code = "dangerous_ddl"
