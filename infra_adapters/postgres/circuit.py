"""What a circuit breaker is told of calls to the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_adapters.errors import DeadlineExceeded, InfraError, OutcomeUnknown, Unavailable

if TYPE_CHECKING:
    from infra_adapters.kernel.breaker import Permit

NO_ANSWER = (Unavailable, DeadlineExceeded, OutcomeUnknown)


def tell(permit: Permit, error: BaseException | None) -> None:
    """How a call ended: an answer is one, also a refusal; who left before it says nothing of the database."""
    if isinstance(error, Unavailable) and error.counts:
        permit.failed()
    elif error is None or (isinstance(error, InfraError) and not isinstance(error, NO_ANSWER)):
        permit.succeeded()
    else:
        permit.given_up()
