"""A template is prepared once; each process of tests gets a fresh copy of it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from devnet_runner.database import Template, open_database
from devnet_runner.database.address import Address
from devnet_runner.errors import EnvironmentStopped


@pytest.fixture(scope="module")
def database():
    with open_database(environ=os.environ) as database:
        yield database


def names(database) -> set[str]:
    with psycopg.connect(database.url) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [database.name])
        return {row[0] for row in found}


@pytest.fixture
def template(database):
    template = Template.create(database.url, prepare)
    yield template
    template.drop()
    assert names(database) == {database.name}


def prepare(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE facts AS SELECT generate_series(1, 3) AS id")


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM facts").fetchone()[0]


def test_a_copy_has_what_was_prepared_and_keeps_its_changes_to_itself(template):
    with template.fresh() as one, template.fresh() as other:
        with psycopg.connect(one) as connection:
            connection.execute("DELETE FROM facts")
        assert (count(one), count(other)) == (0, 3)


def test_names_begin_with_the_name_of_the_run(database, template):
    with template.fresh() as url:
        copy = Address.parse(url).name
        assert names(database) == {database.name, template.name, copy}
        assert copy.startswith(template.name)


def test_a_copy_goes_with_whoever_is_connected(database, template):
    with template.fresh() as url:
        connection = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
    assert names(database) == {database.name, template.name}


def test_one_connection_makes_many_copies(database, template):
    with template.copies() as copies, copies.fresh() as one, copies.fresh() as other:
        with psycopg.connect(one) as connection:
            connection.execute("DELETE FROM facts")
        assert (count(one), count(other)) == (0, 3)
    assert names(database) == {database.name, template.name}


def test_copies_are_made_at_the_same_time(template):
    def copied(_number: int) -> int:
        with template.fresh() as url:
            return count(url)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(copied, range(8))) == [3] * 8


def test_another_process_can_be_given_a_template_as_two_texts(template):
    with Template(template.url, template.name).fresh() as url:
        assert count(url) == 3


def test_a_preparation_that_fails_leaves_nothing(database):
    def fail(url: str) -> None:
        with psycopg.connect(url) as connection:
            connection.execute("nonsense")

    with pytest.raises(psycopg.errors.SyntaxError):
        Template.create(database.url, fail)
    assert names(database) == {database.name}


def test_a_template_that_is_gone_is_named(database):
    with pytest.raises(EnvironmentStopped, match=f'"{database.name}_gone" does not exist'):
        Template(database.url, f"{database.name}_gone").fresh().__enter__()


def test_names_fit_where_the_name_of_the_database_is_long(database):
    name = f"{database.name}_{'x' * 35}"
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    template = Template.create(Address.parse(database.url).named(name).url, prepare)
    with template.fresh() as url:
        assert count(url) == 3
        assert len(Address.parse(url).name) <= 63
    template.drop()
