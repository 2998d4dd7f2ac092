"""The files that keep the plan's claims, as they stand in the project: checkpoint and progress."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.files import read_bytes
from devnet_runner.findings import Place

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 5_000_000


def kept(root: Path, name: str) -> bytes | None:
    """The bytes of the file `name` below the root, or None where nothing is there.

    Raises InputError, with the place as the settings write it, where it is no readable file of bounded size.
    """
    path = root / name
    # Also a link that leads nowhere is something: reading it says what is wrong.
    if not os.path.lexists(path):
        return None
    try:
        return read_bytes(path, limit=LIMIT)
    except InputError as error:
        raise InputError([replace(one, where=Place(name)) for one in error.findings]) from error
