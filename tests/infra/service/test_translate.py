"""Step 1: every kind of failure is one kind of ours, by its SQLSTATE, and without a value of the caller's."""

from __future__ import annotations

import traceback
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import exc, make_url, text

from infra_adapters import errors
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.kernel.breaker import Breaker, State
from infra_adapters.postgres.circuit import tell
from infra_adapters.postgres.translate import of_driver, of_library, translated
from infra_adapters.testing.sample import ORDERS, an_order

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("One deadline from the caller down, and errors typed by SQLSTATE"),
]

POOL = "PostgreSQL connections from a pool with limits, bounded waiting and timeouts"

STATES = {
    "08006": errors.ConnectionLost,
    "22003": errors.InvalidRequest,
    "23505": errors.UniqueViolated,
    "25P02": errors.TransactionFailed,
    "25P03": errors.ConnectionLost,
    "40001": errors.SerializationFailed,
    "40P01": errors.Deadlock,
    "42501": errors.PermissionDenied,
    "42P01": errors.QueryFailed,
    "53100": errors.ResourcesExhausted,
    "53300": errors.ResourcesExhausted,
    "55P03": errors.LockTimeout,
    "57014": errors.QueryTimeout,
    "57P01": errors.ConnectionLost,
    "57P03": errors.ConnectionLost,
    "58030": errors.ResourcesExhausted,
}


@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize("state", STATES)
def test_each_sqlstate_has_its_error(state):
    found = of_driver(psycopg.errors.lookup(state)("a-secret"), lost=False)
    assert type(found) is STATES[state]
    assert "a-secret" not in str(found)


SAID = [
    ("connection failed: Connection refused", errors.ConnectFailed, True),
    ("connection failed: FATAL:  the database system is starting up", errors.ConnectFailed, True),
    ("connection failed: FATAL:  sorry, too many clients already", errors.ConnectFailed, True),
    ("connection failed: FATAL:  password authentication failed for user", errors.ConnectFailed, False),
    ('connection failed: FATAL:  role "x" does not exist', errors.ConnectFailed, False),
    ("server closed the connection unexpectedly", errors.ConnectionLost, True),
]


@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize(("said", "kind", "retryable"), SAID)
def test_what_has_no_sqlstate_is_told_by_where_it_happened(said, kind, retryable):
    found = of_driver(psycopg.OperationalError(said), lost=False)
    assert (type(found), found.retryable) == (kind, retryable)


def test_an_error_that_took_its_connection_is_a_lost_connection():
    assert isinstance(of_driver(psycopg.InternalError("?"), lost=True), errors.ConnectionLost)
    assert isinstance(of_driver(psycopg.InternalError("?"), lost=False), errors.QueryFailed)
    assert isinstance(of_driver(None, lost=False), errors.QueryFailed)


LIBRARY = [
    (exc.TimeoutError(), errors.PoolExhausted),
    (exc.StatementError("m", "s", {}, errors.InvalidRequest("ours")), errors.InvalidRequest),
    (exc.StatementError("m", "s", {}, ValueError("a-secret")), errors.InvalidRequest),
    (exc.InvalidRequestError(), errors.UnitClosed),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "a-secret"), errors.InvalidRequest),
]


@pytest.mark.parametrize(("error", "kind"), LIBRARY)
def test_each_error_of_a_library_has_its_error(error, kind):
    with pytest.raises(kind) as caught, translated():
        raise error
    assert "a-secret" not in str(caught.value)


MISTAKES = [
    exc.CompileError("a mistake"),
    exc.StatementError("m", "s", {}, KeyError("k")),
    exc.NoResultFound(),
    exc.MultipleResultsFound(),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "of a file"),
]


@pytest.mark.parametrize("error", MISTAKES, ids=lambda error: type(error).__name__)
def test_a_mistake_in_the_program_stays_as_it_is(error):
    assert of_library(error) is None
    with pytest.raises(type(error)), translated():
        raise error


@pytest.mark.parametrize("error", MISTAKES, ids=lambda error: type(error).__name__)
async def test_a_mistake_in_a_unit_comes_out_of_it_as_it_is(infrastructure, error):
    with pytest.raises(type(error)) as caught:
        async with infrastructure.unit():
            raise error
    assert caught.value is error


async def test_a_text_that_cannot_be_encoded_is_refused_on_every_way(infrastructure):
    async with infrastructure.unit() as unit:
        with pytest.raises(errors.InvalidRequest):
            await unit.execute(text("SELECT :a"), {"a": "\ud800"})
    with pytest.raises(errors.InvalidRequest):
        await infrastructure.database.fast.fetch_one("SELECT %s", ("\ud800",))
    with pytest.raises(errors.InvalidRequest):
        async with infrastructure.unit() as unit:
            await unit.connection.execute(text("SELECT :a"), {"a": "\ud800"})


@pytest.mark.parametrize("state", ["25P03", "25P04", "57P05"])
async def test_a_limit_that_ended_a_connection_says_nothing_of_the_server(infrastructure, state):
    for _ in range(infrastructure.database.settings.breaker_failures):
        with pytest.raises(errors.ConnectionLost) as caught:
            async with infrastructure.unit():
                raise psycopg.errors.lookup(state)("ended")
        assert caught.value.retryable
    assert infrastructure.database.breaker.state is State.CLOSED


def test_a_lost_commit_neither_opens_nor_closes_the_circuit():
    breaker = Breaker(lambda: 0.0, failures=2)
    for error in (errors.ConnectionLost("a"), errors.CommitOutcomeUnknown("b"), errors.ConnectionLost("c")):
        assert breaker.state is State.CLOSED
        tell(breaker.admit(), error)
    assert breaker.state is State.OPEN


@pytest.mark.parametrize("way", ["unit", "connection", "fast"])
async def test_no_way_quotes_the_rows_that_were_refused(infrastructure, way):
    refused = "SELECT 'a-secret'::int"
    with pytest.raises(errors.InvalidRequest) as caught:
        if way == "fast":
            await infrastructure.database.fast.execute(refused)
        async with infrastructure.unit() as unit:
            await (unit.execute if way == "unit" else unit.connection.execute)(text(refused))
    told = traceback.format_exception(caught.value)
    assert "invalid input syntax" not in "".join(told)


async def test_a_refused_login_is_one_on_every_way(settings):
    chosen = settings(url=make_url(settings().url.get_secret_value()).set(username="nobody").render_as_string())
    async with Infrastructure.open(chosen.model_copy(update={"acquire_timeout": 0.5})) as opened:
        for ask in (opened.database.fast.fetch_one("SELECT 1"), opened.database.acquire()):
            with pytest.raises(errors.ConnectFailed, match="refused the login") as caught:
                await ask
            assert not caught.value.retryable


def test_every_error_says_what_it_is():
    def all_below(kind):
        return {kind}.union(*(all_below(one) for one in kind.__subclasses__()))

    found = {kind for kind in all_below(errors.InfraError) if kind.__module__.startswith("infra_adapters")}
    codes = [kind.code for kind in found]
    assert len(set(codes)) == len(codes)
    assert all(isinstance(kind.outcome, errors.Outcome) and kind.__doc__ for kind in found)


async def test_more_values_than_a_statement_has_parameters_are_one_parameter(infrastructure):
    order = an_order(uuid4())
    async with infrastructure.unit(tenant=order.tenant) as unit:
        orders = unit.repository(ORDERS)
        saved = await orders.save(order)
        many = [uuid4() for _ in range(70_000)]
        assert await orders.get_many([*many, saved.id]) == (saved,)
        assert await orders.change([*many, saved.id], {"customer": "x"}) == 1
