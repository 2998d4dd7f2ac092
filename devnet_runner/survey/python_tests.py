"""Finding the tests that pytest runs, and whether any of them is marked for the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.survey.packages import folders
from devnet_runner.survey.values import Found, Tree, quoted, table

if TYPE_CHECKING:
    from collections.abc import Iterator

INIS = (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))
USUAL = ("tests", "test")
DEEP = 4
MOST = 300


def pytest_suite(tree: Tree) -> Iterator[Found]:
    """The suite of a project's pytest tests, where it has some."""
    origin, given = _settings(tree)
    named = [path for path in given if _inside(path) and (path == "." or tree.folder(path) or tree.file(path))]
    paths = named or [name for name in USUAL if any(_tests(tree, name))] or (["."] if _at_top(tree) else [])
    signs = [name for name in ("conftest.py", "tests/conftest.py") if tree.file(name)]
    if not paths and not origin and not signs:
        return
    paths = paths or ["tests"]
    lines = ["runner: pytest", f"paths: [{', '.join(map(quoted, paths))}]"]
    lines += [] if _marked(tree, paths) else ["select: all  # no test is marked `blocking`: every one counts"]
    yield Found("pytest", tuple(lines), origin or (signs or paths)[0])


def _settings(tree: Tree) -> tuple[str, list[str]]:
    """The file in which pytest is set up, and the paths that it names."""
    for path, section in INIS[:1]:
        if tree.file(path):
            return path, tree.ini(path, section).get("testpaths", "").split()
    options = table(tree.toml("pyproject.toml"), "tool", "pytest", "ini_options")
    if options:
        return "pyproject.toml", _listed(options.get("testpaths"))
    for path, section in INIS[1:]:
        found = tree.ini(path, section)
        if found:
            return path, found.get("testpaths", "").split()
    return "", []


def _listed(value: object) -> list[str]:
    """Paths as a list, or as one text with blanks between them."""
    if isinstance(value, str):
        return value.split()
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _inside(path: str) -> bool:
    return path.isprintable() and not path.startswith("/") and ".." not in path.split("/")


def _at_top(tree: Tree) -> bool:
    return any(_is_test(name) for name in tree.names(""))


def _is_test(name: str) -> bool:
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def _tests(tree: Tree, folder: str, deep: int = DEEP) -> Iterator[str]:
    """The test files in a folder and those below it; only those in it where `deep` is 0."""
    base = "" if folder == "." else f"{folder}/"
    yield from (f"{base}{name}" for name in tree.names(base.rstrip("/")) if _is_test(name))
    for name in folders(tree, base.rstrip("/")) if deep else ():
        yield from _tests(tree, f"{base}{name}", deep - 1)


def _marked(tree: Tree, paths: list[str]) -> bool:
    """Whether the word is in a test or in what sets tests up; where none was seen, every test counts: the safe side."""
    places = ["conftest.py", *(f"{path}/conftest.py" for path in paths)]
    for path in paths:
        places += [path] if tree.file(path) else [one for one, _ in zip(_tests(tree, path), range(MOST), strict=False)]
    return any("blocking" in (tree.read(place) or "") for place in places)
