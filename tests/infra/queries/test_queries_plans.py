"""Step 1: statements that repeat, indexes that are missing and foreign keys that are bare are told by name."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, and_, column, func, or_, select, text

from infra_adapters.errors import InvalidRequest, QueryFailed
from infra_adapters.postgres import Database
from infra_adapters.postgres.queries import (
    AccessPathMissing,
    NPlusOne,
    constant_in,
    explain_check,
    foreign_keys_without_index,
    normalised,
    statement_guard,
)
from infra_adapters.settings import DatabaseSettings
from tests.infra.prepared import prepared

pytestmark = pytest.mark.blocking

INDEXES = "Indexes for every declared access path"
USED = "Every access path that is declared has an index the planner uses"

metadata = MetaData()
owners = Table("owners", metadata, Column("id", Integer, primary_key=True), Column("email", Text))
pets = Table(
    "pets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", ForeignKey("owners.id")),
    Column("Kind of", Text, key="kind"),
    Column("born", Integer),
    Column("fed", Integer),
)
OWNER = pets.c.owner
YOUNG = pets.alias()
SEED = """
INSERT INTO owners SELECT n, 'o' || n || '@example.com' FROM generate_series(1, 3000) n;
INSERT INTO pets SELECT n, n % 3000 + 1, 'kind ' || n % 4, n * 7 % 6001, n % 11 FROM generate_series(1, 6000) n;
ANALYZE owners, pets
"""


async def fill(connection):
    await connection.run_sync(metadata.create_all)
    for statement in SEED.split(";"):
        await connection.execute(text(statement))


@pytest.fixture(scope="module")
def filled(server_url):
    with prepared(server_url, fill) as copies:
        yield copies


@pytest.fixture
async def database(filled):
    with filled.fresh() as url:
        async with Database.open(DatabaseSettings.of(url=url)) as opened:
            yield opened


@pytest.fixture
def watchers(database):
    return database.watchers


@pytest.fixture
async def connection(database):
    async with database.engine.connect() as opened:
        yield opened


async def pets_one_by_one(connection, count):
    for (owner,) in (await connection.execute(select(owners.c.id).order_by(owners.c.id).limit(count))).all():
        await connection.execute(select(pets).where(owner == OWNER))


async def pets_at_once(connection, count):
    found = await connection.execute(select(owners.c.id).order_by(owners.c.id).limit(count))
    await connection.execute(select(pets).where(OWNER.in_(found.scalars().all())))


@pytest.mark.deliverable(INDEXES)
async def test_a_statement_for_each_row_is_told_with_its_count_and_place(watchers, connection):
    with pytest.raises(NPlusOne, match=r"7 times where 4 are allowed: SELECT pets.id") as told:
        async with statement_guard(watchers) as guard:
            await pets_one_by_one(connection, 7)
    assert told.value.count == 7
    assert guard.total == 8
    assert "test_queries_plans.py" in told.value.callers[0]
    assert len(told.value.callers) > 1


async def test_what_comes_after_the_guard_is_not_counted(watchers, connection):
    async with statement_guard(watchers) as guard:
        await pets_at_once(connection, 7)
        async with connection.begin_nested():
            pass
    await pets_one_by_one(connection, 7)
    assert guard.total == 2


async def test_a_guard_does_not_hide_an_error(watchers, connection):
    with pytest.raises(KeyError):
        async with statement_guard(watchers, limit=1):
            await pets_one_by_one(connection, 3)
            raise KeyError


@pytest.mark.deliverable(INDEXES)
async def test_a_list_takes_as_many_statements_for_one_row_as_for_thirty(watchers, connection):
    length = []

    async def grow(size):
        length.append(size)

    assert await constant_in(watchers, (1, 5, 30), grow, lambda: pets_at_once(connection, length[-1])) == 2
    with pytest.raises(NPlusOne, match=r"5 times for a list of 5, 1 times for one of 1: SELECT pets.id"):
        await constant_in(watchers, (1, 5), grow, lambda: pets_one_by_one(connection, length[-1]))
    with pytest.raises(ValueError, match="two sizes"):
        await constant_in(watchers, (5, 5), grow, lambda: pets_at_once(connection, 5))


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 'it''s', 1.5e-3, -7, t1.c2 FROM t1", "SELECT ?, ..., -?, t1.c2 FROM t1"),
        ("SELECT 1, 2", "SELECT ?, ..."),
        (r"SELECT E'a\'b' || U&'d' || x", "SELECT ? || ? || x"),
        ("SELECT $$a;b$$ || $x$c$$d$x$ || $1", "SELECT ? || ? || ?"),
        ('SELECT "a 1" -- secret\n /* hidden */ FROM t', 'SELECT "a 1" FROM t'),
        ("a IN (%(a_1)s::INTEGER, %(a_2)s::INTEGER)", "a IN (?, ...)"),
        ("VALUES (%s, %s), (%s, %s), (%s, %s)", "VALUES (?, ...), ..."),
        ("VALUES (1), (2)", "VALUES (?), ..."),
        ("a IN (%(a_1)s::INTEGER)", "a IN (?, ...)"),
        ("/* a /* b */ it's */ SELECT 'secret', c /* d */", "SELECT ?, c"),
        ("SELECT 'a /* b' || c || '/* d */' -- /*\n, e", "SELECT ? || c || ? , e"),
        ("SELECT 'secret' /* a /* b */ never ended 'secret'", "SELECT ?"),
        ("/**//**/ SELECT 1 + a", "SELECT ? + a"),
        ("SELECT 'never ended", "SELECT ?"),
        ("SELECT E'never ended\\", "SELECT ?"),
        ("SELECT " + "x" * 600, "SELECT " + "x" * 490 + "..."),
    ],
)
def test_sql_is_told_without_its_values(sql, told):
    assert normalised(sql) == told


ASKED = {
    "a column": (select(pets).where(OWNER == 5), 'reads all 6000 rows of "public"."pets"', "(owner)"),
    "an order": (
        select(pets).where(OWNER == 5).order_by(pets.c.born.desc(), pets.c.id.desc()).limit(5),
        "reads all",
        "(owner, born, id)",
    ),
    "an order both ways": (
        select(pets).where(and_(OWNER == 5, pets.c.fed > 3)).order_by(pets.c.born.desc(), pets.c.id).limit(5),
        "reads all",
        "(owner, born DESC, id, fed)",
    ),
    "a function": (select(owners).where(func.lower(owners.c.email) == "a"), "reads all 3000", "(lower(email))"),
    "a quoted name": (select(pets).where(pets.c.kind == "kind 1"), "reads all", '("Kind of")'),
    "a range": (select(YOUNG).where(YOUNG.c.born >= 6000), "reads all", "(born)"),
    "a join": (
        select(owners.c.email).join(pets, and_(owners.c.id == OWNER, pets.c.born == 3)).where(owners.c.id == 5),
        "reads all",
        "(owner, born)",
    ),
    "either of two": (select(pets).where(or_(OWNER == 5, pets.c.born == 5)), "no index follows", ""),
    "no condition": (select(pets).order_by(pets.c.born).limit(5), "reads all", "(born)"),
    "an order of the other table": (
        select(pets).join(owners, (owners.c.id == OWNER)).where(pets.c.fed == 100).order_by(owners.c.email),
        "reads all",
        "",
    ),
    "a sort": (
        select(pets).where(pets.c.id > 0).order_by(pets.c.born).limit(5),
        "reads all",
        "(born, id)",
    ),
}


@pytest.mark.deliverable(INDEXES, USED)
@pytest.mark.parametrize("name", ASKED)
async def test_an_index_that_is_missing_is_told_with_what_makes_it(connection, name):
    statement, why, columns = ASKED[name]
    with pytest.raises(AccessPathMissing, match=why) as told:
        await explain_check(connection, name, statement)
    assert str(told.value).startswith(f"{name}: ")
    if columns:
        assert told.value.index.endswith(columns)
        await connection.execute(text(told.value.index))
        await connection.execute(text("ANALYZE pets, owners"))
        await explain_check(connection, name, statement)


@pytest.mark.deliverable(INDEXES, USED)
async def test_a_sort_of_more_than_is_given_back_is_told(connection):
    await connection.execute(text("CREATE INDEX ON pets (fed)"))
    statement = select(pets).where(pets.c.fed == 5).order_by(pets.c.born).limit(5)
    with pytest.raises(AccessPathMissing, match=r'sorts 5.. rows of "public"."pets" to give 5') as told:
        await explain_check(connection, "fed", statement)
    assert told.value.index.endswith("(fed, born)")
    await explain_check(connection, "all of them", select(owners).where(owners.c.id < 50).order_by(owners.c.email))


@pytest.mark.parametrize("indexed", [False, True])
async def test_of_a_table_that_was_never_analysed_nothing_is_said(connection, indexed):
    await connection.execute(text("CREATE TABLE fresh (n int)"))
    if indexed:
        await connection.execute(text("CREATE INDEX ON fresh (n)"))
    await connection.execute(text("INSERT INTO fresh SELECT n FROM generate_series(1, 5000) n"))
    asked = select(Table("fresh", MetaData(), Column("n", Integer))).where(column("n") == 1)
    with pytest.raises(InvalidRequest, match=r'run ANALYZE "public"\."fresh" first'):
        await explain_check(connection, "fresh", asked)


async def test_a_small_table_may_be_read_as_a_whole(connection):
    plan = await explain_check(connection, "all owners", select(owners), large=3001)
    assert plan.table == '"public"."owners"'
    with pytest.raises(QueryFailed):
        await explain_check(connection, "gone", select(Table("gone", MetaData(), Column("id", Integer))))


@pytest.mark.deliverable(INDEXES)
@pytest.mark.parametrize(
    "useless",
    [
        "SELECT",
        "CREATE INDEX ON pets (born, owner)",
        "CREATE INDEX ON pets (owner) WHERE born > 5",
        "CREATE INDEX ON pets (born) INCLUDE (owner)",
        "CREATE INDEX ON pets USING brin (owner)",
    ],
)
async def test_a_foreign_key_without_a_usable_index_is_told(connection, useless):
    await connection.execute(text(useless))
    (bare,) = await foreign_keys_without_index(connection)
    assert (bare.table, bare.columns, bare.constraint) == ("public.pets", ("owner",), "pets_owner_fkey")
    await connection.execute(text(bare.statement))
    assert await foreign_keys_without_index(connection) == ()


async def test_a_key_of_two_columns_may_have_its_index_in_either_order(connection):
    await connection.execute(text("CREATE INDEX ON pets USING hash (owner)"))
    await connection.execute(text('CREATE TABLE "Shop" (a int, "B" int, PRIMARY KEY (a, "B"))'))
    await connection.execute(text('CREATE TABLE sale (x int, "Y" int, z int, FOREIGN KEY (x, "Y") REFERENCES "Shop")'))
    assert [one.statement for one in await foreign_keys_without_index(connection)] == [
        'CREATE INDEX ON public.sale (x, "Y")'
    ]
    await connection.execute(text('CREATE INDEX ON sale ("Y", x, z)'))
    assert await foreign_keys_without_index(connection) == ()
