"""When to run a unit of work again, and how long to wait before."""

from __future__ import annotations

from infra_adapters.errors import InfraError, TransactionConflict

BASE, CAP = 0.01, 1.0


def again(error: InfraError, attempt: int, attempts: int) -> bool:
    """Whether attempt number `attempt` (from 1) may be followed by another: only a conflict is, and only so often."""
    return isinstance(error, TransactionConflict) and attempt < attempts


def pause(attempt: int, chance: float) -> float:
    """Seconds before the next attempt: full jitter over an exponential cap; `chance` is from 0 to 1.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    ceiling: float = min(CAP, BASE * 2 ** (attempt - 1))
    return ceiling * chance
