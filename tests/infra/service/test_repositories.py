"""Step 1: what PostgreSQL's repositories do beyond the contract: corrupt rows, tenants on the server."""

from __future__ import annotations

import ast
import random
import sys
import traceback
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

from infra_adapters.errors import (
    ConcurrencyConflict,
    ConfigError,
    CorruptRow,
    InfraError,
    InvalidRequest,
    PermissionDenied,
    TransactionFailed,
    UniqueViolated,
    UnitClosed,
)
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.ports import EventTypes, Kind, Listing, Money, Ordering, UnknownEvent
from infra_adapters.postgres import Model, Rows, Stored, Value, rows
from infra_adapters.testing.sample import EVENTS, ORDERS, OrderPaid, OrderPlaced, SampleLine, SampleOrder, an_order
from tests.infra.shop import MODEL, orders
from tests.infra.shop.tables import ROWS

pytestmark = pytest.mark.blocking

TENANTS = "Tenants kept apart by row-level security, also on reused connections"
REPOSITORIES = "Repositories behind ports, used through a unit of work"
KEPT = "The repository keeps the promises of its port"


async def keep(infrastructure, order, *events):
    async with infrastructure.unit(tenant=order.tenant) as unit:
        saved = await unit.repository(ORDERS).save(order, events)
        await unit.commit()
        return saved


@pytest.mark.deliverable(KEPT)
async def test_an_outage_is_never_not_found(infrastructure):
    async with infrastructure.unit(tenant=uuid4()) as unit:
        raw = await unit.connection.get_raw_connection()
        raw.driver_connection.pgconn.finish()
        with pytest.raises(InfraError):
            await unit.repository(ORDERS).get(uuid4())


@pytest.mark.deliverable(REPOSITORIES)
async def test_a_unit_whose_statement_failed_does_not_pretend_to_commit(infrastructure):
    order = an_order(uuid4())
    async with infrastructure.unit(tenant=order.tenant) as unit:
        await unit.repository(ORDERS).save(order)
        with pytest.raises(InvalidRequest):
            await unit.repository(ORDERS).save(replace(an_order(order.tenant), customer="a\0b"))
        with pytest.raises(InfraError):
            await unit.execute(text("SELECT 1/0"))
        with pytest.raises(TransactionFailed):
            await unit.commit()
    async with infrastructure.unit(tenant=order.tenant) as unit:
        assert await unit.repository(ORDERS).get(order.id) is None


@pytest.mark.parametrize("isolation", ["AUTOCOMMIT", "READ UNCOMMITTED", "serializable"])
async def test_what_is_no_isolation_of_a_transaction_is_refused(infrastructure, isolation):
    with pytest.raises(ConfigError, match="READ COMMITTED, REPEATABLE READ, SERIALIZABLE"):
        infrastructure.unit(isolation=isolation)


async def test_a_unit_begins_once(infrastructure):
    async with infrastructure.unit() as unit:
        with pytest.raises(UnitClosed):
            await unit.__aenter__()


DOUBTFUL = {
    "a NUL character": {"customer": "a\0b"},
    "half a character": {"customer": "\ud800"},
    "a time without a zone": {"placed_at": datetime(2026, 1, 1)},  # noqa: DTZ001
    "a number where a text belongs": {"number": object()},
}


@pytest.mark.deliverable(REPOSITORIES)
@pytest.mark.parametrize("values", DOUBTFUL.values(), ids=DOUBTFUL)
async def test_a_value_that_cannot_be_stored_is_an_invalid_request(infrastructure, values):
    with pytest.raises(InvalidRequest):
        await keep(infrastructure, replace(an_order(uuid4()), **values))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_a_number_that_is_none_is_an_invalid_request(infrastructure, number):
    async with infrastructure.unit() as unit:
        with pytest.raises(InvalidRequest):
            await unit.execute(text("SELECT CAST(:n AS numeric)"), {"n": Decimal(number)})
    with pytest.raises(InvalidRequest):
        await infrastructure.database.fast.fetch_one("SELECT %b::numeric", (Decimal(number),))


async def test_a_refused_row_stays_out_of_the_traceback(infrastructure):
    saved = await keep(infrastructure, an_order(uuid4(), "a-secret-name"))
    with pytest.raises(InfraError) as caught:
        await keep(infrastructure, replace(an_order(saved.tenant, "a-secret-name"), number=saved.number))
    assert saved.number not in "".join(traceback.format_exception(caught.value))


@pytest.mark.deliverable(REPOSITORIES)
async def test_a_corrupt_row_names_every_field_is_counted_and_logged(settings, caplog):
    async with Infrastructure.open(settings(), MODEL) as opened:
        saved = await keep(opened, an_order(uuid4()))
    async with Infrastructure.open(settings(role=""), MODEL) as opened:
        before = rows.corrupt.get("order_lines", 0)
        async with opened.unit(tenant=saved.tenant) as unit:
            await unit.execute(text("UPDATE order_lines SET currency = 'eur'"))
            with pytest.raises(CorruptRow, match=f"order_lines, key {saved.id}.*price, currency"):
                await unit.repository(ORDERS).get(saved.id)
    assert rows.corrupt["order_lines"] == before + 1
    assert "price, currency" in caplog.text


