"""Step 1: the nearest vectors come by their index, of the tenant's rows only, and never fewer than there are."""

from __future__ import annotations

import math
import random
from functools import cache
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid, func, select, text

from infra_adapters.errors import ConfigError, InvalidRequest, TenantRequired
from infra_adapters.postgres import Database
from infra_adapters.postgres.bulk import Written, insert_many, upsert_many
from infra_adapters.postgres.queries import (
    ExtensionMissing,
    Metric,
    Neighbours,
    Vector,
    VectorMismatch,
    hnsw_index,
    indexes_used,
    ivfflat_index,
    require_vectors,
)
from infra_adapters.postgres.translate import translated
from infra_adapters.settings import DatabaseSettings
from tests.infra.prepared import prepared

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("Bulk writes, full text, vectors and statement reports")]

INDEXES = "Indexes for every declared access path"
USED = "Every access path that is declared has an index the planner uses"
TABLES = "SQLAlchemy 2 tables and psycopg 3 configuration"

DIMENSIONS = 8
ROWS, OURS = 4000, 12
things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("tenant", Uuid),
    Column("name", Text),
    Column("place", Vector(DIMENSIONS)),
)
PLACE = things.c.place
BIG, SMALL = UUID(int=1), UUID(int=2)
NEAR = {metric: Neighbours(PLACE, metric, tenant=things.c.tenant) for metric in Metric}
ORIGIN = [1.0, *([0.1] * (DIMENSIONS - 1))]


def some(seed, size):
    chosen = random.Random(seed)
    return [[chosen.uniform(-1, 1) for _ in range(DIMENSIONS)] for _ in range(size)]


@cache
def rows():
    """A large tenant's rows everywhere, and a few of a small one's that are all far away."""
    here = [{"id": n, "tenant": BIG, "name": "big", "place": one} for n, one in enumerate(some(1, ROWS))]
    far = [[-abs(one[0]) - 1, *one[1:]] for one in some(2, OURS)]
    return here + [{"id": ROWS + n, "tenant": SMALL, "name": "small", "place": one} for n, one in enumerate(far)]


async def fill(connection):
    await connection.execute(text("CREATE EXTENSION vector"))
    await connection.run_sync(things.create)
    await insert_many(connection, things, rows())


@pytest.fixture(scope="module")
def filled(server_url):
    with psycopg.connect(server_url) as admin:
        if not admin.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone():
            pytest.skip("this server has no pgvector")
    with prepared(server_url, fill) as copies, copies.fresh() as url:
        yield url


@pytest.fixture
async def connection(filled):
    """What a test changes is rolled back at its end."""
    async with Database.open(DatabaseSettings.of(url=filled)) as opened, opened.engine.connect() as connection:
        yield connection


async def index(connection, make, metric, **options):
    kept = things.to_metadata(MetaData())
    made = make(kept.c.place, metric, **options)
    await connection.run_sync(made.create)
    await connection.execute(text("ANALYZE things"))
    return made.name


def exact(to, metric, tenant, limit):
    """What is nearest, by Python."""
    away = {
        Metric.EUCLIDEAN: lambda one: math.dist(one, to),
        Metric.INNER_PRODUCT: lambda one: -sum(map(float.__mul__, one, to)),
        Metric.COSINE: lambda one: 1 - sum(map(float.__mul__, one, to)) / math.hypot(*one) / math.hypot(*to),
    }[metric]
    measured = sorted((away(row["place"]), row["id"]) for row in rows() if row["tenant"] == tenant)
    return [identity for _, identity in measured[:limit]]


@pytest.mark.parametrize("metric", Metric)
@pytest.mark.parametrize("make", [None, hnsw_index, ivfflat_index])
@pytest.mark.deliverable(INDEXES, USED)
async def test_the_nearest_of_a_tenant_are_found_however_few_they_are(connection, metric, make):
    if make:
        await index(connection, make, metric)
    for tenant, limit in ((SMALL, 5), (SMALL, OURS), (SMALL, OURS + 9)):
        found = await NEAR[metric].nearest(connection, ORIGIN, limit, tenant=tenant)
        assert [row.id for row in found] == exact(ORIGIN, metric, tenant, limit)
        assert {row.name for row in found} == {"small"}
        assert [row.distance for row in found] == sorted(row.distance for row in found)


@pytest.mark.parametrize("make", [hnsw_index, ivfflat_index])
@pytest.mark.deliverable(INDEXES, USED)
async def test_the_index_is_used_and_finds_nearly_all_that_are_nearest(connection, make):
    name = await index(connection, make, Metric.EUCLIDEAN)
    assert await indexes_used(connection, Neighbours(PLACE, Metric.EUCLIDEAN).statement(ORIGIN, 10)) == (name,)
    near = Neighbours(PLACE, Metric.EUCLIDEAN)
    found = {row.id for row in await near.nearest(connection, ORIGIN, 10, where=[things.c.name == "big"])}
    assert len(found) == 10
    if make is hnsw_index:
        assert len(found & set(exact(ORIGIN, Metric.EUCLIDEAN, BIG, 10))) >= 9


async def test_without_more_looking_an_index_leaves_a_small_tenant_with_less(connection):
    """What the other tests stand against: the same statement, as pgvector runs it unless told otherwise."""
    await index(connection, hnsw_index, Metric.COSINE)
    await connection.execute(text("SET LOCAL enable_seqscan = off"))
    found = (await connection.execute(NEAR[Metric.COSINE].statement(ORIGIN, 5, tenant=SMALL))).all()
    assert len(found) < 5


