"""Step 1: processes that are killed in the midst of a backfill leave each row to be written once, by whom it may be."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.infra.evolution_items import EXPAND, FILL, ITEMS, sql, written_to, wrong

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]

KILLED = """
import os, random, signal, sys, time
from infra_adapters.postgres.evolution import Backfill, backfill

job = Backfill(name="totals", table="items", sets={"total": "price * quantity"}, batch_size=100, pause=0, rest=0)
if sys.argv[2] == "function":
    job = Backfill(name="totals", table="items", change=lambda row: {"total": row["price"] * row["quantity"]},
                   batch_size=100, pause=0, rest=0)
chance, kills = random.Random(4), 0
while True:
    child = os.fork()
    if not child:
        backfill(sys.argv[1], job)
        os._exit(0)
    if kills < 8:
        time.sleep(chance.uniform(0.02, 0.08))
        os.kill(child, signal.SIGKILL)
    if os.waitpid(child, 0)[1] == 0:
        break
    kills += 1
print(kills)
"""


@pytest.mark.parametrize("form", ["expression", "function"])
def test_killed_at_many_moments_the_result_is_exact(empty_url, form):
    sql(empty_url, ITEMS)
    sql(empty_url, FILL.format(4_000))
    sql(empty_url, EXPAND)
    with written_to(empty_url):
        run = subprocess.run(
            [sys.executable, "-c", KILLED, empty_url, form], capture_output=True, text=True, check=True
        )
    assert int(run.stdout) >= 4
    assert wrong(empty_url)[:2] == (0, 0)
    assert sql(empty_url, "SELECT count(*) FROM written WHERE id BETWEEN 1 AND 4000") == [(4_000,)]
