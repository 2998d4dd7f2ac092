"""Where `includes check` keeps what it found: in the project, or beside the user's other caches where there is none."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner import __version__, files
from devnet_runner.errors import DevnetError
from devnet_runner.includes import EMPTY, Cache, read_cache

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devnet_runner.includes import Jail

FOLDER = ".devnet/cache"
NAME = "includes.json"
LIMIT = 100_000_000
IGNORE = b"*\n"


@dataclass(slots=True)
class Store:
    """A file for the cache of one root; `top` is the folder that it is written below."""

    top: Path
    file: Path
    key: str
    found: bytes | None = None

    def load(self) -> Cache:
        """What was kept for this root, these settings and this version of the tool."""
        try:
            self.found = files.read_bytes(self.file, limit=LIMIT)
        except DevnetError:
            return EMPTY
        return read_cache(self.found, self.key)

    def save(self, cache: Cache) -> None:
        """Keep it for the next check. Where it cannot be written that check takes longer, and nothing else is lost."""
        data = cache.written(self.key)
        rules = self.file.with_name(".gitignore")
        try:
            there = (files.File(rules, IGNORE, None),) if not os.path.lexists(rules) else ()
            files.write_all((*there, files.File(self.file, data, self.found)), self.top)
        except DevnetError:
            return


def store(jail: Jail, environ: Mapping[str, str], *, project: bool) -> Store | None:
    """The file for a root; None where there is no place for it."""
    root = os.path.realpath(jail.root)
    key = json.dumps([__version__, root, jail.paths])
    if project:
        return Store(jail.root, jail.root / FOLDER / NAME, key)
    home, given = environ.get("HOME", ""), environ.get("XDG_CACHE_HOME", "")
    top = Path(given) if given else Path(home)
    if not top.is_absolute() or not top.is_dir():
        return None
    folder = top / "devnet-run" if given else top / ".cache" / "devnet-run"
    return Store(top, folder / hashlib.sha256(os.fsencode(root)).hexdigest()[:32] / NAME, key)
