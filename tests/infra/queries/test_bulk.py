"""Step 1: many rows at once, by whichever way: the same rows, all of them or none, and counted."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Column, Integer, MetaData, PickleType, Table, select, text

from infra_adapters.errors import InvalidRequest, NotNullViolated, QueryFailed, TransactionFailed, UniqueViolated
from infra_adapters.postgres import Database
from infra_adapters.postgres.bulk import DuplicateRows, Duplicates, Written, insert_many, upsert_many
from infra_adapters.settings import DatabaseSettings
from tests.infra.bulk_tables import Colour, amounts, cells, changing, count_of, made, metadata, sparse, stock
from tests.infra.prepared import prepared

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("Bulk writes, full text, vectors and statement reports")]

TABLES = "SQLAlchemy 2 tables and psycopg 3 configuration"
KEPT = "The repository keeps the promises of its port"


FEW, MANY = 7, 1700
BOTH = pytest.mark.parametrize("count", [FEW, MANY])


@pytest.fixture(scope="module")
def tables(server_url):
    with prepared(server_url, lambda connection: connection.run_sync(metadata.create_all)) as copies:
        yield copies


@pytest.fixture
def place(tables):
    with tables.fresh() as url:
        yield url


@pytest.fixture
async def database(place):
    async with Database.open(DatabaseSettings.of(url=place)) as opened:
        yield opened


@pytest.fixture
async def connection(database):
    async with database.engine.connect() as opened:
        yield opened


async def one_by_one(rows):
    for row in rows:
        await asyncio.sleep(0)
        yield row


@BOTH
@pytest.mark.parametrize("make", [list, iter, tuple, one_by_one])
@pytest.mark.deliverable(TABLES)
async def test_rows_are_inserted_and_counted_wherever_they_come_from(connection, count, make):
    assert await insert_many(connection, stock, make(amounts(count))) == Written(count, 0, 0)
    await connection.commit()
    found = (await connection.execute(select(stock.c.sku, stock.c.amount).order_by(stock.c.amount))).all()
    assert [tuple(row) for row in found] == [(f"s{n}", n) for n in range(count)]


async def test_no_rows_are_no_work(connection):
    assert await insert_many(connection, stock, []) == Written(0, 0, 0)
    assert await upsert_many(connection, stock, one_by_one([]), key=["sku"]) == Written(0, 0, 0)


FULL = {
    "price": Decimal("12345678901234.5678"),
    "at": datetime(2026, 3, 1, 12, 30, 15, 123456, UTC),
    "day": date(1999, 12, 31),
    "doc": {"a": [1, None, "\t\\ \"'"], "b": {"c": 1.5}},
    "tags": ["a", "", None, 'q"u', "b\\s", "{,}", "NULL"],
    "colour": Colour.BLUE,
    "colours": [Colour.RED, Colour.BLUE],
    "owner": UUID(int=7),
    "weight": 0.1,
    "yes": True,
    "note": "tab\t back\\slash \\. \\N\nnew\r\n line \v\b\f é 😀 '",
    "code": "\\N",
    "small": -32768,
    "raw": bytes(range(256)),
}
EMPTY = dict.fromkeys(FULL) | {"tags": [], "colours": [], "note": "", "raw": b"", "doc": [], "yes": False}
NULLS = dict.fromkeys(FULL)


@BOTH
@pytest.mark.parametrize("upsert", [False, True])
@pytest.mark.deliverable(TABLES)
async def test_every_type_is_stored_as_the_same_value_by_every_way(connection, count, upsert):
    kinds = [FULL, EMPTY, NULLS]
    rows = [{"id": n, **kinds[n % 3]} for n in range(count)]
    if upsert:
        assert await upsert_many(connection, cells, rows, key=["id"]) == Written(count, 0, 0)
        assert await upsert_many(connection, cells, rows, key=["id"]) == Written(0, count, 0)
    else:
        await insert_many(connection, cells, rows)
    found = (await connection.execute(select(cells).order_by(cells.c.id))).all()
    assert [row._asdict() for row in found] == [{**named(row), "twice": 2 * row["id"]} for row in rows]


PLAIN = {
    "price": Decimal("0.0001"),
    "at": datetime(1, 1, 1, tzinfo=UTC),
    "day": date(9999, 12, 31),
    "owner": UUID(int=2**128 - 1),
    "weight": 5e-324,
    "yes": False,
    "note": FULL["note"],
    "code": "",
    "small": 32767,
}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.deliverable(TABLES)
async def test_plain_types_are_copied_in_binary_and_stored_as_the_same_value(database, connection, name):
    seen = []
    database.watchers.append(seen.append)
    rows = [{"id": n, name: (FULL[name], None, PLAIN[name])[n % 3]} for n in range(MANY)]
    assert await insert_many(connection, cells, rows) == Written(MANY, 0, 0)
    assert [one.statement for one in seen if one.statement.endswith("FROM STDIN (FORMAT BINARY)")]
    found = (await connection.execute(select(cells.c.id, cells.c[name]).order_by(cells.c.id))).all()
    assert [tuple(row) for row in found] == [tuple(row.values()) for row in rows]


OTHERWISE = {
    "price": [3, 2.5],
    "at": [date(2026, 1, 1)],
    "day": [datetime(2026, 1, 1, 12, tzinfo=UTC)],
    "owner": ["00000000-0000-0000-0000-000000000007"],
    "weight": [3, Decimal("0.5")],
    "small": ["7"],
}


@pytest.mark.parametrize("name", OTHERWISE)
@pytest.mark.deliverable(TABLES)
async def test_a_value_of_another_type_is_cast_by_the_server_by_every_way(connection, name):
    few = [{"id": -1 - n, name: value} for n, value in enumerate(OTHERWISE[name])]
    await insert_many(connection, cells, few)
    many = [{"id": n, name: FULL[name]} for n in range(MANY)] + [{**row, "id": row["id"] - 100} for row in few]
    assert await insert_many(connection, cells, many) == Written(len(many), 0, 0)
    found = (await connection.execute(select(cells.c[name]).where(cells.c.id < 0).order_by(cells.c.id))).all()
    assert found[: len(few)] == found[len(few) :]
    assert (await connection.execute(select(cells.c[name]).where(cells.c.id == 0))).scalar_one() == FULL[name]


DOUBTFUL = [
    {"small": 2**15},
    {"small": -(2**15) - 1},
    {"id": 2**31},
    {"id": 2**70},
    {"price": Decimal("NaN")},
    {"price": Decimal("1e30")},
    {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - it is refused for that
    {"code": "x" * 21},
    {"note": "a-secret\0"},
    {"yes": "a-secret"},
    {"small": 2.5},
    {"small": Decimal("2.5")},
    {"small": True},
    {"price": float("nan")},
    {"price": float("-inf")},
]


@BOTH
@pytest.mark.parametrize("row", DOUBTFUL)
@pytest.mark.deliverable(TABLES)
async def test_a_value_that_would_be_another_one_is_refused_by_every_way(connection, count, row):
    name = next(iter(row))
    rows = [{"id": -1, name: FULL.get(name, 1), **row}]
    rows += [{"id": n, name: FULL.get(name, n)} for n in range(count)]
    with pytest.raises(InvalidRequest) as told:
        await insert_many(connection, cells, rows)
    assert "secret" not in str(told.value)
    assert await count_of(connection, cells) == 0


@BOTH
async def test_a_number_that_would_be_rounded_is_told_by_its_row(connection, count):
    rows = [{"id": n, "small": 2.5 if n == count - 1 else 2} for n in range(count)]
    with pytest.raises(InvalidRequest, match=rf"row {count - 1}: small does not take it"):
        await insert_many(connection, cells, rows)


@BOTH
async def test_an_update_sets_what_its_column_says(connection, count):
    """As an UPDATE of SQLAlchemy's does; what the rows name is what they say."""
    await insert_many(connection, changing, [{"id": n} for n in range(count)])
    await upsert_many(connection, changing, [{"id": n, "named": "given"} for n in range(count)], key=["id"])
    found = (await connection.execute(select(changing).distinct().with_only_columns(*list(changing.c)[1:]))).all()
    assert [tuple(row) for row in found] == [("given", "it's 100%", date(2026, 1, 1), True)]


