"""The contract of the `Orders` port: functions that every adapter of it must pass. Each takes a way to open a unit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

from infra_adapters.errors import ConcurrencyConflict, UnitClosed
from infra_adapters.ports import Event, Money, Order, OrderLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_adapters.ports import UnitOfWork

    Open = Callable[[], UnitOfWork]


class ContractBroken(AssertionError):
    """An adapter does not keep a promise of its port."""


def expect(kept: bool, promise: str) -> None:
    """Raise ContractBroken where a promise is not kept."""
    if not kept:
        raise ContractBroken(promise)


def an_order(customer: str = "ada") -> Order:
    """An order that no store knows yet."""
    lines = (OrderLine("tea", 2, Money(Decimal("3.5000"), "EUR")), OrderLine("cup", 1, Money(Decimal("9.9900"), "EUR")))
    return Order(uuid4(), customer, lines)


async def _saved(open_unit: Open, order: Order, events: tuple[Event, ...] = ()) -> Order:
    async with open_unit() as unit:
        saved = await unit.orders.save(order, events)
        await unit.commit()
        return saved


async def _found(open_unit: Open, order: Order) -> Order | None:
    async with open_unit() as unit:
        return await unit.orders.get(order.id)


async def finds_what_was_committed(open_unit: Open) -> None:
    """A saved order is found again, equal in every value, money exactly."""
    saved = await _saved(open_unit, an_order())
    expect(saved.version == 1, "the first version is 1")
    expect(await _found(open_unit, saved) == saved, "what was saved is found")


async def a_missing_order_is_none(open_unit: Open) -> None:
    """An id that nobody saved is None."""
    expect(await _found(open_unit, an_order()) is None, "an unknown order is None")


async def rolls_back_uncommitted_work_by_default(open_unit: Open) -> None:
    """Leaving a unit without commit leaves nothing."""
    order = an_order()
    async with open_unit() as unit:
        await unit.orders.save(order, (Event("placed"),))
    expect(await _found(open_unit, order) is None, "nothing was kept")


async def an_error_rolls_back(open_unit: Open) -> None:
    """An error inside of a unit leaves nothing, and reaches the caller."""
    order, reached = an_order(), False
    try:
        async with open_unit() as unit:
            await unit.orders.save(order)
            raise KeyError(order.customer)
    except KeyError:
        reached = True
    expect(reached and await _found(open_unit, order) is None, "the error came through and nothing was kept")


async def removed_lines_are_gone(open_unit: Open) -> None:
    """Saving fewer lines removes the others."""
    saved = await _saved(open_unit, an_order())
    fewer = await _saved(open_unit, replace(saved, lines=saved.lines[1:]))
    expect(await _found(open_unit, saved) == fewer, "only the kept line is found")


async def events_are_kept_with_the_change(open_unit: Open) -> None:
    """Events come back in the order in which they happened."""
    saved = await _saved(open_unit, an_order(), (Event("placed", (("by", "ada"),)), Event("paid")))
    await _saved(open_unit, saved, (Event("sent"),))
    async with open_unit() as unit:
        kinds = [event.kind for event in await unit.orders.events(saved.id)]
    expect(kinds == ["placed", "paid", "sent"], "events are kept in order")


async def a_stale_order_is_refused(open_unit: Open) -> None:
    """Saving what somebody else has changed meanwhile raises, with both versions."""
    saved = await _saved(open_unit, an_order())
    await _saved(open_unit, saved)
    try:
        await _saved(open_unit, saved)
    except ConcurrencyConflict as error:
        expect((error.expected, error.actual) == (1, 2), "the conflict names both versions")
    else:
        expect(kept=False, promise="a stale order is refused")


async def a_new_order_with_a_known_id_is_refused(open_unit: Open) -> None:
    """Version 0 means new: an id that is taken is a conflict."""
    saved = await _saved(open_unit, an_order())
    try:
        await _saved(open_unit, replace(saved, version=0))
    except ConcurrencyConflict as error:
        expect(error.actual == 1, "the conflict names the version that is there")
    else:
        expect(kept=False, promise="a known id is refused")


async def a_failed_part_leaves_the_unit_usable(open_unit: Open) -> None:
    """What fails inside of a savepoint is undone alone."""
    first, second = an_order(), an_order()
    async with open_unit() as unit:
        await unit.orders.save(first)
        try:
            async with unit.savepoint():
                await unit.orders.save(second)
                raise KeyError(second.customer)
        except KeyError:
            await unit.commit()
    found = (await _found(open_unit, first) is not None, await _found(open_unit, second) is None)
    expect(found == (True, True), "the first is kept, the part is not")


async def lists_the_newest_first(open_unit: Open) -> None:
    """A customer's orders come newest first, with their lines, and no more than asked for."""
    customer = f"customer-{uuid4()}"
    saved = [await _saved(open_unit, an_order(customer)) for _ in range(3)]
    async with open_unit() as unit:
        found = await unit.orders.of_customer(customer, limit=2)
    expect(found == (saved[2], saved[1]), "the two newest, newest first")


async def of_two_first_saves_one_is_refused(open_unit: Open) -> None:
    """Two units that save one new order at the same time: the second is a conflict, not a second order."""
    order, refused = an_order(), False
    async with open_unit() as slow:
        await slow.orders.get(order.id)
        await _saved(open_unit, order)
        try:
            await slow.orders.save(order)
            await slow.commit()
        except ConcurrencyConflict:
            refused = True
    expect(refused, "the second first save is refused")


async def a_finished_unit_refuses(open_unit: Open) -> None:
    """What is asked of a unit after its commit would be lost, so it raises."""
    refused = False
    async with open_unit() as unit:
        await unit.commit()
        try:
            await unit.orders.save(an_order())
        except UnitClosed:
            refused = True
    expect(refused, "a finished unit refuses")


async def a_unit_that_has_not_begun_refuses(open_unit: Open) -> None:
    """Before its `async with` a unit has no transaction to work in."""
    refused = False
    try:
        await open_unit().orders.save(an_order())
    except UnitClosed:
        refused = True
    expect(refused, "a unit that has not begun refuses")


CONTRACT = (
    finds_what_was_committed,
    a_missing_order_is_none,
    rolls_back_uncommitted_work_by_default,
    an_error_rolls_back,
    removed_lines_are_gone,
    events_are_kept_with_the_change,
    a_stale_order_is_refused,
    a_new_order_with_a_known_id_is_refused,
    a_failed_part_leaves_the_unit_usable,
    lists_the_newest_first,
    of_two_first_saves_one_is_refused,
    a_finished_unit_refuses,
    a_unit_that_has_not_begun_refuses,
)
"""Every promise, as a function from a way to open a unit of work."""
