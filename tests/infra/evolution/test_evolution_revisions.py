"""Step 1: the helpers within revisions of Alembic: up, down and up again, after any death, and as SQL text."""

from __future__ import annotations

import io
import subprocess
import sys

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from infra_adapters.errors import NotNullViolated
from infra_adapters.postgres.danger import examine
from tests.infra.evolution_items import SCHEMA, sql

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]

ENV = """
from alembic import context
connection = context.config.attributes.get("connection")
if connection is None:
    context.configure(dialect_name="postgresql", literal_binds=True)
else:
    context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
"""
FIRST = """
from alembic import op
revision, down_revision = "1", None

def upgrade():
    op.execute("CREATE TABLE buyers (id int PRIMARY KEY)")
    op.execute("CREATE TABLE orders (id int PRIMARY KEY, buyer int NOT NULL, note text)")
    op.execute("INSERT INTO buyers SELECT generate_series(1, 50)")
    op.execute("INSERT INTO orders SELECT n, n % 50 + 1, 'n' FROM generate_series(1, 2000) n")

def downgrade():
    op.execute("DROP TABLE orders")
    op.execute("DROP TABLE buyers")
"""
SECOND = """
from alembic import op
from infra_adapters.postgres import evolution
from infra_adapters.postgres.evolution import Backfill, ForeignKey, Index, Rename

revision, down_revision = "2", "1"
TOTALS = Backfill(name="totals", table="orders", sets={"total": "id * 100"}, batch_size=100, pause=0, rest=0)
BUYER = ForeignKey(name="fk_buyer", table="orders", columns=("buyer",), refers_to="buyers", referred=("id",))
TOTAL = Index("ix_total", "orders", ("total",), where="note <> ':x'")
NAME = Rename(table="orders", old="buyer", new="customer", kind="int", not_null=True)

def upgrade():
    op.execute("CREATE TABLE IF NOT EXISTS beside (id int)")
    evolution.add_column(op, "orders", "total", "int", default="100")
    evolution.backfill_in(op, TOTALS)
    evolution.set_not_null(op, "orders", "total")
    evolution.add_foreign_key(op, BUYER)
    evolution.create_index(op, TOTAL)
    evolution.add_unique(op, "orders", "uq_total", ("total", "id"))
    evolution.repair_indexes(op)
    evolution.expand_rename(op, NAME)
    evolution.backfill_in(op, NAME.job())

def downgrade():
    evolution.abandon_rename(op, NAME)
    evolution.drop_constraint(op, "orders", "uq_total")
    evolution.drop_index(op, TOTAL)
    evolution.drop_not_null(op, "orders", "total")
    evolution.forget_in(op, TOTALS)
    evolution.drop_column(op, "orders", "total", allow_data_loss=True)
    op.execute("DROP TABLE IF EXISTS beside")
"""
# In a revision of its own: the one before speaks of the old name, and could not be run again once that is gone.
THIRD = """
from alembic import op
from infra_adapters.postgres import evolution
from infra_adapters.postgres.evolution import Rename

revision, down_revision = "3", "2"
NAME = Rename(table="orders", old="buyer", new="customer", kind="int", not_null=True)

def upgrade():
    evolution.contract_rename(op, NAME, letting_go=("fk_buyer on public.orders",))

def downgrade():
    evolution.restore_rename(op, NAME)
"""


def written(folder):
    """A folder that holds the three revisions."""
    (folder / "versions").mkdir()
    for name, content in {
        "env.py": ENV,
        "versions/one.py": FIRST,
        "versions/two.py": SECOND,
        "versions/three.py": THIRD,
    }.items():
        (folder / name).write_text(content)
    return folder


@pytest.fixture
def scripts(tmp_path):
    return written(tmp_path)


def config(scripts, connection=None, output=None):
    made = Config(stdout=io.StringIO(), output_buffer=output)
    made.set_main_option("script_location", str(scripts))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def go(url, scripts, to):
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            (command.upgrade if to != "1" else command.downgrade)(config(scripts, connection), to)
            connection.commit()
    finally:
        engine.dispose()


def state(url):
    """What is there, but for the order in which columns came, and without what the backfill keeps for itself."""
    return sql(url, SCHEMA), sql(url, "SELECT to_regclass('beside'), version_num FROM alembic_version")


