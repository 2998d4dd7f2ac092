"""Step 1: a kind of a product's own: no tenant, no soft deletion, columns that SQLAlchemy translates, several parts."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Column, DateTime, Enum, ForeignKey, Integer, MetaData, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine

from infra_adapters.errors import ConcurrencyConflict, ConfigError, InvalidRequest, UniqueViolated
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.ports import EventTypes, Kind, Listing, Money
from infra_adapters.postgres import Migrations, Model, Part, Rows, Stored, Value
from infra_adapters.postgres.engine import database_url as engine_url
from infra_adapters.settings import DatabaseSettings
from infra_adapters.testing import MemoryStore, MemoryUnitOfWork

pytestmark = pytest.mark.blocking

REPOSITORIES = "Repositories behind ports, used through a unit of work"

metadata = MetaData()


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


notes = Table(
    "notes",
    metadata,
    Column("note_id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("mood", Enum(Mood, name="mood"), nullable=False),
    Column("data", JSONB, nullable=False),
    Column("label", Text, unique=True),
    Column("revision", Integer, nullable=False),
    Column("updated_at", DateTime(timezone=True), server_default=func.clock_timestamp()),
)
tags = Table(
    "tags",
    metadata,
    Column("note_id", Uuid, ForeignKey("notes.note_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("mood", Enum(Mood, name="mood"), nullable=False),
)


@dataclass(frozen=True)
class Tag:
    mood: Mood


@dataclass(frozen=True)
class Note:
    id: UUID
    title: str
    mood: Mood
    data: dict
    tags: tuple[Tag, ...] = ()
    version: int = 0
    label: str | None = None


NOTES = Kind("note", Note, listings=(Listing("all"), Listing("of_mood", ("mood",))), unique=(("label",),))
NAMED = tuple(Value(name, (column,), lambda cell: cell, lambda value: (value,)) for name, column in
              (("id", "note_id"), ("version", "revision")))  # fmt: skip
TAGS = Part("tags", Rows(Tag, tags), parent="note_id")
MODEL = Model(kept=(Stored(NOTES, Rows(Note, notes, values=NAMED, parts=(TAGS,))),))


def a_note(title="a"):
    return Note(uuid4(), title, Mood.GOOD, {"deep": [1, {"text": "é"}]}, (Tag(Mood.BAD), Tag(Mood.GOOD)))


@pytest.fixture
async def opened(empty_url):
    Migrations(empty_url).upgrade()
    engine = create_async_engine(engine_url(empty_url))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    async with Infrastructure.open(DatabaseSettings.of(url=empty_url), MODEL) as one:
        yield one


@pytest.fixture(params=["postgres", "memory"])
def units(request, opened):
    """Opens units of either adapter."""
    store = MemoryStore()
    return opened.unit if request.param == "postgres" else lambda: MemoryUnitOfWork(store)


async def keep(units, *found):
    async with units() as unit:
        saved = [await unit.repository(NOTES).save(one) for one in found]
        await unit.commit()
        return saved


@pytest.mark.deliverable(REPOSITORIES)
async def test_what_sqlalchemy_translates_comes_back_as_it_was(units):
    saved = await keep(units, a_note("a"), a_note("b"))
    async with units() as unit:
        assert await unit.repository(NOTES).get_many([one.id for one in saved]) == tuple(saved)
        found = await unit.repository(NOTES).page("of_mood", where={"mood": Mood.GOOD})
    assert sorted(found.items, key=lambda one: one.title) == saved


@pytest.mark.deliverable(REPOSITORIES)
async def test_a_kind_without_a_mark_is_really_deleted_with_its_parts(units):
    [saved] = await keep(units, a_note())
    async with units() as unit:
        notes_ = unit.repository(NOTES)
        await notes_.delete(saved)
        with pytest.raises(ConcurrencyConflict) as caught:
            await notes_.delete(saved)
        assert caught.value.actual is None
        assert await notes_.get(saved.id, include_deleted=True) is None
        await unit.commit()
    assert (await keep(units, replace(saved, version=0)))[0].version == 1


async def test_nothing_is_unique_however_often_it_is_there(units):
    assert len(await keep(units, a_note(), a_note())) == 2
    with pytest.raises(UniqueViolated):
        await keep(units, replace(a_note(), label="a"), replace(a_note(), label="a"))


async def test_a_deletion_that_came_too_late_takes_no_part_away(units):
    [first] = await keep(units, a_note())
    [second] = await keep(units, first)
    async with units() as unit:
        with pytest.raises(ConcurrencyConflict) as caught:
            await unit.repository(NOTES).delete(first)
        assert (caught.value.expected, caught.value.actual) == (1, 2)
        await unit.commit()
    async with units() as unit:
        assert await unit.repository(NOTES).get(first.id) == second


WAIT = """
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7);
    RETURN OLD;
