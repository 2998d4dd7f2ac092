"""A schema that is changed under a running service, on another PostgreSQL; skipped where none is installed."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import psycopg
import pytest

from tests.infra.evolution import test_evolution_backfill as backfills
from tests.infra.evolution import test_evolution_indexes as indexes
from tests.infra.evolution import test_evolution_kills as kills
from tests.infra.evolution import test_evolution_rename as renames
from tests.infra.evolution import test_evolution_revisions as revisions
from tests.infra.evolution import test_evolution_schema as schemas
from tests.infra.evolution_items import FILL, ITEMS, sql
from tests.infra.servers import installed, served


@pytest.fixture(scope="module")
def other():
    with served(installed()) as server:
        yield server.url


@pytest.fixture
def url(other):
    """An empty database of this test's own."""
    name = f"evolved_{uuid4().hex}"
    with psycopg.connect(other, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    return f"{other.rpartition('/')[0]}/{name}"


THINGS = ITEMS + FILL.format(950)
OF_A_CONNECTION = {
    **{
        f"{what}: there and back": (
            schemas.SHOP,
            partial(schemas.test_there_back_and_there_again_is_the_same, what=what),
        )
        for what in schemas.THERE_AND_BACK
    },
    "a rename: there and back": (renames.BUYERS, renames.test_there_back_and_there_again),
    "a rename of what has grants": (renames.BUYERS, renames.test_grants_and_the_comment_go_along_and_come_back),
    "a rename of what may be null": (renames.BUYERS, renames.test_a_column_without_default_that_may_be_null),
    "an index that was never finished": (THINGS, indexes.test_an_invalid_index_is_dropped_and_built_again),
    "every invalid index": (THINGS, indexes.test_every_invalid_index_of_a_database_is_found_and_repaired),
    "an index that others build": (THINGS, indexes.test_the_build_of_another_process_is_waited_for),
    "what a reindex left": (THINGS, indexes.test_what_a_reindex_left_behind_goes),
}
OF_A_URL = {
    "a backfill": (THINGS, backfills.test_every_row_is_written_once),
    "a backfill that is interrupted": (THINGS, backfills.test_an_interrupted_run_goes_on_where_it_was),
    "a backfill that is killed": (
        "",
        partial(kills.test_killed_at_many_moments_the_result_is_exact, form="expression"),
    ),
    "a rename under a service": ("", renames.test_the_whole_way_under_a_service_that_writes),
}
OF_REVISIONS = {
    "there and back": revisions.test_up_down_and_up_again_is_the_same_with_its_rows,
    "run again": revisions.test_a_revision_that_fails_goes_on_when_it_is_run_again,
    "killed": revisions.test_killed_at_many_moments_the_revision_is_whole_in_the_end,
    "as SQL": revisions.test_offline_it_is_sql_that_does_the_same,
}


@pytest.mark.parametrize(("made", "promise"), OF_A_CONNECTION.values(), ids=OF_A_CONNECTION)
def test_another_postgresql_is_changed_there_and_back(url, made, promise):
    sql(url, made)
    with psycopg.connect(url, autocommit=True) as connection:
        promise(url, connection)


@pytest.mark.parametrize(("made", "promise"), OF_A_URL.values(), ids=OF_A_URL)
def test_another_postgresql_is_changed_in_use(url, made, promise):
    sql(url, made)
    promise(url)


@pytest.mark.parametrize("promise", OF_REVISIONS.values(), ids=OF_REVISIONS)
def test_another_postgresql_goes_through_revisions(url, tmp_path, promise):
    promise(url, revisions.written(tmp_path))


@pytest.mark.parametrize(("write", "row", "found"), renames.WRITES)
def test_another_postgresql_keeps_two_names_alike(url, write, row, found):
    sql(url, renames.BUYERS)
    with psycopg.connect(url) as connection:
        renames.expand_rename(connection, renames.NAME)
    sql(url, write)
    assert sql(url, renames.BOTH, row) == [found]
