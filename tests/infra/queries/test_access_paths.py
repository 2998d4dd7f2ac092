"""Step 1: every list and look-up that is declared has an index, and the planner uses it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select, text

from infra_adapters.postgres import Database
from infra_adapters.postgres.queries.plans import indexes_of, indexes_used
from infra_adapters.postgres.schema import infra_events, metadata
from infra_adapters.settings import DatabaseSettings
from infra_adapters.testing.sample import BEGAN, BY_CUSTOMER, NEWEST_OF_CUSTOMER
from tests.infra.prepared import fill_once
from tests.infra.shop import metadata as shop
from tests.infra.shop.tables import MODEL, ROWS

pytestmark = pytest.mark.blocking

INDEXES = "Indexes for every declared access path"
USED = "Every access path that is declared has an index the planner uses"
TABLES = "SQLAlchemy 2 tables and psycopg 3 configuration"

ORDERS = MODEL.kept[0]
TENANT = uuid4()
SEED = """
INSERT INTO orders (id, tenant_id, number, customer, placed_at, version)
  SELECT gen_random_uuid(), CASE WHEN n % 50 = 0 THEN CAST(:tenant AS uuid) ELSE gen_random_uuid() END,
         'N-' || n, 'customer ' || (n % 500), now() - n * interval '1 minute', 1 FROM generate_series(1, 20000) n;
INSERT INTO order_lines SELECT id, 0, 'tea', 1, 1, 'EUR' FROM orders;
INSERT INTO infra_events (stream, version, kind, data) SELECT 'order:' || id, 1, 'placed', '{}' FROM orders;
ANALYZE orders, order_lines, infra_events;
"""
BY_TENANT = "ix_orders_tenant_id_customer_placed_at"
PLACE = {"after_0": BEGAN, "after_1": uuid4()}
ASKED = {
    "a list": (ORDERS.page(NEWEST_OF_CUSTOMER, after=False), {"where_customer": "customer 7"}, BY_TENANT),
    "after a cursor": (
        ORDERS.page(NEWEST_OF_CUSTOMER, after=True),
        {"where_customer": "customer 7", **PLACE},
        BY_TENANT,
    ),
    "another list": (ORDERS.page(BY_CUSTOMER, after=False), {}, BY_TENANT),
    "one order": (ORDERS.find(many=False), {"of_id": uuid4()}, "pk_orders"),
    "several orders": (ORDERS.find(many=True), {"of_ids": [uuid4(), uuid4()]}, "pk_orders"),
    "lines": (ORDERS.parts(ROWS.parts[0], many=False), {"of_parent": uuid4()}, "pk_order_lines"),
    "lines of several": (ORDERS.parts(ROWS.parts[0], many=True), {"of_parents": [uuid4()]}, "pk_order_lines"),
}


async def used(connection, name):
    """The indexes that the planner uses for an access path, for a tenant."""
    statement, values, _ = ASKED[name]
    raw = (await connection.get_raw_connection()).driver_connection
    return indexes_of(await statement.plan(raw, {"of_tenant": TENANT, "most": 20, **values}))


async def seed(connection):
    for statement in SEED.split(";")[:-1]:
        await connection.execute(text(statement), {"tenant": TENANT} if ":tenant" in statement else {})


@pytest.fixture(scope="module")
def seeded_url(template):
    with template.fresh() as url:
        fill_once(url, seed)
        yield url


@pytest.fixture
async def seeded(seeded_url):
    """What a test changes is rolled back at its end."""
    async with Database.open(DatabaseSettings.of(url=seeded_url)) as opened, opened.engine.connect() as connection:
        yield connection


@pytest.mark.deliverable(INDEXES, USED, TABLES)
async def test_every_access_path_uses_its_index(seeded):
    for name, (_, _, index) in ASKED.items():
        assert await used(seeded, name) == (index,), name


@pytest.mark.deliverable(INDEXES)
async def test_a_missing_index_is_noticed(seeded):
    for name in (BY_TENANT, "uq_orders_tenant_id_number"):
        await seeded.execute(text(f"DROP INDEX {name}"))
    assert await used(seeded, "a list") == ()


@pytest.mark.deliverable(INDEXES, USED)
async def test_a_stream_of_events_uses_its_index(seeded):
    stream = select(infra_events).where(infra_events.c.stream == "s").order_by(infra_events.c.version)
    assert await indexes_used(seeded, stream) == ("uq_infra_events_stream_tenant_id_version",)


@pytest.mark.deliverable(INDEXES)
@pytest.mark.parametrize("tables", [metadata, shop])
def test_every_foreign_key_begins_an_index(tables):
    for table in tables.tables.values():
        starts = {index.columns[0].name for index in table.indexes}
        starts |= {next(iter(one.columns)).name for one in table.constraints if list(one.columns)}
        assert {key.parent.name for key in table.foreign_keys} <= starts
