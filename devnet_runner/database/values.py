"""What a run gets as its database, and how such databases are named."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

RUN = re.compile(r"devnet_run_[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database that belongs to one run.

    `source` is `DATABASE_URL`, `embedded` or `installed`; `version` is the server's, like `18.6`. Databases whose
    names begin with `name` belong to the run too, and go with it.
    """

    url: str = field(repr=False)
    source: str
    version: str
    name: str


def new_name() -> str:
    """A random name for the database of a run."""
    return f"devnet_run_{secrets.token_hex(6)}"


def run_of(database: str) -> str:
    """The name of the run that a database belongs to, empty where it is no run's."""
    found = RUN.match(database)
    return found[0] if found else ""
