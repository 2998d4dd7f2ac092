"""The root of every error of this package."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """Whether the work behind an error was done."""

    NOT_DONE = "not_done"
    DONE = "done"
    UNKNOWN = "unknown"


class InfraError(Exception):
    """Root of every error of this package.

    `code` is a stable name; `retryable` says whether the same call may succeed later; `outcome` whether its work was
    done; `retry_after` is in seconds, None where nothing is known. Messages never hold values that a caller passed.
    """

    code: str = "infrastructure"
    retryable: bool = False
    outcome: Outcome = Outcome.NOT_DONE

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConfigError(InfraError):
    """The settings are missing or wrong; found when the infrastructure is composed, not on the first query."""

    code = "config"
