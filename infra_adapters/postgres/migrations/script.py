"""A history of revisions: a folder of Alembic's, and the table that says how far a database has come with it."""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from infra_adapters.errors import InfraError, MigrationFailed, RevisionBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic.runtime.migration import MigrationContext
    from alembic.script.base import Script as AlembicScript
    from sqlalchemy import Connection

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Revision:
    """A step of the schema's history; `down` is the one before it, None for the first.

    `checksum` is the SHA-256 of its file, in which line ends are taken as one character.
    """

    id: str
    down: str | None
    text: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Script:
    """`folder` holds `versions/` with the revisions, which our `env.py` runs. `name` is lasting: ledgers carry it."""

    name: str = "infra"
    folder: Path = FOLDER
    version_table: str = "infra_revision"

    def revisions(self) -> tuple[Revision, ...]:
        """Every revision, oldest first. Raises MigrationFailed where they do not make one line."""
        with named():
            found = ScriptDirectory.from_config(self.config())
            heads = found.get_heads()
            if len(heads) > 1:
                raise MigrationFailed(f"the history has {len(heads)} ends: {', '.join(sorted(heads))}; merge them")
            return tuple(_revision(one) for one in reversed(list(found.walk_revisions())))

    def between(self, here: str | None, target: str) -> tuple[Revision, ...]:
        """The revisions on the way from one to a later one, oldest first. Raises MigrationFailed for an unknown one."""
        with named():
            found = ScriptDirectory.from_config(self.config())
            ahead = found.iterate_revisions(target, here or "base")
            return tuple(_revision(one) for one in reversed(list(ahead)) if one.revision != here)

    def needed(self) -> dict[str, str]:
        """The newest revision, by the table that says where a schema is: what a model's `revisions` are made of."""
        found = self.revisions()
        return {self.version_table: found[-1].id} if found else {}

    def config(
        self,
        connection: Connection | None = None,
        *,
        output: io.StringIO | None = None,
        applied: tuple[Callable[..., None], ...] = (),
        watched: Callable[[MigrationContext], None] | None = None,
    ) -> Config:
        """What Alembic is told. `applied` are called in the transaction of each step, `watched` before all."""
        config = Config(stdout=io.StringIO(), output_buffer=output)
        config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
        config.set_main_option("version_locations", str(self.folder / "versions").replace("%", "%%"))
        config.set_main_option("path_separator", "newline")
        config.attributes |= {
            "connection": connection,
            "version_table": self.version_table,
            "on_version_apply": applied,
            "watched": watched,
        }
        return config


@contextmanager
def named() -> Iterator[None]:
    """Raise MigrationFailed for what Alembic refuses, a wrong target among it, and RevisionBroken for a mistake."""
    try:
        yield
    except (CommandError, RevisionError) as error:
        raise MigrationFailed(str(error)) from None
    except (InfraError, DBAPIError, psycopg.Error):
        raise
    except Exception as error:
        if isinstance(error, AssertionError) and _raised_in(error).startswith("alembic."):
            raise MigrationFailed("there is no revision so far from the one that is there") from None
        raise RevisionBroken(f"a revision cannot be run: {type(error).__name__}: {error}") from error


def _raised_in(error: Exception) -> str:
    """The name of the module that an error comes from."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals.get("__name__", "")) if trace else ""


def _revision(one: AlembicScript) -> Revision:
    text = Path(one.path).read_bytes().replace(b"\r\n", b"\n")
    down: Any = one.down_revision
    if down is not None and not isinstance(down, str):
        raise MigrationFailed(f"revision {one.revision} has several before it; a history is one line")
    return Revision(one.revision, down, one.doc, hashlib.sha256(text).hexdigest())