END
$$;
CREATE TRIGGER wait BEFORE DELETE ON tags FOR EACH ROW EXECUTE FUNCTION wait();
SELECT pg_advisory_lock(7)
"""
WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
"""


async def test_while_its_parts_are_taken_away_nobody_else_changes_it(opened, empty_url):
    [saved] = await keep(opened.unit, a_note())

    async def remove():
        async with opened.unit() as unit:
            await unit.repository(NOTES).delete(saved)
            await unit.commit()

    with psycopg.connect(empty_url, autocommit=True) as other:
        other.execute(WAIT)
        removing = asyncio.create_task(remove())
        while other.execute(WAITING).fetchone() == (0,):
            await asyncio.sleep(0.01)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("SELECT FROM notes FOR UPDATE NOWAIT")
        other.execute("SELECT pg_advisory_unlock(7)")
        await removing


@pytest.mark.deliverable(REPOSITORIES)
async def test_a_change_sets_the_time_also_where_no_trigger_does(opened, empty_url):
    [saved] = await keep(opened.unit, a_note())
    look = text("SELECT updated_at FROM notes")
    times = []
    for at in range(3):
        async with opened.unit() as unit:
            if at == 1:
                saved = await unit.repository(NOTES).save(saved)
            if at == 2:
                await unit.repository(NOTES).change((saved.id,), {"title": "b"})
            times.append((await unit.execute(look)).scalar())
            await unit.commit()
    assert times == sorted(set(times))


async def test_what_was_never_saved_cannot_be_deleted(units):
    async with units() as unit:
        with pytest.raises(ConcurrencyConflict):
            await unit.repository(NOTES).delete(a_note())


@pytest.mark.deliverable(REPOSITORIES)
async def test_a_list_without_conditions_is_walked_by_identity(units):
    saved = await keep(units, *(a_note(str(at)) for at in range(5)))
    found, cursor = [], None
    while True:
        async with units() as unit:
            page = await unit.repository(NOTES).page("all", where={}, limit=2, after=cursor)
        found += page.items
        if not (cursor := page.next):
            break
    assert found == sorted(saved, key=lambda one: one.id)


async def test_several_are_changed_by_attributes(units):
    saved = await keep(units, a_note(), a_note())
    async with units() as unit:
        assert await unit.repository(NOTES).change([one.id for one in saved], {"mood": Mood.BAD, "data": {}}) == 2
        found = await unit.repository(NOTES).get_many([one.id for one in saved])
    assert [(one.mood, one.data, one.version) for one in found] == [(Mood.BAD, {}, 2)] * 2


async def test_an_event_without_a_name_stops_the_save(units):
    async with units() as unit:
        with pytest.raises(ConfigError):
            await unit.repository(NOTES).save(a_note(), (Money,))


async def test_a_connection_of_another_maker_is_refused(opened, empty_url):
    engine = create_async_engine(engine_url(empty_url))
    opened.database.engine, kept = engine, opened.database.engine
    with pytest.raises(ConfigError, match="not made by this package"):
        async with opened.unit(tenant=uuid4()):
            pass
    opened.database.engine = kept
    await engine.dispose()


async def test_times_and_names_are_what_they_say(opened):
    [[now]] = await opened.database.fast.fetch_all("SELECT %s::timestamptz", (datetime(2026, 1, 1, tzinfo=UTC),))
    assert now == datetime(2026, 1, 1, tzinfo=UTC)
    [[now]] = await opened.database.fast.fetch_all("SELECT %b::timestamptz", (datetime(2026, 1, 1, tzinfo=UTC),))
    assert now == datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(InvalidRequest):
        await opened.database.fast.fetch_all("SELECT %b", (datetime(2026, 1, 1),))  # noqa: DTZ001


def test_of_several_kinds_the_right_one_is_found():
    other = Kind("other", Note)
    model = Model(kept=(*MODEL.kept, Stored(other, MODEL.kept[0].rows)), events=EventTypes())
    assert model.stored(other).kind is other
