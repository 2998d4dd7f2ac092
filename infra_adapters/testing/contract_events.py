"""The promises of streams of events."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from infra_adapters.errors import ConcurrencyConflict, ConfigError, InvalidRequest
from infra_adapters.ports import UnknownEvent
from infra_adapters.testing.contract import Opens, expect, keep, promise, raises
from infra_adapters.testing.sample import OrderPaid, an_order


@promise
async def a_stream_is_read_in_order(opens: Opens) -> None:
    """Events come back as they were, oldest first, with versions from 1 without gaps."""
    tenant, stream = uuid4(), f"order:{uuid4()}"
    async with opens(tenant=tenant) as unit:
        first = await unit.events.append(stream, (OrderPaid("a"), OrderPaid("b")), expected=0)
        second = await unit.events.append(stream, (OrderPaid("c"),))
        await unit.commit()
    async with opens(tenant=tenant) as unit:
        found = await unit.events.read(stream)
        rest = await unit.events.read(stream, after=1, limit=1)
    expect((first, second) == (2, 3), "append tells the new version")
    expect([one.version for one in found] == [1, 2, 3], "versions have no gaps")
    expect([one.event for one in found] == [OrderPaid("a"), OrderPaid("b"), OrderPaid("c")], "events are as they were")
    expect([one.event for one in rest] == [OrderPaid("b")], "a part can be read")


@promise
async def a_part_of_a_stream_is_not_negative(opens: Opens) -> None:
    """No event is a part as well."""
    async with opens(tenant=uuid4()) as unit:
        await unit.events.append("s", (OrderPaid("a"),))
        expect(await unit.events.read("s", limit=0) == (), "a part may be empty")
        with raises(InvalidRequest, "a negative limit is refused"):
            await unit.events.read("s", limit=-1)
        for after in (-1, -5):
            expect(len(await unit.events.read("s", after=after)) == 1, "before the first one is the beginning")


@promise
async def an_event_that_cannot_be_stored_is_refused(opens: Opens) -> None:
    """No text holds a NUL: neither an event nor a name of a stream."""
    wrong = (OrderPaid("a\0"), UnknownEvent("order.frozen", {"why": ["a\0"]}), UnknownEvent("order.frozen\0", {}))
    for stream, event in (("a\0", OrderPaid("a")), *(("s", one) for one in wrong)):
        async with opens(tenant=uuid4()) as unit:
            with raises(InvalidRequest, "it is refused"):
                await unit.events.append(stream, (event,))
    async with opens(tenant=uuid4()) as unit:
        with raises(InvalidRequest, "nor is there such a stream"):
            await unit.events.read("a\0")


@promise
async def each_tenant_has_streams_of_its_own(opens: Opens) -> None:
    """What another tenant, or nobody, calls by the same name is another stream, and does not hinder."""
    name = f"cart:{uuid4()}"
    owners = (uuid4(), uuid4(), None)
    for at, owner in enumerate(owners):
        async with opens(tenant=owner) as unit:
            version = await unit.events.append(name, (OrderPaid(str(at)),), expected=0)
            expect(version == 1, "versions count from 1 for each")
            await unit.commit()
    for at, owner in enumerate(owners):
        async with opens(tenant=owner) as unit:
            found = [one.event for one in await unit.events.read(name)]
            expect(found == [OrderPaid(str(at))], "each reads its own")


@promise
async def a_stream_that_went_on_refuses(opens: Opens) -> None:
    """Appending after a version that is not the latest is a conflict that names both."""
    tenant, stream = uuid4(), f"order:{uuid4()}"
    async with opens(tenant=tenant) as unit:
        await unit.events.append(stream, (OrderPaid("a"), OrderPaid("b")))
        with raises(ConcurrencyConflict, "an old version is refused") as caught:
            await unit.events.append(stream, (OrderPaid("c"),), expected=1)
    error = caught.error
    expect(isinstance(error, ConcurrencyConflict) and (error.expected, error.actual) == (1, 2), "both are named")


@promise
async def an_unknown_event_is_kept_as_it_is(opens: Opens) -> None:
    """An event of a kind that this program does not know can be kept and read."""
    tenant, stream = uuid4(), f"order:{uuid4()}"
    strange = UnknownEvent("order.frozen", {"degrees": -20})
    async with opens(tenant=tenant) as unit:
        await unit.events.append(stream, (strange,))
        await unit.commit()
    async with opens(tenant=tenant) as unit:
        found = await unit.events.read(stream)
    expect([one.event for one in found] == [strange], "it is as it was")


@promise
async def an_event_without_a_name_is_refused(opens: Opens) -> None:
    """A type that nobody named could not be read again."""
    async with opens(tenant=uuid4()) as unit:
        with raises(ConfigError, "a type without a name is refused"):
            await unit.events.append("s", (object(),))


@promise
async def events_of_a_save_are_in_the_stream_of_the_aggregate(opens: Opens) -> None:
    """Events that are saved with an order stand in its stream."""
    saved = await keep(opens, an_order(uuid4()), (OrderPaid("a"),))
    await keep(opens, replace(saved, customer="grace"), (OrderPaid("b"),))
    async with opens(tenant=saved.tenant) as unit:
        found = await unit.events.read(f"order:{saved.id}")
    expect([one.event for one in found] == [OrderPaid("a"), OrderPaid("b")], "both are there")
