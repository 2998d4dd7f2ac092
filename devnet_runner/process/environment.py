"""The environment that a command gets: what every program needs, and what settings name; nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EVERYWHERE = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TMPDIR", "TZ", "NODE_EXTRA_CA_CERTS",
)  # fmt: skip


def minimal_environment(environ: Mapping[str, str], names: Iterable[str] = ()) -> dict[str, str]:
    """Take what every program needs (a path, a home, a locale) and the named variables; so no secret by accident."""
    wanted = {*EVERYWHERE, *names}
    taken = {name: value for name, value in environ.items() if name in wanted or name.startswith("LC_")}
    return {"PATH": os.defpath, "TERM": "dumb"} | taken
