"""The promises of a unit of work."""

from __future__ import annotations

from contextlib import suppress
from uuid import uuid4

from infra_adapters.errors import InfraError, TransactionFailed, UnitClosed
from infra_adapters.testing.contract import Opens, expect, find, promise, raises
from infra_adapters.testing.sample import ORDERS, OrderPaid, an_order


@promise
async def leaving_without_commit_leaves_nothing(opens: Opens) -> None:
    """What is not committed was never there."""
    order = an_order(uuid4())
    async with opens(tenant=order.tenant) as unit:
        await unit.repository(ORDERS).save(order, (OrderPaid("r"),))
    expect(await find(opens, order) is None, "nothing was kept")


@promise
async def an_error_leaves_nothing(opens: Opens) -> None:
    """An error inside of a unit reaches the caller, and leaves nothing."""
    order = an_order(uuid4())
    with raises(KeyError, "the error reaches the caller"):
        async with opens(tenant=order.tenant) as unit:
            await unit.repository(ORDERS).save(order)
            raise KeyError(order.number)
    expect(await find(opens, order) is None, "nothing was kept")


@promise
async def a_failed_part_leaves_the_unit_usable(opens: Opens) -> None:
    """What fails inside of a savepoint is undone alone, and so are its events."""
    first = an_order(uuid4())
    second = an_order(first.tenant)
    async with opens(tenant=first.tenant) as unit:
        orders = unit.repository(ORDERS)
        await orders.save(first, (OrderPaid("kept"),))
        with raises(KeyError, "the error reaches the caller"):
            async with unit.savepoint():
                await orders.save(second, (OrderPaid("undone"),))
                raise KeyError(second.number)
        await unit.commit()
    expect(unit.committed == (OrderPaid("kept"),), "the events of the part are gone")
    expect(await find(opens, first) is not None, "the first is kept")
    expect(await find(opens, second) is None, "the part is not")


@promise
async def a_part_that_ends_well_belongs_to_its_unit(opens: Opens) -> None:
    """A savepoint that ends well is kept when its unit is, and only then."""
    for commits in (True, False):
        order = an_order(uuid4())
        async with opens(tenant=order.tenant) as unit:
            async with unit.savepoint():
                await unit.repository(ORDERS).save(order)
            if commits:
                await unit.commit()
        expect((await find(opens, order) is not None) is commits, "kept with its unit")


@promise
async def events_count_as_committed_after_the_commit(opens: Opens) -> None:
    """Before COMMIT has succeeded nothing has happened, so nobody may act on it."""
    order = an_order(uuid4())
    async with opens(tenant=order.tenant) as unit:
        await unit.repository(ORDERS).save(order, (OrderPaid("a"),))
        expect(unit.committed == (), "nothing is committed before COMMIT")
        await unit.commit()
        expect(unit.committed == (OrderPaid("a"),), "then it is")


@promise
async def a_unit_that_is_over_refuses(opens: Opens) -> None:
    """What is asked of a unit after its commit would be lost."""
    async with opens(tenant=uuid4()) as unit:
        await unit.commit()
        with raises(UnitClosed, "no repository after the commit"):
            unit.repository(ORDERS)
        with raises(UnitClosed, "no events after the commit"):
            await unit.events.append("s", (OrderPaid("a"),))
        with raises(UnitClosed, "no second commit"):
            await unit.commit()


@promise
async def a_repository_ends_with_its_unit(opens: Opens) -> None:
    """What a repository of an earlier unit is asked reaches no other unit."""
    order = an_order(uuid4())
    async with opens(tenant=order.tenant) as unit:
        repository = unit.repository(ORDERS)
        await unit.commit()
    async with opens(tenant=order.tenant) as other:
        with raises(UnitClosed, "nothing is saved after the end"):
            await repository.save(order)
        with raises(UnitClosed, "nothing is found after the end"):
            await repository.get(order.id)
        await other.commit()
    async with opens(tenant=order.tenant) as unit:
        expect(await unit.repository(ORDERS).get(order.id) is None, "another unit keeps nothing of it")


@promise
async def a_part_that_is_open_is_not_committed(opens: Opens) -> None:
    """A commit within a savepoint is refused."""
    async with opens(tenant=uuid4()) as unit, unit.savepoint():
        with raises(TransactionFailed, "no commit within a part"):
            await unit.commit()


@promise
async def an_aggregate_is_kept_with_its_events_or_not_at_all(opens: Opens) -> None:
    """An event that nobody knows keeps nothing of what it came with."""
    order = an_order(uuid4())
    async with opens(tenant=order.tenant) as unit:
        with raises(InfraError, "an event without a name"):
            await unit.repository(ORDERS).save(order, (object(),))
        with suppress(TransactionFailed):
            await unit.commit()
    async with opens(tenant=order.tenant) as unit:
        expect(await unit.repository(ORDERS).get(order.id) is None, "nothing of it is kept")


@promise
async def a_unit_that_has_not_begun_refuses(opens: Opens) -> None:
    """Before its `async with` a unit has no transaction to work in."""
    with raises(UnitClosed, "no repository before the begin"):
        opens(tenant=uuid4()).repository(ORDERS)
    with raises(UnitClosed, "no commit before the begin"):
        await opens(tenant=uuid4()).commit()