async def test_where_the_search_gives_up_the_rest_is_measured(connection):
    await index(connection, hnsw_index, Metric.COSINE)
    for setting in ("enable_seqscan = off", "hnsw.max_scan_tuples = 1"):
        await connection.execute(text(f"SET LOCAL {setting}"))
    found = await NEAR[Metric.COSINE].nearest(connection, ORIGIN, 5, tenant=SMALL)
    assert [row.id for row in found] == exact(ORIGIN, Metric.COSINE, SMALL, 5)


async def test_a_tenants_rows_are_never_asked_for_without_a_tenant(connection):
    with pytest.raises(TenantRequired):
        await NEAR[Metric.COSINE].nearest(connection, ORIGIN, 5)
    assert await NEAR[Metric.COSINE].nearest(connection, ORIGIN, 5, tenant=uuid4()) == []


WRONG = [
    ([1.0] * (DIMENSIONS - 1), VectorMismatch, "7 dimensions, where the column has 8"),
    ([], VectorMismatch, "0 dimensions"),
    ([math.nan] * DIMENSIONS, InvalidRequest, "not finite"),
    ([math.inf] * DIMENSIONS, InvalidRequest, "not finite"),
    ([3.5e38] * DIMENSIONS, InvalidRequest, "too large"),
    ([10**400] * DIMENSIONS, InvalidRequest, "sequence of numbers"),
    ("12345678", InvalidRequest, "sequence of numbers"),
    (["x"] * DIMENSIONS, InvalidRequest, "sequence of numbers"),
    (5, InvalidRequest, "sequence of numbers"),
]


@pytest.mark.parametrize(("wrong", "error", "why"), WRONG)
@pytest.mark.deliverable(TABLES)
async def test_what_is_no_such_vector_never_reaches_the_server(connection, wrong, error, why):
    for ask in (
        NEAR[Metric.EUCLIDEAN].nearest(connection, wrong, 5, tenant=BIG),
        upsert_many(connection, things, [{"id": 1, "place": wrong}], key=["id"]),
        insert_many(connection, things, [{"id": ROWS * 2 + n, "place": wrong} for n in range(500)]),
        insert_one(connection, wrong),
    ):
        with pytest.raises(error, match=why):
            await ask
    assert (await connection.execute(select(func.count()).select_from(things))).scalar_one() == ROWS + OURS


async def insert_one(connection, place):
    with translated():
        await connection.execute(things.insert().values(id=-1, place=place))


async def test_zeros_have_no_direction_and_no_neighbour_is_no_question(connection):
    with pytest.raises(InvalidRequest, match="no direction"):
        NEAR[Metric.COSINE].statement([0] * DIMENSIONS, 1, tenant=BIG)
    with pytest.raises(InvalidRequest, match="at least one"):
        NEAR[Metric.EUCLIDEAN].statement(ORIGIN, 0, tenant=BIG)
    await NEAR[Metric.EUCLIDEAN].nearest(connection, [0] * DIMENSIONS, 1, tenant=BIG)


@pytest.mark.parametrize("many", [3, 600])
async def test_vectors_are_stored_and_read_as_numbers(connection, many):
    stored = [(1.5, -2.0, 1e-30, 0.1, 3.4028234663852886e38, -0.0, 7.0, 123456.7), None]
    given = [{"id": -1 - n, "place": stored[n % 2]} for n in range(many)]
    assert await insert_many(connection, things, given) == Written(many, 0, 0)
    found = await connection.execute(select(PLACE).where(things.c.id.in_([-1, -2])).order_by(things.c.id.desc()))
    read, none = found.scalars()
    assert none is None
    assert read == pytest.approx(stored[0], rel=1e-6)
    assert None not in [row.place for row in await Neighbours(PLACE).nearest(connection, ORIGIN, many + ROWS * 2)]


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3))
def test_numbers_of_32_bits_are_numbers_of_a_vector(numbers):
    kind = Vector(3)
    written = kind.bind_processor(None)(numbers)
    assert kind.result_processor(None, None)(written) == tuple(numbers)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Vector(0),
        lambda: Vector(16_001),
        lambda: hnsw_index(Column("place", Vector(2001)), Metric.COSINE),
        lambda: ivfflat_index(things.c.name, Metric.COSINE),
        lambda: Neighbours(things.c.name).statement(ORIGIN, 1),
    ],
)
def test_what_pgvector_does_not_have_is_refused_when_it_is_declared(make):
    with pytest.raises(ConfigError):
        make()


@pytest.mark.deliverable(TABLES)
async def test_a_database_without_pgvector_is_told_with_its_cure(empty_url):
    async with Database.open(DatabaseSettings.of(url=empty_url)) as opened, opened.connection() as connection:
        with pytest.raises(ExtensionMissing, match=r"not installed.*CREATE EXTENSION vector") as told:
            await Neighbours(PLACE).nearest(connection, ORIGIN, 5)
    assert told.value.cure == "CREATE EXTENSION vector"


async def test_an_old_pgvector_is_told_with_its_cure(connection):
    await require_vectors(connection)
    await connection.execute(text("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'"))
    with pytest.raises(ExtensionMissing, match=r"0.7.4 is older than 0.8; cure: ALTER EXTENSION vector UPDATE"):
        await require_vectors(connection)
