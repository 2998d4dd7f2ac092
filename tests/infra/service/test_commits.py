"""Step 1: a COMMIT whose answer is lost: what became of it can be asked, and is never taken for something else."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from infra_adapters.deadline import within
from infra_adapters.errors import CommitOutcomeUnknown, DeadlineExceeded, Outcome
from infra_adapters.postgres import run_in_unit
from infra_adapters.testing.sample import ORDERS, OrderPaid, an_order

pytestmark = pytest.mark.blocking

DEADLINE = "One deadline from the caller down, and errors typed by SQLSTATE"
REPOSITORIES = "Repositories behind ports, used through a unit of work"


async def save_through(opened, order, relay, when):
    async with opened.unit(tenant=order.tenant) as unit:
        await unit.repository(ORDERS).save(order)
        relay.cut_at(b"COMMIT", when)
        await unit.commit()


@pytest.mark.deliverable(REPOSITORIES)
@pytest.mark.parametrize(("when", "outcome"), [("before", Outcome.NOT_DONE), ("after", Outcome.DONE)])
async def test_a_commit_whose_answer_is_lost_can_be_resolved(broken, when, outcome):
    relay, opened = broken
    order = an_order(uuid4())
    with pytest.raises(CommitOutcomeUnknown) as caught:
        await save_through(opened, order, relay, when)
    assert (caught.value.retryable, caught.value.outcome) == (False, Outcome.UNKNOWN)
    assert await opened.resolve(caught.value) is outcome
    async with opened.unit(tenant=order.tenant) as unit:
        assert (await unit.repository(ORDERS).get(order.id) is not None) is (outcome is Outcome.DONE)


@pytest.mark.parametrize(
    ("when", "outcome"), [("swallowed before", Outcome.NOT_DONE), ("swallowed after", Outcome.DONE)]
)
async def test_a_deadline_during_a_commit_leaves_the_outcome_unknown_and_resolvable(broken, when, outcome):
    relay, opened = broken
    order = an_order(uuid4())
    with pytest.raises(CommitOutcomeUnknown) as caught:
        async with within(30), opened.unit(tenant=order.tenant, timeout=0.5) as unit:
            await unit.repository(ORDERS).save(order)
            relay.cut_at(b"COMMIT", when)
            await unit.commit()
    relay.recover()
    assert await opened.resolve(caught.value) is outcome


async def test_a_deadline_after_a_commit_does_not_say_that_nothing_was_kept(broken):
    """It passes while the connection is given back."""
    relay, opened = broken
    with pytest.raises(CommitOutcomeUnknown) as caught:
        async with opened.unit(timeout=0.5) as unit:
            await unit.execute(text("CREATE TABLE kept ()"))
            relay.cut_at(b"CLOSE ALL", "swallowed before")
            await unit.commit()
    relay.recover()
    assert await opened.resolve(caught.value) is Outcome.DONE


async def test_without_its_id_a_transaction_cannot_be_resolved(infrastructure):
    assert await infrastructure.resolve(CommitOutcomeUnknown("lost")) is Outcome.UNKNOWN


@pytest.mark.deliverable(REPOSITORIES)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_work_whose_commit_was_lost_is_done_exactly_once(broken, when):
    relay, opened = broken
    order = an_order(uuid4())
    relay.cut_at(b"COMMIT", when)

    async def work(unit):
        return await unit.repository(ORDERS).save(order, (OrderPaid("once"),))

    options = replace(opened.unit(tenant=order.tenant)._options, isolation="SERIALIZABLE")
    assert (await opened.run(work, options=options)).version == 1
    async with opened.unit(tenant=order.tenant) as unit:
        assert len(await unit.events.read(f"order:{order.id}")) == 1
    assert relay.cuts == 1


async def test_an_unknown_commit_without_a_resolver_is_the_callers(memory):
    async def work(unit):
        raise CommitOutcomeUnknown("lost")

    with pytest.raises(CommitOutcomeUnknown):
        await run_in_unit(memory, work)


async def test_a_lost_commit_of_another_unit_is_not_taken_for_the_own(infrastructure):
    """That one was done; the unit around it was not, and there is no result to return."""
    runs = []

    async def work(unit):
        runs.append(unit)
        raise CommitOutcomeUnknown("lost", transaction=await a_transaction(infrastructure))

    with pytest.raises(CommitOutcomeUnknown):
        await infrastructure.run(work)
    assert len(runs) == 1


async def a_transaction(infrastructure):
    """The id of one that was committed."""
    found = await infrastructure.database.fast.fetch_one("SELECT pg_current_xact_id()::text AS number")
    return found.number


@pytest.mark.deliverable(DEADLINE)
@pytest.mark.parametrize("ending", ["reset", "deadline"])
async def test_a_lost_commit_stays_unknown_where_the_server_cannot_be_asked(broken, ending):
    """Neither what asking gives nor a deadline that passes meanwhile may hide that it may be done."""
    relay, opened = broken
    order = an_order(uuid4())
    relay.cut_at(b"COMMIT", "after")

    async def work(unit):
        return await unit.repository(ORDERS).save(order)

    async def ask(_):
        if ending == "deadline":
            await asyncio.sleep(60)
        relay.go_away()
        await opened.database.fast.fetch_one("SELECT 1")

    with pytest.raises(CommitOutcomeUnknown):
        async with within(1.0):
            await run_in_unit(lambda: opened.unit(tenant=order.tenant), work, resolve=ask)


@pytest.mark.deliverable(DEADLINE)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_doubt_that_was_settled_is_none_any_more(broken, when):
    """A deadline that passes in the second attempt is one; what the first has done is not told again."""
    relay, opened = broken
    order, runs = an_order(uuid4()), []
    relay.cut_at(b"COMMIT", when)

    async def work(unit):
        runs.append(await unit.repository(ORDERS).save(order))
        if len(runs) == 2:
            await asyncio.sleep(60)

    with pytest.raises(DeadlineExceeded):
        async with within(1.0):
            await run_in_unit(lambda: opened.unit(tenant=order.tenant), work, resolve=opened.resolve)
            await asyncio.sleep(60)
    assert len(runs) == (2 if when == "before" else 1)


async def test_a_deadline_while_a_broken_connection_is_given_up_leaves_the_doubt(broken):
    relay, opened = broken
    order = an_order(uuid4())
    with pytest.raises(CommitOutcomeUnknown):
        async with within(0.5):
            with contextlib.suppress(CommitOutcomeUnknown):
                await save_through(opened, order, relay, "after")
            await asyncio.sleep(60)


async def test_a_transaction_that_the_server_has_not_reached_stays_unknown(infrastructure):
    ahead = CommitOutcomeUnknown("lost", transaction="4000000000")
    assert await infrastructure.resolve(ahead) is Outcome.UNKNOWN


async def test_a_transaction_that_one_may_not_end_stays_unknown(infrastructure, database_url):
    with psycopg.connect(database_url) as other:
        [[number]] = other.execute("SELECT pg_current_xact_id()::text")
        lost = CommitOutcomeUnknown("lost", transaction=number)
        assert await infrastructure.resolve(lost) is Outcome.UNKNOWN
    assert await infrastructure.resolve(lost) is Outcome.DONE


async def test_a_deadline_during_the_commit_of_what_only_read_is_one(broken):
    relay, opened = broken
    with pytest.raises(DeadlineExceeded):
        async with opened.unit(timeout=0.3) as unit:
            await opened.health()
            relay.cut_at(b"COMMIT", "swallowed before")
            await unit.commit()
