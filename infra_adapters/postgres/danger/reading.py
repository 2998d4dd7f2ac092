"""From the SQL of a revision to its dangerous statements: by Squawk, a linter of migrations, and what it cannot see."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from infra_adapters.errors import MigrationFailed
from infra_adapters.postgres.danger.kinds import BEYOND, LINTED

SECONDS = 60
"""How long a linter that takes 3 ms for a revision may take."""
SHOWN = 120
"""How many characters of a statement are shown."""
_QUIET = re.compile(r"(?P<kept>'(?:[^']|'')*'|\"[^\"]*\")|--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Danger:
    """A statement that would stop a running service, or break its version before; `kind` is one of KINDS."""

    kind: str
    statement: str
    why: str
    cure: str

    def __str__(self) -> str:
        cure = f" Instead: {self.cure}" if self.cure else ""
        return f"{self.kind}: {self.statement}: {self.why}{cure}"


@lru_cache(maxsize=512)
def examine(sql: str, version: str = "18.0") -> tuple[Danger, ...]:
    """The dangers in the SQL of a migration, in order, on a server of a `version` like 18.0; one of a kind a statement.

    BEGIN and COMMIT in the text say what is one transaction. What the same text has created may be changed freely.
    Raises MigrationFailed where Squawk is not installed or does not answer.
    """
    read = sql.replace("squawk-ignore", "squawk_ignore")
    lines = read.split("\n")
    found = [(_place(lines, said), _danger(lines, said)) for said in _linted(read, version)]
    # Comments become blanks of the same length, so that a place is the same in both texts.
    bare = _QUIET.sub(lambda match: match["kept"] or re.sub(r"[^\n]", " ", match[0]), read)
    for kind, (pattern, why, cure) in BEYOND.items():
        for match in pattern.finditer(bare):
            end = bare.find(";", match.end())
            whole = bare[match.start() : end if end >= 0 else len(bare)]
            found.append((match.start(), Danger(kind, _shown(whole), why, cure)))
    return tuple(dict.fromkeys(danger for _, danger in sorted(found, key=lambda one: one[0])))


def _linted(sql: str, version: str) -> list[dict[str, Any]]:
    program = Path(sysconfig.get_path("scripts")) / "squawk"
    path = str(program) if program.is_file() else shutil.which("squawk")
    if path is None:
        raise MigrationFailed("a revision cannot be judged: the program squawk is missing; install squawk-cli")
    # A settings file of its own: what lies in the folder where somebody happens to be decides nothing.
    command = [path, "--reporter", "json", "--pg-version", version, "--config", "/dev/null"]
    try:
        done = subprocess.run(command, input=sql, capture_output=True, text=True, timeout=SECONDS, check=False)
        return [said for said in json.loads(done.stdout) if said["rule_name"] in LINTED]
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise MigrationFailed(f"a revision cannot be judged: {path} did not answer ({error})") from None


def _place(lines: list[str], said: dict[str, Any]) -> int:
    return sum(len(line) + 1 for line in lines[: said["line"]]) + int(said["column"])


def _danger(lines: list[str], said: dict[str, Any]) -> Danger:
    statement = _shown("\n".join(lines[said["line"] : said["line_end"] + 1]))
    return Danger(said["rule_name"], statement, said["message"], said["help"] or "")


def _shown(text: str) -> str:
    """A statement on one line, without what its strings say."""
    line = re.sub(r"'(?:[^']|'')*'", "'…'", " ".join(text.strip(" \t\r\n;").split()))
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
