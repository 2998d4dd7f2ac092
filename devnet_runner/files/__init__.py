"""The one room that reads and writes the user's files: whole or not at all, and inside the root only."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from devnet_runner.files.read import read_bytes

__all__ = ["File", "Syscalls", "clean_stale", "read_bytes", "write_all"]

if TYPE_CHECKING:
    from devnet_runner.files.temps import Syscalls, clean_stale
    from devnet_runner.files.write import File, write_all
else:
    PLACES = {"File": "write", "write_all": "write", "Syscalls": "temps", "clean_stale": "temps"}

    def __getattr__(name: str) -> object:
        # Who only reads does not wait for what writes (PEP 562).
        if name not in PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{PLACES[name]}"), name)
