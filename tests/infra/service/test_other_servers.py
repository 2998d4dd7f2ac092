"""The same promises on what else is installed: another PostgreSQL, one with TLS, and PgBouncer before it.

What is not installed here is skipped and says so; the blocking tests need none of it.
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

import psycopg
import pytest
import trustme
from sqlalchemy import text

from infra_adapters.errors import ConnectFailed
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.catalog import differences
from infra_adapters.settings import DatabaseSettings
from infra_adapters.testing import PROMISES
from infra_adapters.testing.sample import ORDERS, an_order
from infra_adapters.testing.way_back import way_back
from tests.infra.catalog_schemas import missed
from tests.infra.conftest import ROLE, SHOP, prepare
from tests.infra.schema.test_catalog import BASE, MUTATIONS, judged_otherwise, mutated
from tests.infra.schema.test_way_back import EVENT, ORDER, seeded
from tests.infra.servers import INSTALLED, installed, pooled, served
from tests.infra.shop import MODEL

HOST = "db.example.org"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def other(authority):
    """An installed PostgreSQL with a certificate for `HOST`."""

    def certify(folder):
        issued = authority.issue_cert(HOST)
        issued.private_key_pem.write_to_path(folder / "key.pem")
        issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
        (folder / "key.pem").chmod(0o600)

    environ = installed()
    settings = ["ssl=on", "ssl_cert_file=../cert.pem", "ssl_key_file=../key.pem"]
    with served(environ, settings=settings, prepare=certify) as server:
        prepare(server.url)
        yield server


@pytest.mark.parametrize("promise", PROMISES)
async def test_another_postgresql_keeps_the_contract(other, promise):
    async with Infrastructure.open(DatabaseSettings.of(url=other.url, role=ROLE), MODEL) as opened:
        await PROMISES[promise](opened.unit)


def test_another_postgresql_migrates_there_and_back(other):
    with psycopg.connect(other.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE there_and_back")
    url = other.url.rpartition("/")[0] + "/there_and_back"
    assert way_back(Migrations(url), seeded(EVENT)) == ()
    assert way_back(Migrations(url, SHOP), seeded(EVENT, *ORDER)) == ()


def named(other, host, **values):
    url = f"postgresql://postgres@{host}:{other.port}/postgres?hostaddr=127.0.0.1"
    return DatabaseSettings.of(url=url, **values)


async def one(settings):
    async with Infrastructure.open(settings) as opened, opened.database.connection() as connection:
        raw = await connection.get_raw_connection()
        return raw.driver_connection.pgconn.ssl_in_use


async def test_a_server_that_proves_who_it_is_is_believed(other, authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    assert await one(named(other, HOST, tls_root=str(tmp_path / "ca.pem")))


@pytest.mark.parametrize("case", ["another name", "another authority", "the system's authorities"])
async def test_a_server_that_does_not_is_refused(other, authority, tmp_path, case):
    known = trustme.CA() if case == "another authority" else authority
    known.cert_pem.write_to_path(tmp_path / "ca.pem")
    host = "elsewhere.example.org" if case == "another name" else HOST
    root = {} if case == "the system's authorities" else {"tls_root": str(tmp_path / "ca.pem")}
    with pytest.raises(ConnectFailed):
        await one(named(other, host, **root))


async def test_who_says_insecure_may_connect(other):
    assert await one(named(other, HOST, insecure=True)) in {True, False}


@pytest.fixture(scope="module")
def pooler(other):
    with pooled(other.url) as url:
        yield url


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_contract_is_kept_through_a_pooler(pooler, promise):
    settings = DatabaseSettings.of(url=pooler, pooler="transaction")
    async with Infrastructure.open(settings, MODEL) as opened:
        await PROMISES[promise](opened.unit)


async def test_through_a_pooler_timeouts_hold_and_no_tenant_is_left_behind(pooler):
    settings = DatabaseSettings.of(url=pooler, pooler="transaction", lock_timeout=3, pool_size=4)
    look = "SELECT current_setting('lock_timeout') AS lock, current_setting('app.tenant_id', true) AS tenant"
    async with Infrastructure.open(settings, MODEL) as opened:
        orders = [an_order(uuid4()) for _ in range(20)]

        async def keep(order):
            async with opened.unit(tenant=order.tenant) as unit:
                await unit.repository(ORDERS).save(order)
                row = await unit.execute(text(look))
                await unit.commit()
                return row.one()

        found = await asyncio.gather(*(keep(order) for order in orders))
        assert found == [("3s", str(order.tenant)) for order in orders]
        left = {(await opened.database.fast.fetch_one(look))[1] for _ in range(10)}
    assert left <= {"", None}


@pytest.fixture(scope="module")
def everything(other):
    """A database with one of everything."""
    url = other.url.rpartition("/")[0] + "/everything"
    with psycopg.connect(other.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE everything")
    with psycopg.connect(url) as connection:
        connection.execute(BASE)
    return url


@pytest.mark.parametrize(("statement", "said"), MUTATIONS.values(), ids=MUTATIONS)
def test_another_postgresql_shows_every_kind_of_drift(everything, statement, said):
    before, after = mutated(everything, statement)
    assert any(str(one).startswith(said) for one in differences(before, after))


def test_another_postgresql_shows_every_single_edit(other):
    with psycopg.connect(other.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE edited")
    assert missed(other.url.rpartition("/")[0] + "/edited") == []


def test_another_postgresql_is_judged_as_its_pg_dump_does(other):
    with psycopg.connect(other.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE judged")
    assert judged_otherwise(INSTALLED[-1] / "pg_dump", other.url.rpartition("/")[0] + "/judged", range(25)) == []
