"""How soon a run has its database, and what a template saves each process of tests: `python -m benchmarks.database`."""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING

import psycopg

from devnet_runner.database import Template, open_database
from devnet_runner.database.programs import Programs, find_programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

ROUNDS = 7
TABLES = 30
GOAL = 2.0


def main() -> None:
    """Print each figure with its goal or ratio."""
    programs = find_programs({})
    forget(programs)
    cold = entering(lambda: open_database(environ={}))
    warm = median(lambda: entering(lambda: open_database(environ={})))
    print(f"PostgreSQL {programs.version}, {programs.source}")
    print(f"ready, programs not in memory    {cold:7.3f} s")
    print(f"ready, programs in memory        {warm:7.3f} s   goal {GOAL} s: {'met' if warm <= GOAL else 'missed'}")
    with open_database(environ={}) as database:
        compare(database.url)


def compare(url: str) -> None:
    """Print what a database costs from a template, empty, and prepared anew."""
    template = Template.create(url, prepare)
    empty = Template.create(url, lambda _url: None)
    copied = median(lambda: entering(template.fresh))
    plain = median(lambda: entering(empty.fresh))
    anew = median(lambda: prepared(empty))
    print(f"a copy of {TABLES} tables              {copied * 1000:7.1f} ms  {copied / anew:.2f} of preparing it anew")
    print(f"an empty database                {plain * 1000:7.1f} ms")
    print(f"an empty one, and its tables     {anew * 1000:7.1f} ms")


def prepare(url: str) -> None:
    """Make tables as migrations do: with keys, an index and some rows, one by one."""
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(TABLES):
            connection.execute(f"CREATE TABLE t{number} (id bigserial PRIMARY KEY, name text NOT NULL)")
            connection.execute(f"CREATE INDEX ON t{number} (name)")
            connection.execute(f"INSERT INTO t{number} (name) SELECT 'row ' || n FROM generate_series(1, 100) n")


def prepared(empty: Template) -> float:
    """The seconds for an empty database with tables made in it."""
    began = time.perf_counter()
    with empty.fresh() as url:
        prepare(url)
        return time.perf_counter() - began


def entering(open_it: Callable[[], AbstractContextManager[object]]) -> float:
    """The seconds until something is open."""
    began = time.perf_counter()
    with open_it():
        return time.perf_counter() - began


def median(measure: Callable[[], float]) -> float:
    """The middle of several measurements."""
    return statistics.median(measure() for _ in range(ROUNDS))


def forget(programs: Programs) -> None:
    """Have the system take the programs' files out of memory, where it can be asked to."""
    for path in files(programs.folder.parent):
        descriptor = os.open(path, os.O_RDONLY)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def files(folder: Path) -> Iterator[Path]:
    """Every file below a folder that we may read."""
    return (path for path in folder.rglob("*") if path.is_file() and os.access(path, os.R_OK))


if __name__ == "__main__":
    main()
