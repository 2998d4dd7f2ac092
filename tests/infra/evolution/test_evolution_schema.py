"""Step 1: columns and constraints come and go while their table is in use, and go on from where they were."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from infra_adapters.errors import (
    DataLossRefused,
    ForeignKeyViolated,
    InfraError,
    MigrationFailed,
    NotNullViolated,
    PermissionDenied,
    UniqueViolated,
)
from infra_adapters.postgres.evolution import (
    ForeignKey,
    Rename,
    add_column,
    add_foreign_key,
    add_unique,
    backfill,
    contract_rename,
    drop_column,
    drop_constraint,
    drop_not_null,
    expand_rename,
    set_not_null,
)
from infra_adapters.postgres.evolution.names import own_name
from tests.infra.evolution_items import SCHEMA, sql

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]

SHOP = """
CREATE TABLE buyers (id int PRIMARY KEY, mail text);
CREATE TABLE orders (id int PRIMARY KEY, buyer int, note text);
INSERT INTO buyers SELECT n, 'm' || n FROM generate_series(1, 50) n;
INSERT INTO orders SELECT n, n % 50 + 1, 'n' FROM generate_series(1, 200) n;
"""
BUYER = ForeignKey(
    name="fk_buyer", table="orders", columns=("buyer",), refers_to="buyers", referred=("id",), on_delete="CASCADE"
)


@pytest.fixture
def url(empty_url):
    sql(empty_url, SHOP)
    return empty_url


@pytest.fixture
def connection(url):
    with psycopg.connect(url) as opened:
        yield opened


THERE_AND_BACK = {
    "column": (lambda to: add_column(to, "orders", "kind", "varchar(9)"), lambda to: drop_column(to, "orders", "kind")),
    "default": (
        lambda to: add_column(to, "orders", "at", "timestamptz", default="clock_timestamp()"),
        lambda to: drop_column(to, "orders", "at"),
    ),
    "not null": (lambda to: set_not_null(to, "orders", "buyer"), lambda to: drop_not_null(to, "orders", "buyer")),
    "foreign key": (lambda to: add_foreign_key(to, BUYER), lambda to: drop_constraint(to, "orders", "fk_buyer")),
    "unique": (
        lambda to: add_unique(to, "buyers", "uq_mail", ("mail", "id")),
        lambda to: drop_constraint(to, "buyers", "uq_mail"),
    ),
}


@pytest.mark.parametrize("what", THERE_AND_BACK)
def test_there_back_and_there_again_is_the_same(url, connection, what):
    there, back = THERE_AND_BACK[what]
    before = sql(url, SCHEMA)
    there(connection)
    made = sql(url, SCHEMA)
    there(connection)
    assert sql(url, SCHEMA) == made != before
    back(connection)
    assert sql(url, SCHEMA) == before
    there(connection)
    assert sql(url, SCHEMA) == made


@pytest.mark.parametrize("what", THERE_AND_BACK)
def test_a_connection_of_sqlalchemy_serves_as_well(url, what):
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    before = sql(url, SCHEMA)
    with engine.connect() as connection:
        for one in THERE_AND_BACK[what]:
            one(connection)
        with connection.begin():
            connection.execute(text("DELETE FROM orders"))
            connection.get_transaction().rollback()
    engine.dispose()
    assert sql(url, SCHEMA) == before
    assert sql(url, "SELECT count(*) FROM orders") == [(200,)]


def test_a_default_that_differs_by_row_is_for_new_rows_only(url, connection):
    add_column(connection, "orders", "at", "timestamptz", default="clock_timestamp()")
    sql(url, "INSERT INTO orders VALUES (999, 1, 'n')")
    assert sql(url, "SELECT count(*), count(at) FROM orders") == [(201, 1)]


def test_a_column_of_another_type_is_refused(connection):
    with pytest.raises(MigrationFailed, match=r"there as text, not as varchar\(9\)"):
        add_column(connection, "orders", "note", "varchar(9)")


def test_values_are_lost_only_where_they_may_be(url, connection):
    with pytest.raises(DataLossRefused, match="column note of orders"):
        drop_column(connection, "orders", "note")
    drop_column(connection, "orders", "note", allow_data_loss=True)
    drop_column(connection, "orders", "note")
    assert "note" not in {row[2] for row in sql(url, SCHEMA)}


CHECK = own_name("not_null", "orders", "buyer")
ADD = f"ALTER TABLE orders ADD CONSTRAINT {CHECK} CHECK (buyer IS NOT NULL)"
HALF = [
    f"{ADD} NOT VALID",
    ADD,
    f"{ADD}; ALTER TABLE orders ALTER buyer SET NOT NULL",
    "ALTER TABLE orders ALTER buyer SET NOT NULL",
]


@pytest.mark.parametrize("half", HALF)
def test_not_null_goes_on_from_where_it_was(url, connection, half):
    set_not_null(connection, "orders", "buyer")
    done = sql(url, SCHEMA)
    drop_not_null(connection, "orders", "buyer")
    sql(url, half)
    set_not_null(connection, "orders", "buyer")
    assert sql(url, SCHEMA) == done


def test_not_null_leaves_nothing_where_a_row_has_no_value(url, connection):
    before = sql(url, SCHEMA)
    sql(url, "UPDATE orders SET buyer = NULL WHERE id = 7")
    with pytest.raises(NotNullViolated, match="buyer of table orders"):
        set_not_null(connection, "orders", "buyer")
    assert sql(url, SCHEMA) == before


def test_not_null_reads_no_row_under_its_lock(url, connection):
    """The server tells so: with the valid check it skips the scan, which it says at this level."""
    notices = []
    connection.add_notice_handler(lambda one: notices.append(one.message_primary))
    connection.execute("SET client_min_messages = debug1")
    connection.commit()
    set_not_null(connection, "orders", "buyer")
    assert any("are sufficient to prove that it does not contain nulls" in one for one in notices)


def test_a_foreign_key_goes_on_from_where_it_was(url, connection):
    key = "FOREIGN KEY (buyer) REFERENCES buyers(id) ON DELETE CASCADE"
    sql(url, f"ALTER TABLE orders ADD CONSTRAINT fk_buyer {key} NOT VALID")
    add_foreign_key(connection, BUYER)
    assert ("constraint", "orders", "fk_buyer", key, None, "true") in sql(url, SCHEMA)


def test_a_foreign_key_leaves_nothing_where_a_row_refers_to_nothing(url, connection):
    before = sql(url, SCHEMA)
    sql(url, "UPDATE orders SET buyer = 5000 WHERE id = 7")
    with pytest.raises(ForeignKeyViolated):
        add_foreign_key(connection, BUYER)
    assert sql(url, SCHEMA) == before


OTHERS = [
    "ALTER TABLE orders ADD CONSTRAINT fk_buyer FOREIGN KEY (buyer) REFERENCES buyers (id)",
    "ALTER TABLE orders ADD CONSTRAINT fk_buyer FOREIGN KEY (id) REFERENCES buyers (id) ON DELETE CASCADE NOT VALID",
    "ALTER TABLE orders ADD CONSTRAINT fk_buyer FOREIGN KEY (buyer) REFERENCES orders (id) ON DELETE CASCADE NOT VALID",
    "ALTER TABLE orders ADD CONSTRAINT fk_buyer CHECK (buyer > 0)",
]


@pytest.mark.parametrize("other", OTHERS)
def test_another_constraint_of_the_name_is_refused(url, connection, other):
    sql(url, other)
    with pytest.raises(MigrationFailed, match="is another one"):
        add_foreign_key(connection, BUYER)


def test_a_rule_for_deleting_that_does_not_exist_is_refused(connection):
    with pytest.raises(MigrationFailed, match="SET FIRE does not exist"):
        add_foreign_key(
            connection,
            ForeignKey(name="f", table="t", columns=(), refers_to="t", referred=(), on_delete="SET FIRE"),
        )


def test_a_unique_constraint_leaves_nothing_where_rows_are_alike(url, connection):
    before = sql(url, SCHEMA)
    with pytest.raises(UniqueViolated):
        add_unique(connection, "orders", "uq_note", ("note",))
    assert sql(url, SCHEMA) == before


def test_another_unique_constraint_of_the_name_is_refused(url, connection):
    add_unique(connection, "buyers", "uq_mail", ("mail",))
    with pytest.raises(MigrationFailed, match="is another one"):
        add_unique(connection, "buyers", "uq_mail", ("id",))


def test_a_unique_constraint_takes_the_index_that_is_there(url, connection):
    sql(url, "CREATE UNIQUE INDEX uq_mail ON buyers (mail)")
    add_unique(connection, "buyers", "uq_mail", ("mail",))
    assert ("constraint", "buyers", "uq_mail", "UNIQUE (mail)", None, "true") in sql(url, SCHEMA)


def test_a_transaction_that_has_begun_is_refused(connection):
    connection.execute("SELECT 1")
    with pytest.raises(MigrationFailed, match="transaction has begun"):
        drop_constraint(connection, "orders", "x")


def test_a_driver_of_another_kind_is_refused():
    engine = create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(MigrationFailed, match="psycopg"):
        drop_constraint(connection, "orders", "x")
    engine.dispose()


@pytest.mark.parametrize("step", [drop_not_null, set_not_null])
def test_a_table_that_is_not_there_is_an_error(connection, step):
    with pytest.raises(InfraError):
        step(connection, "nowhere", "x")


def test_names_are_taken_as_they_are_spelt(url, connection):
    sql(url, 'CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop"."Or""ders" (id int)')
    add_column(connection, 'My Shop.Or"ders', 'A "b"', "int")
    set_not_null(connection, 'My Shop.Or"ders', 'A "b"')
    add_unique(connection, 'My Shop.Or"ders', "U q", ('A "b"',))
    assert sql(url, """SELECT indexdef FROM pg_indexes WHERE schemaname = 'My Shop'""") == [
        ('CREATE UNIQUE INDEX "U q" ON "My Shop"."Or""ders" USING btree ("A ""b""")',)
    ]


HIDDEN = """
DO $$ BEGIN CREATE ROLE infra_plain LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT ALL ON SCHEMA public TO infra_plain;
SET ROLE infra_plain;
CREATE TABLE held (id int PRIMARY KEY, tenant text, old text);
INSERT INTO held SELECT n, 'a', 'x' FROM generate_series(1, 9) n;
ALTER TABLE held ENABLE ROW LEVEL SECURITY;
ALTER TABLE held FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON held USING (tenant = current_setting('app.tenant_id', true));
"""


def test_rows_that_a_policy_hides_are_not_taken_for_absent(empty_url):
    sql(empty_url, HIDDEN)
    url = empty_url + ("&" if "?" in empty_url else "?") + "options=-crole%3Dinfra_plain"
    rename = Rename(table="held", old="old", new="name", kind="text")
    with psycopg.connect(url, autocommit=True) as connection:
        expand_rename(connection, rename)
        for step in (
            lambda: drop_column(connection, "held", "old"),
            lambda: backfill(url, rename.job()),
            lambda: contract_rename(connection, rename),
        ):
            with pytest.raises(PermissionDenied):
                step()
    assert sql(empty_url, "SELECT count(old) FROM held") == [(9,)]
