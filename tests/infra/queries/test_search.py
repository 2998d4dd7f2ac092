"""Step 1: what a user typed finds rows by their text, and finds no way to break a statement."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid, insert, literal, select, text
from sqlalchemy.dialects.postgresql import TSVECTOR

from infra_adapters.errors import ConfigError, InvalidRequest, UniqueViolated
from infra_adapters.postgres import Database
from infra_adapters.postgres.bulk import insert_many
from infra_adapters.postgres.queries import (
    AccessPathMissing,
    TextQuery,
    contains,
    email_index,
    ends_with,
    explain_check,
    highlighted,
    same_email,
    search_column,
    search_index,
    starts_with,
)
from infra_adapters.settings import DatabaseSettings
from tests.infra.prepared import prepared

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("Bulk writes, full text, vectors and statement reports")]

INDEXES = "Indexes for every declared access path"
USED = "Every access path that is declared has an index the planner uses"

metadata = MetaData()
PEOPLE = Table(
    "people", metadata, Column("id", Integer, primary_key=True), Column("tenant", Uuid), Column("email", Text)
)
texts = Table(
    "texts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("title", Text),
    Column("The body", Text, key="body"),
    search_column("search", {"title": "A", "The body": "B"}),
)
search_index(texts.c.search)
TEXTS = [
    {"title": "Teapots", "body": "A teapot is for <i>tea</i> & water."},
    {"title": "Coffee", "body": "Beans. Nobody puts coffee into a teapot."},
    {"title": None, "body": "100% of \\ users_like 50% discounts"},
]
FILLING = [{"title": f"word{n % 97}", "body": f"number {n}"} for n in range(3000)]


async def fill(connection):
    await connection.run_sync(metadata.create_all)
    await insert_many(connection, texts, [{"id": n, **row} for n, row in enumerate(TEXTS + FILLING)])
    await connection.execute(text("SELECT gin_clean_pending_list('ix_texts_search')"))
    await connection.execute(text("ANALYZE people, texts"))


@pytest.fixture(scope="module")
def filled(server_url):
    with prepared(server_url, fill) as copies, copies.fresh() as url:
        yield url


@pytest.fixture
async def connection(filled):
    """What a test changes is rolled back at its end."""
    async with Database.open(DatabaseSettings.of(url=filled)) as opened, opened.engine.connect() as connection:
        yield connection


async def found(connection, clause, order=texts.c.id):
    return (await connection.execute(select(texts.c.id).where(clause, texts.c.id < 3).order_by(order))).scalars().all()


BODY = texts.c.body
TYPED = [
    (contains(BODY, "teapot"), [0, 1]),
    (contains(BODY, "TEAPOT"), []),
    (contains(BODY, "TEAPOT", any_case=True), [0, 1]),
    (contains(BODY, "%"), [2]),
    (contains(BODY, "_"), [2]),
    (contains(BODY, "\\"), [2]),
    (contains(BODY, "0% of \\ users_"), [2]),
    (contains(BODY, "a%t"), []),
    (starts_with(BODY, "Beans."), [1]),
    (starts_with(BODY, "beans", any_case=True), [1]),
    (starts_with(BODY, "eans"), []),
    (ends_with(BODY, "counts"), [2]),
    (ends_with(BODY, "\\"), []),
    (contains(BODY, None), [0, 1, 2]),
    (starts_with(BODY, ""), [0, 1, 2]),
    (ends_with(BODY, " \t"), [0, 1, 2]),
    (contains(BODY, "undefined"), []),
]


@pytest.mark.deliverable(INDEXES)
async def test_like_takes_what_was_typed_for_what_it_is(connection):
    for clause, ids in TYPED:
        assert await found(connection, clause) == ids, clause


@pytest.mark.deliverable(INDEXES, USED)
async def test_an_address_is_found_by_its_index_whatever_its_case(connection):
    people = PEOPLE.to_metadata(MetaData())
    rows = [{"id": n, "email": f"Some.One{n}@Example.com"} for n in range(3000)]
    await insert_many(connection, people, rows)
    await connection.execute(text("ANALYZE people"))
    asked = select(people).where(same_email(people.c.email, " some.ONE7@example.COM "))
    with pytest.raises(AccessPathMissing) as told:
        await explain_check(connection, "e-mail", asked)
    assert "lower(email)" in told.value.index
    await connection.run_sync(email_index(people.c.email).create)
    assert (await explain_check(connection, "e-mail", asked)).indexes == ("uq_people_email_lower",)
    assert (await connection.execute(asked)).one().id == 7
    with pytest.raises(UniqueViolated):
        await insert_many(connection, people, [{"id": -1, "email": "SOME.one9@EXAMPLE.com"}])


async def test_each_tenant_has_its_own_addresses(connection):
    people = PEOPLE.to_metadata(MetaData())
    await connection.run_sync(email_index(people.c.email, within=(people.c.tenant,)).create)
    rows = [{"id": n, "email": "a@example.com", "tenant": f"{n:032}"} for n in range(2)]
    await insert_many(connection, people, rows)
    with pytest.raises(UniqueViolated):
        await insert_many(connection, people, [{**rows[0], "id": 5, "email": "A@example.com"}])


@pytest.mark.parametrize("none", ["", "  "])
def test_no_address_is_no_filter_but_an_error(none):
    with pytest.raises(InvalidRequest):
        same_email(PEOPLE.c.email, none)


WORDS = [
    ("teapot", [0, 1]),
    ("teapots beans", [1]),
    ('"coffee into a teapot"', [1]),
    ('"teapot into coffee"', []),
    ("teapot -coffee", [0]),
    ("tea or beans", [0, 1]),
    ("the", []),
    ("", [0, 1, 2]),
    (None, [0, 1, 2]),
    ("\0", [0, 1, 2]),
]


@pytest.mark.deliverable(INDEXES, USED)
async def test_words_find_texts_by_their_index_the_best_first(connection):
    for words, ids in WORDS:
        asked = TextQuery(words)
        assert sorted(await found(connection, asked.matches(texts.c.search))) == ids, words
    asked = TextQuery("coffee or tea")
    assert await found(connection, asked.matches(texts.c.search), asked.rank(texts.c.search).desc()) == [1, 0]
    rare = select(texts.c.id).where(TextQuery("beans").matches(texts.c.search))
    assert (await explain_check(connection, "words", rare)).indexes == ("ix_texts_search",)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("tea", "A teapot: 2 &lt; 3 &amp; <b>tea</b> &lt;script &quot;x&quot;"),
        (None, "A teapot: 2 &lt; 3 &amp; tea &lt;script &quot;x&quot;"),
    ],
)
async def test_a_headline_marks_words_and_is_safe_as_html(connection, words, told):
    asked = TextQuery(words, "simple")
    body = literal('A teapot: 2 < 3 & tea\ue000 <script "x"', Text)
    headline = (await connection.execute(select(asked.headline(body), asked.rank(literal("", TSVECTOR))))).one()
    assert highlighted(headline[0]) == told
    assert headline[1] == 0


async def test_a_headline_has_two_words_or_more(connection):
    asked, body = TextQuery("tea", "simple"), literal("a cup of tea with milk", Text)
    found = (await connection.execute(select(asked.headline(body, words=2)))).scalar_one()
    assert "tea" in found
    with pytest.raises(InvalidRequest, match="2 words or more"):
        asked.headline(body, words=1)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.one_of(st.text(), st.text(alphabet="'\"\\:*&|!<->()% a\0\n", max_size=80)))
async def test_whatever_is_typed_never_fails(connection, typed):
    asked = TextQuery(typed)
    search = texts.c.search
    clauses = [asked.matches(search), asked.rank(search) >= 0, asked.headline(texts.c.body) != ""]
    await connection.execute(select(texts.c.id).where(*clauses).limit(1))


@pytest.mark.parametrize("typed", ["x" * 3_000_000, "word " * 300_000, "é" * 5000, "😀" * 5000, "\ud800", '"' * 9999])
async def test_a_text_of_any_length_never_fails(connection, typed):
    await connection.execute(select(texts.c.id).where(TextQuery(typed).matches(texts.c.search)))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    inside=st.text(alphabet="a%_\\'\"[*", min_size=1, max_size=5).filter(str.strip),
    around=st.text(alphabet="ab%_\\", max_size=3),
)
async def test_like_means_what_python_means(connection, inside, around):
    stored = literal(around + inside + around, Text)
    asked = select(contains(stored, inside), starts_with(stored, inside), ends_with(stored, inside))
    whole = around + inside + around
    told = (await connection.execute(asked)).one()
    assert tuple(told) == (inside in whole, whole.startswith(inside), whole.endswith(inside))


@pytest.mark.parametrize(
    ("weights", "config"),
    [({}, "english"), ({"a": "E"}, "english"), ({"a": ""}, "english"), ({"a": "A"}, "english'); --")],
)
def test_a_column_of_lexemes_that_cannot_be_is_refused(weights, config):
    with pytest.raises(ConfigError):
        search_column("search", weights, config=config)


async def test_the_server_keeps_the_lexemes(connection):
    await connection.execute(insert(texts).values(id=-1, title="Kettles", body="boil"))
    assert (await connection.execute(select(texts.c.id).where(TextQuery("kettle").matches(texts.c.search)))).all()
    qualified = TextQuery("boil", "pg_catalog.simple").matches(texts.c.search)
    assert (await connection.execute(select(texts.c.id).where(qualified))).all()
