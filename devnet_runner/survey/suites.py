"""Finding the suites of a repository: pytest, and vitest in each package that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.survey.packages import package_folders
from devnet_runner.survey.python_tests import pytest_suite
from devnet_runner.survey.values import Found, Tree, quoted, table

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGS = ("vitest.config.ts", "vitest.config.js", "vitest.config.mts", "vitest.config.mjs")
RUNNERS = {
    "pnpm-lock.yaml": ("pnpm", "exec"),
    "yarn.lock": ("yarn", "run"),
    "package-lock.json": ("npx", "--no-install"),
}
PROVIDERS = ("@vitest/coverage-v8", "@vitest/coverage-istanbul")
OUT = ".devnet-out"
MOST = 40


def suites_of(tree: Tree) -> tuple[Found, ...]:
    """The suites that were found."""
    return (*pytest_suite(tree), *_vitest(tree))


def _vitest(tree: Tree) -> Iterator[Found]:
    lock = next((name for name in RUNNERS if tree.file(name)), "package-lock.json")
    seen = [folder for folder in package_folders(tree)[:MOST] if _origin(tree, folder)]
    for folder in seen or [""]:
        origin = _origin(tree, folder)
        if origin:
            yield _suite(tree, folder, RUNNERS[lock], origin)


def _origin(tree: Tree, folder: str) -> str:
    """The file that shows that a package has vitest; empty where none does."""
    paths = (f"{folder}/{name}".removeprefix("/") for name in CONFIGS)
    config = next((path for path in paths if tree.file(path)), "")
    package = f"{folder}/package.json".removeprefix("/")
    return config or (package if "vitest" in _needed(tree, folder) else "")


def _needed(tree: Tree, folder: str) -> set[str]:
    """The packages that a package names as needed."""
    package = tree.json(f"{folder}/package.json".removeprefix("/"))
    return {name for key in ("dependencies", "devDependencies") for name in table(package, key)}


def _suite(tree: Tree, folder: str, runner: tuple[str, ...], origin: str) -> Found:
    base = f"{folder}/" if folder else ""
    measured = not {*PROVIDERS}.isdisjoint(_needed(tree, folder) | _needed(tree, ""))
    command = [*runner, "vitest", "run", "--reporter=junit", f"--outputFile={OUT}/junit.xml"]
    if measured:
        command += ["--coverage", "--coverage.reporter=lcov", f"--coverage.reportsDirectory={OUT}/coverage"]
    lines = ["runner: command", f"command: [{', '.join(map(quoted, command))}]"]
    lines += [f"directory: {quoted(folder)}"] if folder else []
    lines += [f"junit: {quoted(f'{base}{OUT}/junit.xml')}"]
    lines += [f"coverage: {quoted(f'{base}{OUT}/coverage/lcov.info')}"] if measured else []
    name = folder.replace("/", "-") or "vitest"
    what = f"how {folder or 'the project'} is measured: no package.json names {PROVIDERS[0]}; add it, and run init anew"
    return Found(name, tuple(lines), origin, () if measured else (what,))
