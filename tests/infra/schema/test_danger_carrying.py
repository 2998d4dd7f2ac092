"""Step 1: the one block that runs made text and needs no reason is the one that evolution writes, word for word."""

from __future__ import annotations

import pytest

from infra_adapters.postgres.danger import examine
from infra_adapters.postgres.evolution import Rename
from infra_adapters.postgres.evolution.carrying import carried

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]


def carry(table="shop.orders", old="a", new="b"):
    return carried(Rename(table=table, old=old, new=new, kind="text"), old, new).as_string()


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"table": "orders"},
        {"table": "o\"r%d'er s"},
        {"old": "a'b\\c", "new": "}{"},
        {"old": "'; DROP TABLE orders; --"},
        {"table": "orders', 'x'); DROP TABLE orders; --"},
    ],
)
def test_the_block_of_evolution_needs_no_reason(names):
    assert examine(carry(**names)) == ()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("BEGIN\n", "BEGIN\n  EXECUTE 'DROP TABLE orders';\n"),
        ('ON "shop"."orders" TO', "ON x TO ada; DROP TABLE orders; --"),
        ('ON "shop"."orders" TO', 'ON "a\', 1); EXECUTE (\'DROP TABLE "x" TO'),
        ('ON "shop"."orders" TO', 'ON "a%s" TO'),
        ("attname = 'a'", "attname = (SELECT evil())"),
        ("attname = 'a'", "attname = E'a\\'' || evil() || '\\''"),
        ("END $infra_carry$", "PERFORM evil(); END $infra_carry$"),
        ("DO $infra_carry$", "DO LANGUAGE plsh $infra_carry$"),
    ],
)
def test_whoever_changes_it_says_why(ours, theirs):
    changed = carry().replace(ours, theirs)
    assert changed != carry()
    assert [danger.kind for danger in examine(changed)] in (["unread-block"], ["syntax-error"])


def test_what_follows_the_block_is_judged():
    assert [danger.kind for danger in examine(f"{carry()}; DROP TABLE orders")] == ["ban-drop-table"]