@pytest.mark.parametrize("onupdate", [object, object()])
async def test_what_an_update_cannot_be_told_is_refused(connection, onupdate):
    table = Table("changing", MetaData(), Column("id", Integer), Column("other", PickleType, onupdate=onupdate))
    with pytest.raises(InvalidRequest, match="other: what it is set to by an update cannot be written as SQL"):
        await upsert_many(connection, table, [{"id": 1}], key=["id"], update=["id"])


def named(row):
    return {cells.c[key].name: value for key, value in row.items()}


@BOTH
async def test_defaults_of_the_table_hold_in_python_in_sql_and_on_the_server(connection, count):
    assert await insert_many(connection, made, [{"name": f"n{n}"} for n in range(count)]) == Written(count, 0, 0)
    found = (await connection.execute(select(made).order_by(made.c.id))).all()
    assert len({row.key for row in found}) == count
    assert [row.number for row in found] == list(range(100, 100 + count))
    assert {row.kind for row in found} == {"it's 100%"}
    assert [row.name for row in found] == [f"n{n}" for n in range(count)]
    assert all(row.at for row in found)


@BOTH
@pytest.mark.deliverable(KEPT)
async def test_an_upsert_inserts_updates_and_counts(connection, count):
    await insert_many(connection, stock, amounts(count))
    await connection.commit()
    before = (await connection.execute(select(stock.c.updated_at).distinct())).scalar_one()
    changed = [{**row, "amount": -1, "version": 77, "updated_at": before} for row in amounts(count, count - 2)]
    assert await upsert_many(connection, stock, changed, key=["sku"]) == Written(count - 2, 2, 0)
    found = (await connection.execute(select(stock).where(stock.c.sku.in_([f"s{count - 2}", f"s{count - 1}"])))).all()
    assert [(row.amount, row.version) for row in found] == [(-1, 2), (-1, 2)]
    assert all(row.updated_at > before for row in found)


