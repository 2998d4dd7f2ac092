"""Reads a folder of either form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra_adapters.errors import InvalidRequest
from infra_adapters.postgres.drizzle.folders import SCRIPT, read_folders
from infra_adapters.postgres.drizzle.journal import JOURNAL, read_journal

if TYPE_CHECKING:
    from infra_adapters.postgres.drizzle.values import Folder


def read_folder(path: Path | str) -> Folder:
    """The migrations of a folder that drizzle-kit wrote. Raises InvalidRequest with file, place and cure."""
    folder = Path(path)
    try:
        newer = sorted(one.name for one in folder.iterdir() if (one / SCRIPT).exists())
    except OSError as error:
        raise InvalidRequest(f"{folder}: it cannot be read as a folder ({error.strerror}); check the path") from None
    if not (folder / JOURNAL).exists():
        if not newer:
            cure = "point at the folder that `out` of drizzle.config names, or run drizzle-kit generate"
            raise InvalidRequest(f"{folder}: there is neither {JOURNAL} nor a folder with {SCRIPT}; {cure}")
        return read_folders(folder)
    if newer:
        what = f"there are both {JOURNAL} and folders such as {newer[0]}"
        raise InvalidRequest(f"{folder}: {what}; run drizzle-kit up, and remove what it leaves of the older form")
    return read_journal(folder)