@dataclass(frozen=True)
class Strict:
    id: UUID
    tenant: UUID
    customer: str
    version: int = 0

    def __post_init__(self):
        raise ValueError("never")


async def test_a_row_whose_values_do_not_go_together_is_corrupt(infrastructure):
    saved = await keep(infrastructure, an_order(uuid4()))
    stored = Stored(Kind("strict", Strict, tenant="tenant"), Rows(Strict, orders, values=ROWS.values))
    opened = replace(infrastructure, model=Model(kept=(stored,)))
    async with opened.unit(tenant=saved.tenant) as unit:
        with pytest.raises(CorruptRow, match="the whole row"):
            await unit.repository(stored.kind).get(saved.id)


@pytest.mark.parametrize("wrong", [KeyError, IndexError, AttributeError, InvalidOperation, ZeroDivisionError])
async def test_whatever_reading_a_value_raises_the_row_is_corrupt(infrastructure, wrong):
    saved = await keep(infrastructure, an_order(uuid4()))

    def read(_):
        raise wrong("a-secret")

    customer = Value("customer", ("customer",), read, lambda value: (value,))
    stored = Stored(ORDERS, replace(ROWS, values=(*ROWS.values, customer)))
    opened = replace(infrastructure, model=Model(kept=(stored,)))
    async with opened.unit(tenant=saved.tenant) as unit:
        with pytest.raises(CorruptRow, match="makes no SampleOrder: customer") as caught:
            await unit.repository(ORDERS).get(saved.id)
    assert "a-secret" not in str(caught.value)


