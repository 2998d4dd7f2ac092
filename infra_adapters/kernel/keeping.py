"""What every repository refuses before it asks its store, and what the cursors of its lists are bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_adapters.errors import InvalidRequest, TenantRequired

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from infra_adapters.ports.aggregates import Kind, Listing

LARGEST_PAGE = 1000


def require_tenant(kind: Kind[Any], tenant: UUID | None) -> None:
    """Raise TenantRequired where a kind has tenants and none is given."""
    if kind.tenant and tenant is None:
        raise TenantRequired(f"a {kind.name} belongs to a tenant; open the unit with one")


def require_own(kind: Kind[Any], aggregate: object, tenant: UUID | None) -> None:
    """Raise TenantRequired where an aggregate belongs to another tenant."""
    if kind.tenant and getattr(aggregate, kind.tenant) != tenant:
        raise TenantRequired(f"this {kind.name} belongs to another tenant than the unit")


def require_changeable(kind: Kind[Any], attributes: Iterable[str]) -> None:
    """Raise InvalidRequest for attributes that say which aggregate it is."""
    if fixed := {"id", "version", kind.tenant} & set(attributes):
        raise InvalidRequest(f"{', '.join(sorted(fixed))} cannot be set")


def require_page(listing: Listing, where: Mapping[str, object], limit: int) -> None:
    """Raise InvalidRequest where a list is not asked for as it was declared; nothing equals None."""
    if None in where.values():
        raise InvalidRequest(f"the list {listing.name} is asked for values, and None is none")
    if set(where) != set(listing.equal) or not 1 <= limit <= LARGEST_PAGE:
        wanted = ", ".join(listing.equal) or "nothing"
        raise InvalidRequest(f"the list {listing.name} wants {wanted}, and a limit from 1 to {LARGEST_PAGE}")


def scope_of(kind: Kind[Any], listing: Listing, where: Mapping[str, object], tenant: UUID | None) -> str:
    """What a cursor is good for: this list, asked for in this way, of this tenant."""
    return repr((kind.name, listing.name, tenant, [(name, where[name]) for name in listing.equal]))


def position_of(listing: Listing, aggregate: Any) -> tuple[object, ...]:
    """Where an aggregate stands in a list: what the list is ordered by, then its id."""
    return (*(getattr(aggregate, one.attribute) for one in listing.order), aggregate.id)
