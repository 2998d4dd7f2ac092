"""Step 1: what a catalog does not depend on, and what is easily missed."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.rows import dict_row

from infra_adapters.postgres.catalog import differences, read_catalog

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("SQLAlchemy tables and the migrated schema are the same"),
]

TYPED = """
CREATE TYPE state AS ENUM ('a'); CREATE TYPE span AS RANGE (subtype = state);
CREATE FUNCTION later(state, state) RETURNS state LANGUAGE sql AS 'SELECT greatest($1, $2)';
CREATE AGGREGATE latest (state) (sfunc = later, stype = state)
"""
UNTYPED = "DROP AGGREGATE latest (state); DROP FUNCTION later; DROP TYPE span; DROP TYPE state"


@pytest.fixture
def connection(empty_url):
    with psycopg.connect(empty_url, autocommit=True, row_factory=dict_row) as opened:
        yield opened


def test_settings_of_the_session_change_nothing(connection):
    connection.execute(
        "CREATE TABLE a (at timestamptz DEFAULT '2020-01-01 10:00+00', n interval DEFAULT '1 day 2 hours')"
    )
    connection.execute("CREATE VIEW v AS SELECT * FROM a WHERE at > '2020-02-02 10:00+00'::timestamptz")
    before = read_catalog(connection)
    connection.execute("SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'; SET search_path = public")
    connection.execute("SET intervalstyle = iso_8601; SET quote_all_identifiers = on")
    assert differences(before, read_catalog(connection)) == ()
    assert connection.execute("SHOW search_path").fetchone() == {"search_path": "public"}


def test_a_transaction_stays_as_it_was(connection):
    with connection.transaction():
        connection.execute("SET LOCAL search_path = public; CREATE TABLE a (id int)")
        assert ("table", "public.a") in read_catalog(connection).objects
        assert connection.execute("SHOW search_path").fetchone() == {"search_path": "public"}
    assert ("table", "public.a") in read_catalog(connection).objects


def test_types_made_again_are_the_same(connection):
    connection.execute(TYPED)
    before = read_catalog(connection)
    connection.execute(UNTYPED)
    connection.execute(TYPED)
    assert differences(before, read_catalog(connection)) == ()


def test_a_table_goes_with_its_sequence(connection):
    before = read_catalog(connection)
    connection.execute("CREATE TABLE a (id serial PRIMARY KEY, x int GENERATED ALWAYS AS IDENTITY)")
    assert differences(before, read_catalog(connection).without("public.a")) == ()


def test_a_foreign_key_whose_triggers_are_off_is_told_of(connection):
    connection.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int CONSTRAINT b_a REFERENCES a)")
    before = read_catalog(connection)
    connection.execute("ALTER TABLE b DISABLE TRIGGER ALL")
    assert [(one.name, one.what) for one in differences(before, read_catalog(connection))] == [
        ("public.b.b_a", "not enforced")
    ]


def test_an_event_trigger_is_told_of(connection):
    connection.execute("CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'")
    before = read_catalog(connection)
    connection.execute("CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION seen()")
    assert [(one.kind, one.name) for one in differences(before, read_catalog(connection))] == [
        ("event trigger", "watch")
    ]
