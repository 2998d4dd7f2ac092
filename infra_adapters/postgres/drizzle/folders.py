"""Reads a folder of drizzle-kit 1.x: a folder for each migration, named for its moment, and no journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra_adapters.errors import InvalidRequest
from infra_adapters.postgres.drizzle.files import read_text, sha256
from infra_adapters.postgres.drizzle.journal import read_snapshot
from infra_adapters.postgres.drizzle.script import statements
from infra_adapters.postgres.drizzle.values import Folder, Format, Migration

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = "migration.sql"
DIGITS = 14
ORDER = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
"""Signs in the order of the Unicode collation, which JavaScript sorts names by; digits and letters come after them."""


def read_folders(path: Path) -> Folder:
    """The folder, in the order of its names. Raises InvalidRequest."""
    names = sorted((one.name for one in path.iterdir() if (one / SCRIPT).exists()), key=_order)
    unlisted = sorted(one.name for one in path.iterdir() if one.is_dir() and one.name not in names)
    migrations = tuple(_migration(path, name) for name in names)
    return Folder(path, Format.FOLDERS, migrations, tuple(unlisted))


def _order(name: str) -> tuple[object, ...]:
    weights = [(0, ORDER.index(one)) if one in ORDER else (1, ord(one)) for one in name.casefold()]
    return weights, name.swapcase()


def _migration(folder: Path, name: str) -> Migration:
    path = folder / name / SCRIPT
    text = read_text(path)
    snapshot = read_snapshot(folder / name / "snapshot.json")
    return Migration(name, path, _moment(folder / name), sha256(text), statements(text), snapshot)


def _moment(path: Path) -> int:
    digits = path.name[:DIGITS]
    try:
        if not (digits.isascii() and digits.isdigit() and len(digits) == DIGITS):
            raise ValueError
        moment = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        cure = "name it YYYYMMDDHHMMSS_name, as drizzle-kit does"
        raise InvalidRequest(f"{path}: the name does not begin with a moment; {cure}") from None
    return int(moment.timestamp()) * 1000
