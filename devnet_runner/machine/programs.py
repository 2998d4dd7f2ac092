"""Checks of the programs that suites and standards call. Nothing that lies in the project is run for it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.machine.asking import ask
from devnet_runner.machine.values import GETS, Check, State
from devnet_runner.suites.pytest import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devnet_runner.settings import Suite

NEEDED = ("pytest", "coverage")
FINDS = "import importlib.util as u, sys; print(*[n for n in sys.argv[1:] if u.find_spec(n) is None])"
MANAGERS = {"pnpm": "pnpm install", "yarn": "yarn install", "npx": "npm install", "npm": "npm install"}


def suite_checks(suite: Suite, root: Path, environ: Mapping[str, str]) -> Iterator[Check]:
    """What a suite needs to be started."""
    name = f"suite {suite.id}"
    if suite.runner == "pytest":
        yield _pytest(name, interpreter(suite, root), root, environ)
        return
    folder, program = root / suite.directory, suite.command[0]
    if not there(program, folder, environ):
        what = f"`{program}`, which starts it, is not there"
        yield Check(name, State.MISSING, what, GETS.get(program, f"install {program}"))
    elif "vitest" in suite.command or program.endswith("/vitest"):
        yield from _vitest(name, program, folder, root, environ)
    else:
        yield Check(name, State.GOOD, f"`{program}` is there")


def call_checks(calls: Iterable[str], root: Path, environ: Mapping[str, str]) -> Iterator[Check]:
    """The programs that tests of standards call and that are not there."""
    for name in sorted(set(calls)):
        if not there(name, root, environ):
            what = f"tests of standards call `{name}`, which is not there: they cannot be judged"
            yield Check(name, State.MISSING, what, GETS.get(name, f"install {name}"))


def there(program: str, folder: Path, environ: Mapping[str, str]) -> bool:
    """Whether a program is found from a folder: on the program path, or where its own path says."""
    if "/" in program:
        return os.access(folder / program, os.X_OK)
    return shutil.which(program, path=environ.get("PATH", os.defpath)) is not None


def _pytest(name: str, python: str, root: Path, environ: Mapping[str, str]) -> Check:
    if not there(python, root, environ):
        return Check(name, State.MISSING, f"its interpreter {python} is not there", "set the suite's `python`")
    path = Path(python)
    # An interpreter that came with the project could do anything: it is looked at, and not run.
    found = _installed(path) if path.is_relative_to(root) else ask((python, "-c", FINDS, *NEEDED), environ)
    if found is None:
        what = f"whether {python} has {' and '.join(NEEDED)} cannot be told without running it"
        return Check(name, State.NOTE, what, f"{python} -m pip install {' '.join(NEEDED)}")
    if found:
        what = f"{python} has no {' and no '.join(found.split())}"
        return Check(name, State.MISSING, what, f"{python} -m pip install {found}")
    return Check(name, State.GOOD, f"{' and '.join(NEEDED)} in {python}")


def _installed(python: Path) -> str | None:
    """The needed packages that a virtual environment lacks; None where its folders do not tell."""
    prefix = python.parent.parent
    sites = sorted(prefix.glob("lib/python*/site-packages"))
    missing = [name for name in NEEDED if not any((site / name).is_dir() for site in sites)]
    try:
        shared = "include-system-site-packages = true" in (prefix / "pyvenv.cfg").read_text(errors="replace")
    except OSError:
        return None
    return None if not sites or (missing and shared) else " ".join(missing)


def _vitest(name: str, program: str, folder: Path, root: Path, environ: Mapping[str, str]) -> Iterator[Check]:
    if not there("node", root, environ):
        yield Check(name, State.MISSING, "`node`, which vitest runs on, is not there", GETS["node"])
    above = [one for one in (folder, *folder.parents) if one.is_relative_to(root)]
    if any((one / "node_modules/.bin/vitest").exists() for one in above):
        yield Check(name, State.GOOD, "vitest is installed")
    else:
        fix = MANAGERS.get(program, "npm install")
        yield Check(name, State.MISSING, f"vitest is not installed in {folder}", fix)
