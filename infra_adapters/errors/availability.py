"""The other side was not there, or not in time."""

from __future__ import annotations

from infra_adapters.errors.root import InfraError


class Unavailable(InfraError):
    """A dependency cannot do its work now; nothing of this call was done.

    `counts`: whether it tells that the dependency is down, which is what opens a circuit breaker.
    """

    code = "unavailable"
    retryable = True
    counts: bool = True


class ConnectFailed(Unavailable):
    """No connection could be made. `retryable` is False where the server refused the login."""

    code = "connect_failed"

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class ConnectionLost(Unavailable):
    """The connection went away before anything lasting was asked of it. `counts` is False where the server meant it."""

    code = "connection_lost"

    def __init__(self, message: str, *, counts: bool = True) -> None:
        super().__init__(message)
        self.counts = counts


class PoolExhausted(Unavailable):
    """Every connection was in use for as long as a caller may wait."""

    code = "pool_exhausted"
    counts = False


class CircuitOpen(Unavailable):
    """Not even tried: the last calls failed, and `retry_after` tells when one may be tried again."""

    code = "circuit_open"
    counts = False


class ResourcesExhausted(Unavailable):
    """The server answers, but has no room: its disk is full, its memory or its connections are used up."""

    code = "resources_exhausted"
    counts = False


class DeadlineExceeded(InfraError):
    """The caller's deadline came first; nothing was kept of the unit of work."""

    code = "deadline_exceeded"


class QueryTimeout(InfraError):
    """The server cancelled a statement that ran for too long."""

    code = "query_timeout"


class LockTimeout(InfraError):
    """A lock was not to be had in time."""

    code = "lock_timeout"
    retryable = True