@BOTH
async def test_an_upsert_changes_what_it_is_told_to(connection, count):
    await insert_many(connection, stock, amounts(count))
    again = [{**row, "amount": 5} for row in amounts(count + 1)]
    assert await upsert_many(connection, stock, again, key=["sku"], update=()) == Written(1, 0, count)
    assert await upsert_many(connection, stock, again, key=["sku"], update=["sku"]) == Written(0, count + 1, 0)
    found = (await connection.execute(select(stock.c.version, stock.c.amount).where(stock.c.sku == "s3"))).one()
    assert tuple(found) == (2, 3)


@BOTH
@pytest.mark.parametrize(("duplicates", "amount"), [(Duplicates.FIRST, 3), (Duplicates.LAST, -3)])
@pytest.mark.deliverable(KEPT)
async def test_of_rows_with_the_same_key_the_one_that_is_meant_is_written(connection, count, duplicates, amount):
    rows = [*amounts(count), {"sku": "s3", "amount": -3}]
    assert await insert_many(connection, stock, rows, key=["sku"], duplicates=duplicates) == Written(count, 0, 1)
    assert await upsert_many(connection, stock, rows, key=["sku"], duplicates=duplicates) == Written(0, count, 1)
    found = await connection.execute(select(stock.c.amount).where(stock.c.sku == "s3"))
    assert found.scalar_one() == amount


@BOTH
@pytest.mark.parametrize("key", ["raw", "tags", "doc", "colour", "at"])
async def test_a_key_may_be_of_any_type(connection, count, key):
    await connection.execute(text(f'CREATE UNIQUE INDEX ON "Cells of 100%" ({key})'))
    rows = [{"id": n, key: FULL[key], "small": n} for n in (-1, -2)] + [{"id": n, key: None} for n in range(count)]
    rows = [{"small": None, **row} for row in rows]
    for duplicates, kept in ((Duplicates.FIRST, -1), (Duplicates.LAST, -2)):
        await upsert_many(connection, cells, rows, key=[key], duplicates=duplicates, update=["small", "id"])
        assert (await connection.execute(select(cells.c.small).where(cells.c.small < 0))).scalar_one() == kept
        await connection.execute(cells.delete())
    with pytest.raises(DuplicateRows, match="0 = 1"):
        await upsert_many(connection, cells, rows, key=[key])


@BOTH
async def test_rows_with_the_same_key_are_told_by_their_positions(connection, count):
    rows = [*amounts(count), {"sku": "s3", "amount": -3}, {"sku": "s0", "amount": 1}, {"sku": "s0", "amount": 1}]
    for write in (insert_many, upsert_many):
        with pytest.raises(DuplicateRows, match=f"same key: 0 = {count + 1} = {count + 2}; 3 = {count}") as told:
            await write(connection, stock, rows, key=["sku"])
        assert told.value.positions == ((0, count + 1, count + 2), (3, count))
        assert "s3" not in str(told.value)
    assert await count_of(connection, stock) == 0


@BOTH
@pytest.mark.parametrize("duplicates", Duplicates)
async def test_keys_with_a_null_are_never_the_same(connection, count, duplicates):
    rows = [{"a": None, "b": "x"}, {"a": None, "b": "x"}, *({"a": n, "b": None} for n in range(count))]
    written = await upsert_many(connection, sparse, rows, key=["a", "b"], update=(), duplicates=duplicates)
    assert written == Written(count + 2, 0, 0)


