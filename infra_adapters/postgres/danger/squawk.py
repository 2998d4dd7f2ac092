"""Squawk, a linter of migrations: what it says of a text."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra_adapters.errors import MigrationFailed
from infra_adapters.postgres.danger.kinds import LINTED, OPTIONAL

SECONDS = 60
"""How long a linter that takes 3 ms for a revision may take."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What it says of a place, which is counted in bytes of UTF-8 from the beginning of the text."""

    kind: str
    place: int
    why: str
    cure: str


def linted(sql: str, version: str) -> tuple[Finding, ...]:
    """What Squawk finds on a server of a `version` like 18.0. Raises MigrationFailed where it is not there or is mute.

    A remark like `squawk-ignore` counts for nothing, and no settings file is read.
    """
    program = Path(sysconfig.get_path("scripts")) / "squawk"
    path = str(program) if program.is_file() else shutil.which("squawk")
    if path is None:
        raise MigrationFailed("a revision cannot be judged: the program squawk is missing; install squawk-cli")
    # A settings file of its own: what lies in the folder where somebody happens to be decides nothing.
    command = [path, "--reporter", "json", "--pg-version", version, "--config", "/dev/null"]
    command += [f"--include={kind}" for kind in sorted(OPTIONAL)]
    read = sql.replace("squawk-ignore", "squawk_ignore").encode()
    try:
        done = subprocess.run(command, input=read, capture_output=True, timeout=SECONDS, check=False)
        found = [said for said in json.loads(done.stdout) if said["rule_name"] in LINTED]
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise MigrationFailed(f"a revision cannot be judged: {path} did not answer ({error})") from None
    lines = read.split(b"\n")
    return tuple(Finding(said["rule_name"], _place(lines, said), said["message"], said["help"] or "") for said in found)


def _place(lines: list[bytes], said: dict[str, Any]) -> int:
    return sum(len(line) + 1 for line in lines[: said["line"]]) + int(said["column"])