WRONG = {
    "an attribute without a column": lambda: Rows(SampleLine, orders),
    "a kind whose list has an attribute of several columns": lambda: Stored(
        Kind("x", SampleOrder, listings=(Listing("l", ("lines",)),)), ROWS
    ),
    "a list ordered by what may be missing": lambda: Stored(
        Kind("x", SampleOrder, listings=(Listing("l", (), (Ordering("deleted_at"),)),)), ROWS
    ),
    "a kind twice": lambda: Model(kept=(Stored(ORDERS, ROWS), Stored(ORDERS, ROWS))),
    "a kind that is not kept": lambda: Model().stored(ORDERS),
    "an event type twice": lambda: EventTypes({"a": OrderPaid, "b": OrderPaid}),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_a_model_that_does_not_fit_is_refused_at_composition(make):
    with pytest.raises(ConfigError):
        make()


@pytest.mark.deliverable(REPOSITORIES)
async def test_an_event_that_another_version_wrote_does_not_make_its_stream_unreadable(infrastructure):
    placed = OrderPlaced(Money(Decimal("1.50"), "EUR"), an_order(uuid4()).placed_at)
    saved = await keep(infrastructure, an_order(uuid4()), OrderPaid("a"), placed)
    async with infrastructure.unit(tenant=saved.tenant) as unit:
        await unit.execute(text("UPDATE infra_events SET data = '{\"new\": 1}' WHERE version = 1"))
        found = [one.event for one in await unit.events.read(f"order:{saved.id}")]
    assert found[0] == UnknownEvent("order.paid", {"new": 1})
    assert found[1] == placed


@pytest.mark.parametrize("event", [UnknownEvent("", {}), OrderPaid("x")])
async def test_events_without_a_name_are_refused(infrastructure, memory, event):
    for unit in (infrastructure.unit(), memory()):
        async with unit:
            with pytest.raises(InvalidRequest):
                await unit.events.append("" if isinstance(event, OrderPaid) else "s", (event,))


async def test_two_units_that_append_at_once_do_not_share_a_version(infrastructure):
    async with infrastructure.unit() as slow, infrastructure.unit() as fast:
        await slow.events.read("s")
        await fast.events.append("s", (OrderPaid("fast"),))
        await fast.commit()
        assert await slow.events.append("s", (OrderPaid("slow"),)) == 2
    async with infrastructure.unit(isolation="REPEATABLE READ") as slow, infrastructure.unit() as fast:
        await slow.events.read("s")
        await fast.events.append("s", (OrderPaid("fast"),))
        await fast.commit()
        with pytest.raises(InfraError):
            await slow.events.append("s", (OrderPaid("slow"),))


@pytest.mark.deliverable(TENANTS)
@pytest.mark.deliverable(REPOSITORIES, KEPT)
async def test_the_server_itself_shows_rows_of_the_tenant_only(infrastructure):
    mine, theirs = [await keep(infrastructure, an_order(uuid4()), OrderPaid("x")) for _ in range(2)]
    counts = "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM infra_events)"
    async with infrastructure.unit(tenant=mine.tenant) as unit:
        assert (await unit.execute(text(counts))).one() == (1, 1)
        with pytest.raises(PermissionDenied):
            async with unit.savepoint():
                await unit.execute(text("UPDATE orders SET tenant_id = :t"), {"t": theirs.tenant})
    async with infrastructure.unit() as unit:
        assert (await unit.execute(text(counts))).one() == (0, 0)


@pytest.mark.deliverable(TENANTS)
@pytest.mark.deliverable(REPOSITORIES)
async def test_no_row_of_another_tenant_is_ever_seen_on_reused_connections(settings):
    chance = random.Random(1)
    async with Infrastructure.open(settings(pool_size=2), MODEL) as opened:
        tenants = [(await keep(opened, an_order(uuid4()))).tenant for _ in range(20)]
        for _ in range(300):
            tenant = chance.choice([*tenants, None])
            async with opened.unit(tenant=tenant) as unit:
                if chance.random() < 0.2:
                    with pytest.raises(InfraError):
                        await unit.execute(text("SELECT 1/0"))
                    continue
                seen = (await unit.execute(text("SELECT tenant_id FROM orders"))).scalars().all()
                assert seen == ([tenant] if tenant else [])
                if chance.random() < 0.5:
                    await unit.commit()


@pytest.mark.deliverable(REPOSITORIES)
async def test_every_change_gives_a_row_a_new_version_and_time_whoever_makes_it(infrastructure):
    saved = await keep(infrastructure, an_order(uuid4()))
    look = "SELECT version, updated_at FROM orders"
    async with infrastructure.unit(tenant=saved.tenant) as unit:
        before = (await unit.execute(text(look))).one()
        await unit.execute(text("UPDATE orders SET customer = 'by hand'"))
        by_hand = (await unit.execute(text(look))).one()
        await unit.repository(ORDERS).change((saved.id,), {"customer": "at once"})
        at_once = (await unit.execute(text(look))).one()
    assert [one.version for one in (before, by_hand, at_once)] == [1, 2, 3]
    assert before.updated_at < by_hand.updated_at < at_once.updated_at


def test_ports_know_no_product():
    root = Path(__file__).resolve().parents[3] / "infra_adapters"
    allowed = {"infra_adapters", *sys.stdlib_module_names}
    found = {
        node.module
        for path in [*(root / "ports").glob("*.py"), *(root / "kernel").glob("*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    rooms = {name.split(".")[1] for name in found if name.startswith("infra_adapters.")}
    assert rooms == {"ports", "errors"}
    assert {name.split(".")[0] for name in found} <= allowed


@pytest.mark.parametrize(
    "make",
    [lambda: Money(1.5, "EUR"), lambda: Money(Decimal("NaN"), "EUR"), lambda: Money(Decimal(1), "eur"),
     lambda: Money(Decimal(1), "A1B"), lambda: Money(Decimal(1), "ÄÖÜ"),
     lambda: Money(Decimal(1), "EURO"), lambda: Money(Decimal("0.00005"), "EUR"),
     lambda: Money(Decimal(10) ** 14, "EUR"), lambda: SampleLine("a", 0, Money(Decimal(1), "EUR"))],
)  # fmt: skip
def test_values_refuse_what_makes_no_sense(make):
    with pytest.raises(InvalidRequest):
        make()


def test_the_sample_names_its_events():
    assert EVENTS.name_of(OrderPaid("x")) == "order.paid"


@pytest.mark.parametrize("how", ["%s", "%t", "%b"])
@pytest.mark.parametrize("value", [datetime(2026, 1, 1), Decimal("NaN"), Decimal("Infinity")])  # noqa: DTZ001
async def test_no_form_of_a_doubtful_value_reaches_the_server(infrastructure, how, value):
    async with infrastructure.database.fast.connection() as connection:
        with pytest.raises(psycopg.DataError):
            await connection.execute(f"SELECT {how}", (value,))


async def test_a_stream_without_new_events_stays_where_it_is(infrastructure, memory):
    for opened in (infrastructure.unit(tenant=uuid4()), memory(tenant=uuid4())):
        async with opened as unit:
            assert await unit.events.append("s", []) == 0


async def test_a_unique_index_of_a_products_own_on_events_is_told_as_one(infrastructure, database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE UNIQUE INDEX uq_own ON infra_events ((data ->> 'reference'))")
    async with infrastructure.unit(tenant=uuid4()) as unit:
        await unit.events.append("s", [OrderPaid("once")])
        with pytest.raises(UniqueViolated) as caught:
            await unit.events.append("t", [OrderPaid("once")])
    assert caught.value.constraint == "uq_own"


async def test_of_two_in_memory_who_append_to_one_stream_the_second_is_refused(memory):
    async with memory(tenant=None) as one, memory(tenant=None) as two:
        await one.events.append("s", [OrderPaid("1")])
        await two.events.append("s", [OrderPaid("2")])
        await one.commit()
        with pytest.raises(ConcurrencyConflict):
            await two.commit()
