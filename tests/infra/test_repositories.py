"""Step 1: repositories behind ports, used through a unit of work; the twin in memory keeps the same contract."""

from __future__ import annotations

import ast
import traceback
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from infra_adapters.errors import (
    ConcurrencyConflict,
    ConfigError,
    CorruptRow,
    InfraError,
    InvalidRequest,
    TransactionConflict,
    TransactionFailed,
    Unavailable,
)
from infra_adapters.kernel.retry import CAP, again, pause
from infra_adapters.ports import Event, Money, OrderLine
from infra_adapters.postgres import run_in_unit
from infra_adapters.postgres.tables import orders
from infra_adapters.postgres.translate import translated
from infra_adapters.testing import MemoryStore, MemoryUnitOfWork
from infra_adapters.testing.contract import CONTRACT, ContractBroken, an_order, expect

pytestmark = pytest.mark.blocking

REPOSITORIES = "Repositories behind ports, used through a unit of work"
PROMISES = "The repository keeps the promises of its port"


@pytest.mark.deliverable(REPOSITORIES, PROMISES)
@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
async def test_postgres_keeps_the_contract(infrastructure, promise):
    await promise(infrastructure.unit)


@pytest.mark.deliverable(REPOSITORIES)
@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
async def test_the_twin_in_memory_keeps_the_same_contract(promise):
    store = MemoryStore()
    await promise(lambda: MemoryUnitOfWork(store))


async def test_the_contract_notices_an_adapter_that_forgets():
    with pytest.raises(ContractBroken):
        await CONTRACT[0](lambda: MemoryUnitOfWork(MemoryStore()))
    with pytest.raises(ContractBroken, match="a promise"):
        expect(False, "a promise")


@pytest.mark.parametrize("promise", [CONTRACT[6], CONTRACT[7]])
async def test_the_contract_notices_an_adapter_that_overwrites(promise):
    class Careless(MemoryUnitOfWork):
        async def __aenter__(self):
            await super().__aenter__()
            plain = self.orders.save

            async def save(order, events=()):
                known = self.orders.store.orders.get(order.id)
                return await plain(replace(order, version=known.version if known else 0), events)

            self.orders.save = save
            return self

    store = MemoryStore()
    with pytest.raises(ContractBroken, match="refused"):
        await promise(lambda: Careless(store))


async def test_two_units_in_memory_conflict_at_commit():
    store = MemoryStore()
    async with MemoryUnitOfWork(store) as first:
        saved = await first.orders.save(an_order())
        await first.commit()
    async with MemoryUnitOfWork(store) as slow, MemoryUnitOfWork(store) as fast:
        await fast.orders.save(saved)
        await slow.orders.save(saved)
        await fast.commit()
        with pytest.raises(ConcurrencyConflict):
            await slow.commit()


@pytest.mark.deliverable(PROMISES)
async def test_an_outage_is_never_not_found(infrastructure):
    with pytest.raises(Unavailable):
        async with infrastructure.unit() as unit:
            await unit._connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid()) WHERE false"))
            raw = await unit._connection.get_raw_connection()
            await raw.driver_connection.close()
            await unit.orders.get(an_order().id)


async def test_a_unit_whose_statement_failed_does_not_pretend_to_commit(infrastructure):
    async with infrastructure.unit() as unit:
        saved = await unit.orders.save(an_order())
        with pytest.raises(InvalidRequest):
            await unit.orders.of_customer("ada", limit=-1)
        with pytest.raises(TransactionFailed):
            await unit.commit()
    async with infrastructure.unit() as unit:
        assert await unit.orders.get(saved.id) is None


@pytest.mark.deliverable(REPOSITORIES)
@pytest.mark.parametrize("isolation", ["AUTOCOMMIT", "READ UNCOMMITTED", "serializable", ""])
async def test_what_is_no_isolation_of_a_transaction_is_refused(infrastructure, isolation):
    with pytest.raises(ConfigError, match="READ COMMITTED, REPEATABLE READ, SERIALIZABLE"):
        infrastructure.unit(isolation=isolation)
    assert infrastructure.engine.pool.checkedout() == 0


@pytest.mark.deliverable(REPOSITORIES)
@pytest.mark.parametrize("commits", [True, False])
async def test_a_part_that_ends_well_is_kept_with_its_unit_only(infrastructure, commits):
    order, store = an_order(), MemoryStore()
    for open_unit in (infrastructure.unit, lambda: MemoryUnitOfWork(store)):
        async with open_unit() as unit:
            async with unit.savepoint():
                await unit.orders.save(order)
            if commits:
                await unit.commit()
        async with open_unit() as unit:
            assert (await unit.orders.get(order.id) is not None) is commits


