"""How a transaction ended, where that is not plain."""

from __future__ import annotations

from infra_adapters.errors.root import InfraError, Outcome


class TransactionFailed(InfraError):
    """A statement of the transaction failed, so the server would turn COMMIT into ROLLBACK; nothing was kept."""

    code = "transaction_failed"


class OutcomeUnknown(InfraError):
    """The work may or may not be done, and must not simply be repeated."""

    code = "outcome_unknown"
    outcome = Outcome.UNKNOWN


class CommitOutcomeUnknown(OutcomeUnknown):
    """The answer to COMMIT was lost. `transaction` is the server's id of it, for a resolver; empty where unknown."""

    code = "commit_outcome_unknown"

    def __init__(self, message: str, *, transaction: str = "") -> None:
        super().__init__(message)
        self.transaction = transaction
