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


OWNED = """
CREATE TABLE a (id int, name text); CREATE VIEW v AS SELECT id FROM a;
GRANT SELECT (name) ON a TO {role}; GRANT UPDATE (id) ON v TO {role}; GRANT INSERT (id) ON a TO pg_monitor;
CREATE POLICY mine ON a TO {role}, pg_monitor USING (true);
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}
"""


def owned_by(connection, role):
    """The catalog of a database that a role of this name owns, as everything in it."""
    with connection.transaction(force_rollback=True):
        name = connection.info.dbname
        connection.execute(f'CREATE ROLE {role}; ALTER DATABASE "{name}" OWNER TO {role}; SET LOCAL ROLE {role}')
        connection.execute(OWNED.format(role=role))
        return read_catalog(connection)


def test_the_name_of_the_owner_is_no_part_of_the_schema(connection):
    one, two = owned_by(connection, "anna"), owned_by(connection, "zoe")
    assert differences(one, two) == ()
    assert one.objects["column", "public.a.name"]["grants"] == "owner:SELECT"
    assert one.objects["policy", "public.a.mine"]["roles"] == "owner, pg_monitor"
    assert one.objects["default privilege", "public r"]["grants"] == "owner:SELECT"


def test_default_privileges_of_two_roles_are_two(connection):
    for role in ("CURRENT_USER", "pg_monitor"):
        connection.execute(f"ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT SELECT ON TABLES TO PUBLIC")
    assert {name for kind, name in read_catalog(connection).objects if kind == "default privilege"} == {
        "everywhere r",
        "everywhere r of pg_monitor",
    }


@pytest.mark.parametrize(("kind", "name"), [("TABLE", "a"), ("INDEX", "by_id"), ("MATERIALIZED VIEW", "m")])
def test_a_move_to_another_tablespace_is_told_of(connection, kind, name):
    space = f"infra_{connection.info.dbname}"
    connection.execute("CREATE TABLE a (id int); CREATE INDEX by_id ON a (id)")
    connection.execute("CREATE MATERIALIZED VIEW m AS SELECT id FROM a")
    before = read_catalog(connection)
    connection.execute("SET allow_in_place_tablespaces = on")
    connection.execute(f"CREATE TABLESPACE \"{space}\" LOCATION ''")
    try:
        connection.execute(f'ALTER {kind} {name} SET TABLESPACE "{space}"')
        found = [(one.name, one.what, one.found) for one in differences(before, read_catalog(connection))]
        connection.execute(f"ALTER {kind} {name} SET TABLESPACE pg_default")
    finally:
        connection.execute(f'DROP TABLESPACE "{space}"')
    assert found == [(f"public.{name}", "tablespace", space)]


def test_options_are_the_same_in_whichever_order_they_were_set(connection):
    connection.execute("CREATE TABLE a (id int) WITH (fillfactor = 70, autovacuum_enabled = off)")
    before = read_catalog(connection)
    connection.execute("ALTER TABLE a RESET (fillfactor); ALTER TABLE a SET (fillfactor = 70)")
    assert differences(before, read_catalog(connection)) == ()


def test_what_an_extension_brings_is_named_by_it_alone(connection):
    before = read_catalog(connection)
    connection.execute("CREATE SCHEMA far; CREATE EXTENSION hstore")
    assert {one.kind for one in differences(before, read_catalog(connection))} == {"schema", "extension"}
    here = read_catalog(connection)
    connection.execute("ALTER EXTENSION hstore SET SCHEMA far")
    assert [(one.name, one.what) for one in differences(here, read_catalog(connection))] == [("hstore", "schema")]
