"""Step 1: `infra` from a shell: migrate, plan, downgrade, check, doctor; with wrong input too."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import psycopg
import pytest
from click.testing import CliRunner

from infra_adapters.cli import main
from infra_adapters.postgres import doctor
from infra_adapters.settings import DatabaseSettings
from tests.infra.conftest import ROLE, SHOP
from tests.infra.faults import relayed

pytestmark = pytest.mark.blocking

WAY_BACK = "Migrations with a way back"
PRODUCT = ["--folder", str(SHOP.folder), "--name", "shop"]


@pytest.fixture
def infra(empty_url, monkeypatch):
    """Runs `infra` on an empty database; gives the exit code and all that was said."""
    monkeypatch.setenv("DATABASE_URL", empty_url)
    monkeypatch.setenv("DATABASE_ROLE", "")

    def run(*arguments):
        found = CliRunner().invoke(main, arguments, catch_exceptions=False)
        return found.exit_code, found.output

    return run


@pytest.mark.deliverable(WAY_BACK)
def test_a_product_is_migrated_there_and_back(infra):
    assert infra("migrate", *PRODUCT) == (0, "infra: 1 applied, now at 0001\nshop: 1 applied, now at shop1\n")
    assert infra("migrate", *PRODUCT)[1] == "infra: 0 applied, now at 0001\nshop: 0 applied, now at shop1\n"
    assert infra("check", *PRODUCT)[0] == 0
    assert infra("downgrade", "base", *PRODUCT) == (0, "shop: now at base\n")
    assert infra("downgrade", "base") == (0, "infra: now at base\n")


@pytest.mark.deliverable(WAY_BACK)
@pytest.mark.parametrize("asked", [("plan",), ("migrate", "--dry-run")])
def test_the_sql_is_shown_and_nothing_is_changed(infra, empty_url, asked):
    code, said = infra(*asked, *PRODUCT)
    assert (code, "CREATE TABLE infra_events" in said, "CREATE TABLE orders" in said) == (0, True, True)
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_the_way_back_is_shown(infra):
    infra("migrate")
    code, said = infra("downgrade", "base", "--dry-run")
    assert (code, "DROP TABLE infra_events" in said, infra("check")[0]) == (0, True, 0)


def test_what_waits_is_said(infra):
    infra("migrate")
    code, said = infra("check", *PRODUCT)
    assert code == 1
    assert "shop: shop1 waits to be applied: Orders with their lines." in said


def test_what_was_changed_is_said(infra, empty_url):
    infra("migrate")
    with psycopg.connect(empty_url) as connection:
        connection.execute("UPDATE infra_migrations SET checksum = 'other'")
    code, said = infra("check")
    assert (code, "0001 was edited after it was applied" in said) == (1, True)
    assert infra("migrate")[0] == 1


WRONG = [
    (("migrate", "nowhere"), 2, "nowhere"),
    (("migrate", "--url", "mysql://u:hidden@h/d"), 2, "postgresql://"),
    (("migrate", "--url", ""), 2, "DATABASE_URL"),
    (("migrate", "--folder", "/no/such/folder"), 2, "does not exist"),
    (("migrate", "--folder", "/"), 2, "no folder `versions`"),
    (("migrate", "--url", "postgresql://u:hidden@127.0.0.1:1/d"), 3, "connect_failed"),
    (("check", "--url", "postgresql://u:hidden@127.0.0.1:1/d"), 3, "connect_failed"),
    (("downgrade",), 2, "TARGET"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG)
def test_wrong_input_is_one_line_and_no_traceback(infra, arguments, code, said):
    found, output = infra(*arguments)
    assert (found, said in output) == (code, True), output
    assert "Traceback" not in output
    assert "hidden" not in output


def remarks(url, **values):
    return [remark.what for remark in doctor.examine(DatabaseSettings.of(url=url, **values))]


def test_a_superuser_is_not_held_by_row_level_security(database_url):
    with psycopg.connect(database_url) as connection:
        [[name]] = connection.execute("SELECT current_user")
    assert remarks(database_url) == [f"row-level security does not hold for the role {name}"]
    assert remarks(database_url, role=ROLE) == []
    assert remarks(database_url, role="nobody_such") == ["there is no role nobody_such"]


SPOILED = {
    "ALTER TABLE orders NO FORCE ROW LEVEL SECURITY": "row-level security of orders does not hold for its owner",
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_orders_tenant_id_customer_placed_at'::regclass": (
        "the index public.ix_orders_tenant_id_customer_placed_at was never finished"
    ),
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (version < 9) NOT VALID": "the constraint orders.c was never validated",
}


@pytest.mark.parametrize(("statement", "said"), SPOILED.items())
def test_the_doctor_names_what_is_wrong(database_url, statement, said):
    with psycopg.connect(database_url) as connection:
        connection.execute(statement)
    assert remarks(database_url, role=ROLE) == [said]


def test_too_many_connections_are_noted(database_url):
    [said] = remarks(database_url, role=ROLE, pool_size=400)
    assert said.startswith("one process may open 402 of the server's")


def test_the_doctor_ends_with_what_it_found(infra, empty_url):
    code, said = infra("doctor")
    assert (code, "WRONG" in said, "0001 waits" in said) == (1, True, True)
    infra("migrate")
    with psycopg.connect(empty_url) as connection:
        connection.execute(f"DO $$ BEGIN CREATE ROLE {ROLE}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_ROLE", ROLE)
        assert infra("doctor") == (0, "nothing is wrong\n")


def test_the_command_is_installed():
    argv = [sys.executable, "-c", "from infra_adapters.cli import main; main(['--help'])"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert all(verb in said for verb in ("migrate", "plan", "downgrade", "check", "doctor"))


async def test_an_old_server_and_a_bare_line_to_another_host_are_named(empty_url, monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST", 990_000)
    monkeypatch.setenv("DATABASE_INSECURE", "true")
    async with relayed(empty_url) as relay:
        url = relay.url.replace("127.0.0.1", "db.example.org") + "?hostaddr=127.0.0.1"
        said = await asyncio.to_thread(remarks, url)
    assert said[0].startswith("the server is PostgreSQL ")
    assert "the connection to another host is not encrypted" in said


def test_a_schema_that_was_changed_on_purpose_is_accepted(infra, empty_url):
    infra("migrate")
    with psycopg.connect(empty_url) as connection:
        connection.execute("CREATE TABLE beside (id int)")
    assert infra("check")[0] == 1
    assert infra("check", "--accept")[0] == 0
    assert infra("check")[0] == 0


def test_a_name_that_cannot_last_is_refused(infra, tmp_path):
    (tmp_path / "versions").mkdir()
    code, said = infra("check", "--folder", str(tmp_path), "--name", "x" * 70)
    assert (code, "a lasting name has up to 40" in said) == (2, True)


def test_what_was_migrated_by_hand_is_adopted(infra, empty_url):
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute(infra("plan")[1])
    assert infra("check")[0] == 1
    assert infra("adopt") == (0, "infra: at 0001\n")
    assert infra("check")[0] == 0
