"""Step 1: settings are validated when the infrastructure is composed; another host must prove who it is."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from infra_adapters.errors import ConfigError
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.postgres.engine import connect_options, tool_options
from infra_adapters.settings import DatabaseSettings

pytestmark = pytest.mark.blocking

POOL = "PostgreSQL connections from a pool with limits, bounded waiting and timeouts"
REMOTE = "postgresql://u:hidden@db.example.org/d"
LOCAL = "postgresql://u:hidden@127.0.0.1/d"

WRONG = [
    ({"url": ""}, "DATABASE_URL"),
    ({"url": "   "}, "DATABASE_URL"),
    ({"url": "mysql://u:hidden@h/d"}, "postgresql://"),
    ({"pool_size": 0}, "DATABASE_POOL_SIZE"),
    ({"acquire_timeout": -1}, "DATABASE_ACQUIRE_TIMEOUT"),
    ({"poolsize": 3}, "DATABASE_POOLSIZE"),
    ({"application_name": ""}, "DATABASE_APPLICATION_NAME"),
    ({"url": REMOTE + "?sslmode=require"}, "sslmode=require would trust any server"),
    ({"url": REMOTE + "?sslmode=disable"}, "DATABASE_URL"),
    ({"url": "postgresql://u:hidden@127.0.0.1,db.example.org/d?sslmode=prefer"}, "sslmode=prefer"),
    ({"tls_root": "/no/such/file.pem"}, "DATABASE_TLS_ROOT"),
    ({"cursor_keys": ["hidden"]}, "DATABASE_CURSOR_KEYS"),
    ({"pooler": "session"}, "DATABASE_POOLER"),
    ({"statement_timeout": float("inf")}, "DATABASE_STATEMENT_TIMEOUT"),
    ({"lock_timeout": float("nan")}, "DATABASE_LOCK_TIMEOUT"),
    ({"idle_in_transaction_timeout": 2_147_484}, "DATABASE_IDLE_IN_TRANSACTION_TIMEOUT"),
    ({"silence_timeout": 40_000}, "DATABASE_SILENCE_TIMEOUT"),
    ({"slow_after": float("inf")}, "DATABASE_SLOW_AFTER"),
    ({"role": "a\0"}, "DATABASE_ROLE"),
    ({"application_name": "a\0"}, "DATABASE_APPLICATION_NAME"),
    ({"url": LOCAL + "%00"}, "DATABASE_URL"),
    ({"url": "postgresql://u:hidden@/d?host=/run&port=abc"}, "a port is a number"),
    ({"url": "postgresql://u:hidden@/d?host=/run&port=5432,0"}, "a port is a number"),
    ({"url": "postgresql://u:hidden@localhost:70000/d"}, "a port is a number"),
    ({"url": "postgresql://u:hidden@[::1]:x/d"}, "a port is a number"),
    ({"url": REMOTE + "?sslmode=disable&sslmode=verify-full"}, "sslmode=disable"),
    ({"pooler": "transaction", "role": "app"}, "log in as DATABASE_ROLE"),
]


@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize(("values", "said"), WRONG)
def test_wrong_settings_are_refused_at_composition(values, said):
    with pytest.raises(ConfigError, match=said) as caught:
        DatabaseSettings.of(**{"url": LOCAL, **values})
    assert "hidden" not in str(caught.value)


VERIFIED = {"sslmode": "verify-full", "sslrootcert": "system"}
TLS = [
    ({"url": "postgresql://u@localhost/d?hostaddr=192.0.2.1"}, VERIFIED),
    ({"url": "postgresql://u@localhost/d?hostaddr=127.0.0.1"}, {}),
    ({"url": "postgresql://u@/d?service=main"}, VERIFIED),
    ({"url": "postgresql://u@/d?host=db.example.org&host=localhost"}, VERIFIED),
    ({"url": "postgresql://u@/d?host=localhost,192.0.2.1"}, VERIFIED),
    ({"url": "postgresql://u@%2Frun%2Fpostgresql/d"}, {}),
    ({"url": "postgresql://u@/d"}, {}),
    ({"url": REMOTE}, {"sslmode": "verify-full", "sslrootcert": "system"}),
    ({"url": REMOTE + "?sslmode=verify-full&sslrootcert=/ca"}, {"sslmode": "verify-full", "sslrootcert": "/ca"}),
    ({"url": REMOTE, "tls_root": __file__}, {"sslmode": "verify-full", "sslrootcert": __file__}),
    ({"url": REMOTE, "insecure": True}, {}),
    ({"url": REMOTE + "?sslmode=disable", "insecure": True}, {}),
    ({"url": LOCAL}, {}),
    ({"url": "postgresql://u@[::1]:5433/d"}, {}),
    ({"url": "postgresql://u@localhost/d"}, {}),
    ({"url": "postgresql:///d?host=/run/postgresql"}, {}),
    ({"url": "postgresql://u@/d?host=db.example.org"}, {"sslmode": "verify-full", "sslrootcert": "system"}),
]


@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize(("values", "expected"), TLS)
def test_another_host_must_prove_who_it_is(values, expected):
    chosen = DatabaseSettings.of(**values)
    assert chosen.tls_options == expected
    found = connect_options(chosen)
    assert {name: found[name] for name in found if name.startswith("ssl")} == expected


ELSEWHERE = [
    ("PGHOST", "db.example.org", "postgresql:///d", True),
    ("PGHOST", "/run/postgresql", "postgresql:///d", False),
    ("PGHOST", "db.example.org", LOCAL, False),
    ("PGHOSTADDR", "192.0.2.1", LOCAL, True),
    ("PGHOSTADDR", "127.0.0.1", LOCAL, False),
    ("PGSERVICE", "main", LOCAL, True),
]


@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize(("variable", "value", "url", "remote"), ELSEWHERE)
def test_what_libpq_reads_from_the_environment_is_another_host_too(monkeypatch, variable, value, url, remote):
    """libpq fills what a URL leaves out, and connects to an address rather than to a name."""
    monkeypatch.setenv(variable, value)
    assert bool(DatabaseSettings.of(url=url).tls_options) is remote


def test_a_pooler_gets_neither_options_nor_prepared_statements():
    found = connect_options(DatabaseSettings.of(url=LOCAL, pooler="transaction"))
    assert "options" not in found
    assert found["prepare_threshold"] is None


def test_a_role_with_blanks_is_one_name():
    found = connect_options(DatabaseSettings.of(url=LOCAL, role="my \\role"))
    assert found["options"].endswith("-c role=my\\ \\\\role")


def test_the_connections_of_a_process_are_counted():
    assert DatabaseSettings.of(url=LOCAL, pool_size=3, pool_overflow=2, fast_pool_size=4).connections == 9


def test_a_missing_url_is_refused(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(ConfigError, match="DATABASE_URL: Field required"):
        DatabaseSettings.of()


async def test_a_url_that_cannot_be_parsed_is_refused():
    with pytest.raises(ConfigError):
        async with Infrastructure.open(DatabaseSettings.of(url="postgresql://u:p@h:port/d")):
            pass


async def test_keys_for_cursors_come_from_the_settings():
    keys = ["k" * 32, "o" * 32]
    async with Infrastructure.open(DatabaseSettings.of(url=LOCAL, cursor_keys=keys)) as opened:
        assert opened.model.cursor_keys == (b"k" * 32, b"o" * 32)


def test_a_password_is_not_shown():
    chosen = DatabaseSettings.of(url=LOCAL, cursor_keys=["hidden" * 6])
    assert "hidden" not in repr(chosen)
    assert make_url(chosen.url.get_secret_value()).password == "hidden"


@pytest.mark.deliverable(POOL)
def test_tools_that_change_a_schema_verify_the_server_too(monkeypatch):
    monkeypatch.delenv("DATABASE_INSECURE", raising=False)
    assert tool_options(REMOTE, "tool")["sslmode"] == "verify-full"
    assert "sslmode" not in tool_options(LOCAL, "tool")
    with pytest.raises(ConfigError, match="sslmode=require"):
        tool_options(REMOTE + "?sslmode=require", "tool")