def rows(url):
    return sql(url, "SELECT count(*) FROM orders WHERE total = id * 100 AND customer = id % 50 + 1")


def test_up_down_and_up_again_is_the_same_with_its_rows(empty_url, scripts):
    go(empty_url, scripts, "3")
    made = state(empty_url)
    assert rows(empty_url) == [(2000,)]
    go(empty_url, scripts, "1")
    assert sql(empty_url, "SELECT count(*) FROM orders WHERE buyer = id % 50 + 1") == [(2000,)]
    go(empty_url, scripts, "3")
    assert (state(empty_url)[0], rows(empty_url)) == (made[0], [(2000,)])


def test_a_revision_that_fails_goes_on_when_it_is_run_again(empty_url, scripts):
    broken = SECOND.replace("id * 100", "CASE WHEN id <> 1500 THEN id * 100 END").replace('default="100"', 'default=""')
    (scripts / "versions/two.py").write_text(broken)
    with pytest.raises(NotNullViolated):
        go(empty_url, scripts, "3")
    assert sql(empty_url, "SELECT version_num FROM alembic_version") == [("1",)]
    sql(empty_url, "UPDATE orders SET total = 150000 WHERE id = 1500")
    go(empty_url, scripts, "3")
    assert rows(empty_url) == [(2000,)]


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from tests.infra.evolution.test_evolution_revisions import go

chance, kills = random.Random(7), 0
go(sys.argv[1], Path(sys.argv[2]), "+1")
while True:
    child = os.fork()
    if not child:
        go(sys.argv[1], Path(sys.argv[2]), "3")
        os._exit(0)
    if kills < 40:
        time.sleep(chance.uniform(0.02, 0.06 + 0.01 * kills))
        os.kill(child, signal.SIGKILL)
    if os.waitpid(child, 0)[1] == 0:
        break
    if kills > 60:
        sys.exit("a revision that was killed cannot be run to its end")
    kills += 1
print(kills)
"""


def test_killed_at_many_moments_the_revision_is_whole_in_the_end(empty_url, scripts):
    run = [sys.executable, "-c", KILLED, empty_url, str(scripts)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 3
    assert rows(empty_url) == [(2000,)]
    killed = state(empty_url)
    go(empty_url, scripts, "1")
    go(empty_url, scripts, "3")
    assert state(empty_url) == killed


def offline(scripts, span, move=command.upgrade):
    output = io.StringIO()
    move(config(scripts, output=output), span, sql=True)
    return output.getvalue()


def run(url, text):
    """Each statement by itself, as psql does; comments end with their line."""
    with psycopg.connect(url, autocommit=True) as connection:
        for one in text.replace("database only\n", "database only;\n").split(";\n\n"):
            connection.execute(one)


def test_offline_it_is_sql_that_does_the_same(empty_url, scripts):
    go(empty_url, scripts, "+1")
    text = offline(scripts, "1:3")
    assert "-- backfill totals of orders runs against a database only" in text
    assert state(empty_url)[1] == [(None, "1")]
    sql(empty_url, "DELETE FROM orders")
    run(empty_url, text)
    by_text = state(empty_url)
    go(empty_url, scripts, "1")
    go(empty_url, scripts, "3")
    assert state(empty_url) == by_text


def test_a_rename_that_begins_is_not_held_to_be_dangerous(scripts):
    text = offline(scripts, "1:2")
    began = text.index("BEGIN", text.index('ADD COLUMN IF NOT EXISTS "customer"') - 200)
    assert "GRANT %s" in text[began:]
    assert examine(text[began:]) == ()


def test_offline_a_backfill_that_is_left_out_is_not_passed(empty_url, scripts):
    go(empty_url, scripts, "+1")
    with pytest.raises(psycopg.errors.CheckViolation):
        run(empty_url, offline(scripts, "1:3"))


def test_the_way_back_is_sql_as_well(scripts):
    text = offline(scripts, "3:1", command.downgrade)
    order = [
        'ADD COLUMN IF NOT EXISTS "buyer"',
        "runs against a database only",
        'DROP COLUMN IF EXISTS "customer"',
        "DROP INDEX CONCURRENTLY",
        'DROP COLUMN IF EXISTS "total"',
    ]
    places = [text.index(one) for one in order]
    assert places == sorted(places)
