"""The promises of a repository about tenants and lists."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from infra_adapters.errors import ConcurrencyConflict, InvalidCursor, InvalidRequest, TenantRequired
from infra_adapters.testing.contract import Opens, expect, find, keep, promise, raises
from infra_adapters.testing.sample import ORDERS, SampleOrder, an_order


@promise
async def a_tenant_sees_its_own_only(opens: Opens) -> None:
    """Nothing of another tenant is found, listed, changed or overwritten."""
    saved = await keep(opens, an_order(uuid4()))
    stranger = uuid4()
    async with opens(tenant=stranger) as unit:
        orders = unit.repository(ORDERS)
        page = await orders.page("by_customer", where={})
        seen = (await orders.get(saved.id), page.items, await orders.change((saved.id,), {"customer": "x"}))
        with raises(TenantRequired, "an order of another tenant cannot be saved"):
            await orders.save(saved)
        with raises(TenantRequired, "nor deleted"):
            await orders.delete(saved)
        with raises(ConcurrencyConflict, "nor taken over"):
            await orders.save(replace(saved, tenant=stranger))
    expect(seen == (None, (), 0), "nothing is seen")
    expect(await find(opens, saved) == saved, "nothing was changed")


@promise
async def without_a_tenant_there_is_nothing(opens: Opens) -> None:
    """Asking for rows of tenants without one is an error, never all rows."""
    async with opens() as unit:
        with raises(TenantRequired, "a tenant is required"):
            unit.repository(ORDERS)


async def _walk(opens: Opens, one: SampleOrder, listing: str, where: dict[str, object]) -> list[SampleOrder]:
    found: list[SampleOrder] = []
    cursor: str | None = None
    while True:
        async with opens(tenant=one.tenant) as unit:
            page = await unit.repository(ORDERS).page(listing, where=where, limit=2, after=cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


@promise
async def a_list_is_walked_in_pages(opens: Opens) -> None:
    """Every item once, in order, also where orders are placed at the same moment and customers go the other way."""
    first = an_order(uuid4())
    orders = [await keep(opens, first)]
    for at, customer in enumerate(("bob", "ada", "ada", "bob", "eve", "ada")):
        when = first.placed_at if at % 2 else an_order(first.tenant).placed_at
        orders.append(await keep(opens, replace(an_order(first.tenant, customer), placed_at=when)))
    of_ada = [one for one in orders if one.customer == "ada"]
    newest = sorted(of_ada, key=lambda one: (one.placed_at, one.id), reverse=True)
    everyone = sorted(
        sorted(orders, key=lambda one: (one.placed_at, one.id), reverse=True), key=lambda one: one.customer
    )
    expect(await _walk(opens, first, "newest_of_customer", {"customer": "ada"}) == newest, "newest first")
    expect(await _walk(opens, first, "by_customer", {}) == everyone, "by customer, newest first")


@promise
async def a_cursor_is_good_for_its_own_list(opens: Opens) -> None:
    """A cursor that was changed, made up, or made for another list or tenant is refused."""
    saved = await keep(opens, an_order(uuid4()))
    await keep(opens, an_order(saved.tenant))
    async with opens(tenant=saved.tenant) as unit:
        page = await unit.repository(ORDERS).page("newest_of_customer", where={"customer": "ada"}, limit=1)
    cursor = page.next or ""
    expect(bool(cursor), "there is more")
    changed = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    asked = [
        (saved.tenant, "newest_of_customer", {"customer": "ada"}, changed),
        (saved.tenant, "newest_of_customer", {"customer": "ada"}, "no cursor at all"),
        (saved.tenant, "newest_of_customer", {"customer": "ada"}, ""),
        (saved.tenant, "newest_of_customer", {"customer": "bob"}, cursor),
        (saved.tenant, "by_customer", {}, cursor),
        (uuid4(), "newest_of_customer", {"customer": "ada"}, cursor),
    ]
    for tenant, listing, where, text in asked:
        async with opens(tenant=tenant) as unit:
            with raises(InvalidCursor, f"{listing} of {where} refuses it"):
                await unit.repository(ORDERS).page(listing, where=where, after=text)


@promise
async def a_list_that_is_asked_for_wrongly_is_refused(opens: Opens) -> None:
    """A limit that is none, and conditions that the list does not have."""
    async with opens(tenant=uuid4()) as unit:
        orders = unit.repository(ORDERS)
        for limit, where in (
            (0, {"customer": "a"}),
            (10_000, {"customer": "a"}),
            (5, {}),
            (5, {"customer": "a", "id": 1}),
            (5, {"customer": None}),
            (5, {"customer": "a\0"}),
        ):
            with raises(InvalidRequest, "refused"):
                await orders.page("newest_of_customer", where=where, limit=limit)
        with raises(KeyError, "a list that is not declared"):
            await orders.page("oldest", where={})


@promise
async def a_list_of_long_texts_is_walked(opens: Opens) -> None:
    """A cursor holds what the list is ordered by, however long that is."""
    first = an_order(uuid4(), "é" * 1200)
    orders = [await keep(opens, replace(an_order(first.tenant), customer=first.customer + end)) for end in "abc"]
    expect(await _walk(opens, first, "by_customer", {}) == orders, "each of them once")
