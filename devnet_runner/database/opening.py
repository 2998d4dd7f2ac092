"""Opens the database of a run: on the server that is given, else on one of the run's own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from devnet_runner.database.folders import bases, sweep
from devnet_runner.database.given import given_database, run_database
from devnet_runner.database.programs import Programs, find_programs
from devnet_runner.database.server import served
from devnet_runner.database.values import Database, new_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@contextmanager
def open_database(*, environ: Mapping[str, str], scratch: Path | None = None) -> Iterator[Database]:
    """A new database for one run, gone with everything of it at the end, however the run ends.

    `DATABASE_URL` in `environ` names a given server; without it a server is started, from the embedded programs or
    else from installed ones (`DEVNET_POSTGRES_BIN` names a folder with others), below `scratch`, else where memory
    serves as a disk, else in the temporary folder. What a run that crashed left there is cleaned up first.

    Raises EnvironmentStopped where no database is to be had.
    """
    if url := environ.get("DATABASE_URL", ""):
        with given_database(url) as database:
            yield database
        return
    with own_database(find_programs(environ), bases(environ, scratch)) as database:
        yield database


@contextmanager
def own_database(programs: Programs, places: tuple[Path, ...]) -> Iterator[Database]:
    """A new database on a server of the run's own, in the first of `places`; copied programs are put in the last."""
    for base in places:
        sweep(base)
    with (
        served(programs, places[0], places[-1]) as address,
        run_database(address, new_name(), programs.source) as database,
    ):
        yield database