async def test_an_error_of_the_caller_comes_through_a_part_as_it_is(infrastructure):
    async with infrastructure.unit() as unit:
        with pytest.raises(UnicodeEncodeError):
            async with unit.savepoint():
                "\ud800".encode()
        assert await unit.orders.save(an_order())


async def test_a_part_whose_connection_was_lost_shows_the_error_of_the_caller(infrastructure):
    async with infrastructure.unit() as unit:
        with pytest.raises(KeyError):
            async with unit.savepoint():
                raw = await unit._connection.get_raw_connection()
                await raw.driver_connection.close()
                raise KeyError("the caller's")
        with pytest.raises(InfraError):
            await unit.commit()


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
async def test_a_text_that_cannot_be_stored_is_an_invalid_value(infrastructure, text):
    async with infrastructure.unit() as unit:
        with pytest.raises(InvalidRequest):
            await unit.orders.save(replace(an_order(), customer=text))


async def test_a_refused_row_stays_out_of_the_traceback(infrastructure):
    async with infrastructure.unit() as unit:
        saved = await unit.orders.save(an_order("a-secret-name"))
        with pytest.raises(InfraError) as caught, translated():
            await unit.orders._insert(orders, [{"id": saved.id, "customer": "a-secret-name", "version": 1}])
    assert str(saved.id) not in "".join(traceback.format_exception(caught.value))


async def test_a_row_that_makes_no_value_is_corrupt(infrastructure):
    async with infrastructure.unit() as unit:
        saved = await unit.orders.save(an_order())
        await unit._connection.execute(text("UPDATE order_lines SET currency = 'eur'"))
        with pytest.raises(CorruptRow, match="currency"):
            await unit.orders.get(saved.id)


async def test_an_order_without_lines_and_events_is_kept(infrastructure):
    async with infrastructure.unit() as unit:
        saved = await unit.orders.save(replace(an_order(), lines=()))
        assert await unit.orders.get(saved.id) == saved
        assert await unit.orders.events(saved.id) == ()


@pytest.mark.deliverable(REPOSITORIES)
async def test_work_is_run_again_after_a_conflict_and_loses_nothing(infrastructure):
    async with infrastructure.unit() as unit:
        saved = await unit.orders.save(replace(an_order(), lines=()))
        await unit.commit()
    tried = []

    async def work(unit):
        order = await unit.orders.get(saved.id)
        tried.append(order.version)
        if len(tried) == 1:
            async with infrastructure.unit() as other:
                await other.orders.save(order)
                await other.commit()
        return await unit.orders.save(order, (Event("counted"),))

    assert (await infrastructure.run(work)).version == 3
    assert tried == [1, 2]


async def test_work_that_always_conflicts_ends():
    tried = []

    async def work(unit):
        tried.append(1)
        raise TransactionConflict("again")

    with pytest.raises(TransactionConflict):
        await run_in_unit(lambda: MemoryUnitOfWork(MemoryStore()), work, attempts=2)
    assert len(tried) == 2


def test_only_a_conflict_is_tried_again():
    assert again(TransactionConflict("x"), 1, 3)
    assert not again(TransactionConflict("x"), 3, 3)
    assert not again(InfraError("x"), 1, 3)


def test_pauses_grow_to_a_cap():
    assert [pause(attempt, 1.0) for attempt in (1, 2, 3)] == [0.01, 0.02, 0.04]
    assert pause(50, 1.0) == CAP
    assert pause(3, 0.0) == 0


@pytest.mark.parametrize(
    "make",
    [lambda: Money(1.5, "EUR"), lambda: Money(Decimal("NaN"), "EUR"), lambda: Money(Decimal(1), "eur"),
     lambda: Money(Decimal(1), "EURO"), lambda: Money(Decimal("0.00005"), "EUR"),
     lambda: Money(Decimal(10) ** 14, "EUR"), lambda: OrderLine("a", 0, Money(Decimal(1), "EUR"))],
)  # fmt: skip
def test_values_refuse_what_makes_no_sense(make):
    with pytest.raises(ValueError, match=r"is|has"):
        make()


@pytest.mark.deliverable(REPOSITORIES)
def test_ports_know_no_product():
    root = Path(__file__).resolve().parents[2] / "infra_adapters"
    allowed = {"__future__", "collections", "contextlib", "dataclasses", "decimal", "enum", "types", "typing", "uuid"}
    tree = ast.parse((root / "ports.py").read_text())
    modules = {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= allowed