@BOTH
async def test_what_only_the_server_finds_the_same_is_told_too(connection, count):
    rows = [{"id": n, "owner": UUID(int=n)} for n in range(count)]
    await connection.execute(text('CREATE UNIQUE INDEX ON "Cells of 100%" (owner) NULLS NOT DISTINCT'))
    await connection.commit()
    nothing = [{"id": -1, "owner": None}, {"id": -2, "owner": None}]
    with pytest.raises(DuplicateRows, match="the server told none") as told:
        await upsert_many(connection, cells, rows + nothing, key=["owner"], update=["id"])
    assert told.value.positions == ()


WRONG = [
    (stock, {"sku": "a-secret", "amount": None}, NotNullViolated),
    (stock, {"sku": "s1", "amount": 5}, UniqueViolated),
    (stock, {"sku": "a-secret", "amount": 2**40}, InvalidRequest),
    (stock, {"sku": "a-sec\0ret", "amount": 1}, InvalidRequest),
    (stock, {"sku": "a-secret\ud800", "amount": 1}, InvalidRequest),
    (stock, {"sku": "a-secret", "amount": object()}, InvalidRequest),
]


@BOTH
@pytest.mark.parametrize(("table", "row", "error"), WRONG)
@pytest.mark.deliverable(KEPT)
async def test_what_the_server_refuses_is_typed_and_nothing_is_written(connection, count, table, row, error):
    await connection.execute(text("INSERT INTO stock VALUES ('before', 1)"))
    with pytest.raises(error) as told:
        await insert_many(connection, table, [*amounts(count), row])
    assert "secret" not in str(told.value)
    assert await count_of(connection, stock) == 1


@BOTH
@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"sku": "x"}, "less amount, more none"),
        ({"sku": "x", "amount": 1, "version": 2}, "less none, more version"),
        ({"sku": "x", "other": 1}, "less amount, more other"),
        (["x", 1], "no mapping"),
        (None, "no mapping"),
    ],
)
async def test_a_row_with_other_columns_is_told_by_its_position(connection, count, row, why):
    with pytest.raises(InvalidRequest, match=rf"row {count} .*{why}"):
        await insert_many(connection, stock, [*amounts(count), row])
    assert await count_of(connection, stock) == 0


@BOTH
async def test_a_value_that_the_type_of_its_column_does_not_take_is_told_by_its_place(connection, count):
    rows = [{"id": n, "colour": Colour.RED} for n in range(count)]
    with pytest.raises(InvalidRequest, match=rf"row {count}: colour does not take it$"):
        await insert_many(connection, cells, [*rows, {"id": -1, "colour": 5}])


@pytest.mark.parametrize(
    ("rows", "options", "why"),
    [
        ([{"sku": 1, "colour": 2}], {"key": ["sku"]}, "stock has no column colour"),
        ([{}], {"key": ["sku"]}, "without a column"),
        ([{"amount": 1}], {"key": ["sku"]}, "the rows have no column sku"),
        ([{"sku": 1}], {"key": ["sku"], "update": ["amount"]}, "the rows have no column amount"),
        ([{"sku": 1}], {"key": []}, "needs a key"),
    ],
)
async def test_a_call_that_can_never_work_is_refused_before_the_server(connection, rows, options, why):
    with pytest.raises(InvalidRequest, match=why):
        await upsert_many(connection, stock, rows, **options)
    assert not connection.in_transaction()


async def test_one_column_alone_is_enough(connection):
    with pytest.raises(InvalidRequest, match="row 1 has other columns"):
        await insert_many(connection, sparse, [{"a": 1}, {"b": "x"}])
    assert await insert_many(connection, sparse, [{"a": n} for n in range(MANY)]) == Written(MANY, 0, 0)


async def test_a_table_that_is_not_there_or_a_transaction_that_failed_is_typed(connection):
    gone = Table("gone", MetaData(), Column("a", Integer))
    for count in (FEW, MANY):
        with pytest.raises(QueryFailed):
            await insert_many(connection, gone, [{"a": n} for n in range(count)])
    with pytest.raises(Exception, match="does not exist"):
        await connection.execute(text("SELECT * FROM gone"))
    with pytest.raises(TransactionFailed):
        await insert_many(connection, stock, amounts(FEW))


async def test_without_a_transaction_nothing_is_written(database):
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        with pytest.raises(InvalidRequest, match="AUTOCOMMIT"):
            await insert_many(connection, stock, amounts(FEW))
