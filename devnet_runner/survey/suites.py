"""Finding the suites of a repository: pytest, and vitest in each package that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.survey.values import Found, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGS = ("vitest.config.ts", "vitest.config.js", "vitest.config.mts", "vitest.config.mjs")
RUNNERS = {
    "pnpm-lock.yaml": ("pnpm", "exec"),
    "yarn.lock": ("yarn", "run"),
    "package-lock.json": ("npx", "--no-install"),
}
PACKAGES = ("packages", "apps", "libs")
MOST = 40


def suites_of(tree: Tree) -> tuple[Found, ...]:
    """The suites that were found."""
    return (*_pytest(tree), *_vitest(tree))


def _pytest(tree: Tree) -> Iterator[Found]:
    tool = tree.toml("pyproject.toml").get("tool")
    options = tool.get("pytest", {}).get("ini_options", {}) if isinstance(tool, dict) else {}
    signs = [name for name in ("pytest.ini", "conftest.py", "tests/conftest.py") if tree.has(name)]
    if options:
        signs.insert(0, "pyproject.toml")
    folder = next((name for name in ("tests", "test") if _holds_tests(tree, name)), "")
    if not signs and not folder:
        return
    given = options.get("testpaths") if isinstance(options, dict) else None
    paths = [str(path) for path in given] if isinstance(given, list) and given else [folder or "tests"]
    lines = ("runner: pytest", f"paths: [{', '.join(map(quoted, paths))}]")
    yield Found("pytest", lines, signs[0] if signs else folder)


def _holds_tests(tree: Tree, folder: str) -> bool:
    names = tree.names(folder)
    inside = [name for one in names if one.endswith("/") for name in tree.names(f"{folder}/{one}".rstrip("/"))]
    return any(name.startswith("test_") and name.endswith(".py") for name in (*names, *inside))


def _vitest(tree: Tree) -> Iterator[Found]:
    lock = next((name for name in RUNNERS if tree.has(name)), "package-lock.json")
    folders = [f"{group}/{name.rstrip('/')}" for group in PACKAGES for name in tree.names(group) if name.endswith("/")]
    seen = [folder for folder in folders[:MOST] if _has_vitest(tree, folder)]
    for folder in seen or [""]:
        if folder or _has_vitest(tree, ""):
            yield _suite(folder, RUNNERS[lock])


def _has_vitest(tree: Tree, folder: str) -> bool:
    base = f"{folder}/" if folder else ""
    package = tree.json(f"{base}package.json")
    groups = (package.get(key) for key in ("dependencies", "devDependencies"))
    named = any("vitest" in group for group in groups if isinstance(group, dict))
    return any(tree.has(f"{base}{name}") for name in CONFIGS) or (named and not folder)


def _suite(folder: str, runner: tuple[str, ...]) -> Found:
    base = f"{folder}/" if folder else ""
    command = [*runner, "vitest", "run", "--reporter=junit", "--outputFile=.devnet-out/junit.xml", "--coverage",
               "--coverage.reporter=lcov", "--coverage.reportsDirectory=.devnet-out/coverage"]  # fmt: skip
    lines = ["runner: command", f"command: [{', '.join(map(quoted, command))}]"]
    lines += [f"directory: {quoted(folder)}"] if folder else []
    lines += [f"junit: {quoted(f'{base}.devnet-out/junit.xml')}"]
    lines += [f"coverage: {quoted(f'{base}.devnet-out/coverage/lcov.info')}"]
    name = folder.replace("/", "-") or "vitest"
    return Found(name, tuple(lines), f"{base}vitest.config or package.json")


def quoted(text: str) -> str:
    """A text as YAML takes it for a text, whatever it holds."""
    plain = text.replace("-", "").replace("_", "").replace("/", "").replace(".", "").isalnum()
    return text if plain and text[0].isalpha() and text.lower() not in WORDS else "'" + text.replace("'", "''") + "'"


WORDS = {"true", "false", "yes", "no", "on", "off", "null"}
