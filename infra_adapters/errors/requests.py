"""The call itself is wrong: the same call will never succeed."""

from __future__ import annotations

from infra_adapters.errors.root import InfraError


class Rejected(InfraError):
    """The call was refused for what it is."""

    code = "rejected"


class InvalidRequest(Rejected, ValueError):
    """A value that cannot be stored or understood, such as text with a NUL character."""

    code = "invalid_request"


class InvalidCursor(InvalidRequest):
    """A cursor that was not made by this service, or for another list."""

    code = "invalid_cursor"


class TenantRequired(Rejected):
    """Rows of tenants were asked for without saying of which tenant."""

    code = "tenant_required"


class PermissionDenied(Rejected):
    """The database role may not do this."""

    code = "permission_denied"


class UnitClosed(Rejected):
    """A unit of work was used before its begin, or after its commit or its end."""

    code = "unit_closed"


class QueryFailed(Rejected):
    """The server refused a statement for another reason; `sqlstate` is PostgreSQL's code for it."""

    code = "query_failed"

    def __init__(self, sqlstate: str) -> None:
        super().__init__(f"the statement failed with SQLSTATE {sqlstate or 'unknown'}")
        self.sqlstate = sqlstate


class CorruptRow(InfraError):
    """A stored row does not make a value of the domain; the message names its fields."""

    code = "corrupt_row"
