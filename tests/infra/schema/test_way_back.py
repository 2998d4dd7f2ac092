"""Step 1: every revision leads back to where it came from, with and without rows."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from infra_adapters.errors import MigrationFailed
from infra_adapters.postgres import Migrations
from infra_adapters.testing.way_back import way_back
from tests.infra.conftest import SHOP
from tests.infra.histories import History

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable(
        "Migrations with a way back", "Migrations run up, down and up again and leave the same schema"
    ),
]

EVENT = """
INSERT INTO infra_events (tenant_id, stream, version, kind, data)
SELECT NULL, 'orders:1', coalesce(max(version), 0) + 1, 'OrderPaid', '{}' FROM infra_events
"""
ONE_ORDER = """
INSERT INTO orders (id, tenant_id, number, customer, placed_at, version)
    VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid()::text, 'ada', now(), 1)
"""
LINES = "INSERT INTO order_lines SELECT id, 0, 'tea', 1, 1.5, 'EUR' FROM orders ON CONFLICT DO NOTHING"
ORDER = (ONE_ORDER, LINES)


def seeded(*statements):
    def seed(connection):
        for statement in statements:
            connection.execute(text(statement))

    return seed


def test_every_revision_of_the_package(empty_url):
    """Without rows first: `way_back` goes each step up, down and up before it puts any in."""
    assert way_back(Migrations(empty_url), seeded(EVENT)) == ()


def test_every_revision_of_a_product(empty_url):
    Migrations(empty_url).upgrade()
    assert way_back(Migrations(empty_url, SHOP), seeded(EVENT, *ORDER)) == ()


FILL = """DO $$ BEGIN
    INSERT INTO t1 VALUES (1);
    IF to_regclass('a') IS NOT NULL THEN INSERT INTO a VALUES (1); END IF;
END $$"""
T1 = ('op.execute("CREATE TABLE t1 (n int)")', 'op.execute("DROP TABLE t1")')


@pytest.mark.parametrize(
    ("up", "back", "said"),
    [
        ('op.execute("CREATE TABLE a (n int)")', "pass", "r2 back: table public.a is there and was never made"),
        ('op.execute("UPDATE t1 SET n = n + 1 WHERE n > 0")', "pass", "r2 back: the rows of public.t1"),
        (
            'op.execute("CREATE TABLE a (n int DEFAULT 1)")',
            "op.execute(\"DO $$ BEGIN IF EXISTS (SELECT FROM a) THEN RAISE 'no'; END IF; DROP TABLE a; END $$\")",
            "r2 back with rows: ",
        ),
    ],
    ids=["left", "changed", "only empty"],
)
def test_a_way_back_that_leads_elsewhere_is_noticed(empty_url, tmp_path, up, back, said):
    history = History(tmp_path)
    history.add("r1", None, *T1)
    history.add("r2", "r1", up, back)
    told = way_back(Migrations(empty_url, history.script), seeded(FILL))
    assert said in "\n".join(told)


def test_a_revision_that_does_not_come_again_is_noticed(empty_url, tmp_path):
    history = History(tmp_path)
    history.add("r1", None, 'op.execute("CREATE TABLE a (n int)")')
    assert way_back(Migrations(empty_url, history.script))[-1].startswith("r1 again: ")


def test_a_step_that_cannot_be_gone_at_all_is_named(empty_url, tmp_path):
    history = History(tmp_path)
    history.add("r1", None, 'op.execute("SELECT nothing")')
    assert way_back(Migrations(empty_url, history.script))[0].startswith("r1 up: ")
    history.add("r1", None, *T1)
    history.add("r2", "r1", "pass", 'op.execute("SELECT nothing")')
    assert way_back(Migrations(empty_url, history.script))[0].startswith("r2 back: ")


def test_revisions_that_part_make_no_way(empty_url, tmp_path):
    history = History(tmp_path)
    history.add("r1", None, *T1)
    for one in ("r2", "r3"):
        history.add(one, "r1")
    with pytest.raises(MigrationFailed):
        way_back(Migrations(empty_url, history.script))
