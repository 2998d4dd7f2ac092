"""The promises of a repository."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from infra_adapters.errors import (
    ConcurrencyConflict,
    ConfigError,
    InvalidRequest,
    NotNullViolated,
    UniqueViolated,
)
from infra_adapters.testing.contract import Opens, expect, find, keep, promise, raises
from infra_adapters.testing.sample import ORDERS, an_order


@promise
async def what_was_committed_is_found(opens: Opens) -> None:
    """A saved order is found again, equal in every value, money exactly."""
    saved = await keep(opens, an_order(uuid4()))
    expect(saved.version == 1, "the first version is 1")
    expect(await find(opens, saved) == saved, "what was saved is found")


@promise
async def a_missing_order_is_none(opens: Opens) -> None:
    """An id that nobody saved is None."""
    expect(await find(opens, an_order(uuid4())) is None, "an unknown order is None")


@promise
async def several_are_found_in_the_order_asked_for(opens: Opens) -> None:
    """Those that are there come in the order of the ids, each once."""
    tenant = uuid4()
    first, second = [await keep(opens, an_order(tenant)) for _ in range(2)]
    async with opens(tenant=tenant) as unit:
        found = await unit.repository(ORDERS).get_many((second.id, uuid4(), first.id, second.id))
        none = await unit.repository(ORDERS).get_many(())
    expect((found, none) == ((second, first), ()), "in the order asked for")


@promise
async def lines_that_were_removed_are_gone(opens: Opens) -> None:
    """Saving fewer lines removes the others; an order may have none."""
    saved = await keep(opens, an_order(uuid4()))
    for lines in (saved.lines[1:], ()):
        saved = await keep(opens, replace(saved, lines=lines))
        expect(await find(opens, saved) == saved, "only the kept lines are found")


@promise
async def a_stale_order_is_refused(opens: Opens) -> None:
    """Saving or deleting what somebody else has changed meanwhile raises, with both versions."""
    saved = await keep(opens, an_order(uuid4()))
    await keep(opens, saved)
    with raises(ConcurrencyConflict, "a stale order is refused") as caught:
        await keep(opens, saved)
    error = caught.error
    expect(isinstance(error, ConcurrencyConflict) and (error.expected, error.actual) == (1, 2), "both are named")
    with raises(ConcurrencyConflict, "a stale order is not deleted"):
        async with opens(tenant=saved.tenant) as unit:
            await unit.repository(ORDERS).delete(saved)


@promise
async def a_new_order_with_a_known_id_is_refused(opens: Opens) -> None:
    """Version 0 means new: an id that is taken is a conflict."""
    saved = await keep(opens, an_order(uuid4()))
    with raises(ConcurrencyConflict, "a known id is refused") as caught:
        await keep(opens, replace(saved, version=0))
    expect(getattr(caught.error, "actual", None) == 1, "the version that is there is named")


@promise
async def of_two_first_saves_one_is_refused(opens: Opens) -> None:
    """Two units that save one new order at the same time: the second is a conflict, not a second order."""
    order = an_order(uuid4())
    with raises(ConcurrencyConflict, "the second first save is refused"):
        async with opens(tenant=order.tenant) as slow:
            await slow.repository(ORDERS).get(order.id)
            await keep(opens, order)
            await slow.repository(ORDERS).save(order)
            await slow.commit()


@promise
async def a_number_is_given_once(opens: Opens) -> None:
    """A unique attribute occurs once in a tenant; elsewhere, and after a deletion, it is free."""
    saved = await keep(opens, an_order(uuid4()))
    twin = replace(an_order(saved.tenant), number=saved.number)
    with raises(UniqueViolated, "the number is taken"):
        await keep(opens, twin)
    await keep(opens, replace(twin, id=uuid4(), tenant=uuid4()))
    async with opens(tenant=saved.tenant) as unit:
        await unit.repository(ORDERS).delete(saved)
        await unit.commit()
    expect((await keep(opens, twin)).version == 1, "the number of a deleted order is free")


@promise
async def a_deleted_order_is_hidden(opens: Opens) -> None:
    """A deleted order is there for who asks for it in so many words, and cannot be saved."""
    saved = await keep(opens, an_order(uuid4()))
    async with opens(tenant=saved.tenant) as unit:
        await unit.repository(ORDERS).delete(saved)
        page = await unit.repository(ORDERS).page("newest_of_customer", where={"customer": saved.customer})
        await unit.commit()
    kept = await find(opens, saved, include_deleted=True)
    expect(await find(opens, saved) is None and page.items == (), "it is hidden")
    expect(kept is not None and kept.deleted_at is not None and kept.version == 2, "it is marked, with a new version")
    if kept:
        with raises(ConcurrencyConflict, "it cannot be saved"):
            await keep(opens, kept)


@promise
async def several_are_changed_at_once(opens: Opens) -> None:
    """Each gets a new version; others stay as they are; the number of those that were there is told."""
    tenant = uuid4()
    first, second, other = [await keep(opens, an_order(tenant)) for _ in range(3)]
    async with opens(tenant=tenant) as unit:
        orders = unit.repository(ORDERS)
        counts = [
            await orders.change((first.id, second.id, uuid4()), {"customer": "grace"}),
            await orders.change((), {"customer": "nobody"}),
            await orders.change((first.id,), {}),
        ]
        found = await orders.get_many((first.id, second.id, other.id))
        await unit.commit()
    expect(counts == [2, 0, 0], "how many were there")
    expect(
        [(one.customer, one.version) for one in found] == [("grace", 2)] * 2 + [(other.customer, 1)], "and no others"
    )


@promise
async def what_cannot_be_changed_is_refused(opens: Opens) -> None:
    """Neither who it is nor whose it is nor its version; nor what it does not have."""
    saved = await keep(opens, an_order(uuid4()))
    for name, error in (
        ("id", InvalidRequest),
        ("tenant", InvalidRequest),
        ("version", InvalidRequest),
        ("size", ConfigError),
    ):
        async with opens(tenant=saved.tenant) as unit:
            with raises(error, f"{name} is refused"):
                await unit.repository(ORDERS).change((saved.id,), {name: uuid4()})


@promise
async def what_cannot_be_stored_is_refused(opens: Opens) -> None:
    """Neither what no column has, nor nothing where there must be something; by a save as by a change."""
    saved = await keep(opens, an_order(uuid4()))
    wrong: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"customer": "a\0"}, InvalidRequest),
        ({"customer": "\ud800"}, InvalidRequest),
        ({"placed_at": datetime(2026, 1, 1)}, InvalidRequest),  # noqa: DTZ001 - it is refused for that
        ({"customer": None}, NotNullViolated),
    ]
    for values, error in wrong:
        async with opens(tenant=saved.tenant) as unit:
            with raises(error, f"a save of {values} is refused"):
                await unit.repository(ORDERS).save(replace(saved, **values))
        async with opens(tenant=saved.tenant) as unit:
            with raises(error, f"a change to {values} is refused"):
                await unit.repository(ORDERS).change((saved.id,), values)
    expect(await find(opens, saved) == saved, "it is as it was")


@promise
async def what_is_unique_stays_so_when_several_are_changed(opens: Opens) -> None:
    """Neither the number of another order, nor one number for two."""
    tenant = uuid4()
    first, second, third = [await keep(opens, an_order(tenant)) for _ in range(3)]
    for identities, number in (((first.id,), third.number), ((first.id, second.id), "the same")):
        async with opens(tenant=tenant) as unit:
            with raises(UniqueViolated, "a number is there once"):
                await unit.repository(ORDERS).change(identities, {"number": number})
    async with opens(tenant=tenant) as unit:
        expect(await unit.repository(ORDERS).change((first.id,), {"number": first.number}) == 1, "its own is free")
