"""Looking at a repository: its plan, standards, layers and coverage; files are read, nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.plan_tree import NUMBER
from devnet_runner.settings.find import PLANS
from devnet_runner.survey.minimum import minimum_of
from devnet_runner.survey.packages import folders, package_folders
from devnet_runner.survey.quotes import path_map
from devnet_runner.survey.suites import OUT, suites_of
from devnet_runner.survey.values import Found, Survey, Tree, table

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARDS = ("docs/standards", "standards", "devnet-plan/standards")
WAIVERS = ("waivers", "docs/waivers")
LAYERS = {
    "domain": "domain", "use-cases": "use-cases", "usecases": "use-cases", "application": "use-cases",
    "infrastructure": "infrastructure", "adapters": "adapters", "presentation": "presentation", "ui": "presentation",
}  # fmt: skip
NOT_CODE = {"tests", "test", "docs", "doc", "scripts", "tools", "build", "dist", "examples", "benchmarks", "phases",
            "includes", "standards", "waivers", "node_modules", "venv", "migrations", "coverage"}  # fmt: skip
MOST = 60
LONGEST = 200
Layers = tuple[tuple[str, tuple[str, ...]], ...]


def look(tree: Tree, folder: str) -> Survey:
    """The survey of a repository; `folder` is its own name."""
    plan = next((path for path in PLANS if _phases(tree, path)), "")
    found = _layers(tree)
    layers = tuple((name, tuple(paths)) for name, paths in found.items())
    minimum, suites = minimum_of(tree), suites_of(tree)
    include_paths, lost = path_map(tree, [f"{plan}/{name}" for name in _phases(tree, plan)] if plan else [])
    undecided = (*_undecided(plan, layers, suites), *lost, *minimum.undecided, *_traces(tree, suites))
    return Survey(
        project=_name(tree, folder),
        plan=plan or PLANS[1],
        phases=len(_phases(tree, plan)) if plan else 0,
        manifest=tree.file("devnet-plan/manifest.json"),
        standards=tuple(path for path in STANDARDS if tree.folder(path)),
        waivers=next((path for path in WAIVERS if tree.folder(path)), ""),
        include_paths=include_paths,
        layers=layers,
        minimum=minimum,
        suites=suites,
        undecided=undecided,
    )


def _undecided(plan: str, layers: Layers, suites: tuple[Found, ...]) -> Iterator[str]:
    if not plan:
        yield "where the phase documents are: none of the usual folders holds a phase-N-title.md; set `plan`"
    if not layers:
        yield "which code is measured: name its folders under `layers`"
    if not suites:
        yield "how the tests are run: neither pytest nor vitest was found; add a suite under `suites`"
    elif plan:
        yield "which suite proves which step: those below count for every step; bind them with `phase` and `step`"
    for suite in suites:
        yield from suite.undecided


def _traces(tree: Tree, suites: tuple[Found, ...]) -> Iterator[str]:
    """What suites leave in the work tree and git does not ignore: a run blocks where it changes the tree."""
    ignored = tree.read(".gitignore") or ""
    python = any(suite.id == "pytest" for suite in suites)
    left = [
        ("__pycache__/", python and "__pycache__" not in ignored and ".py[" not in ignored and "*.pyc" not in ignored)
    ]
    left += [(f"{OUT}/", len(suites) > python and OUT not in ignored)]
    names = [name for name, wrong in left if wrong]
    if names:
        yield f"what git ignores: add {' and '.join(names)} to .gitignore; a run blocks where suites change the tree"


def _phases(tree: Tree, path: str) -> list[str]:
    """The phase documents in a folder, as the commands find them."""
    return [name for name in tree.names(path) if NUMBER.match(name) and name.endswith(".md")]


def _name(tree: Tree, folder: str) -> str:
    named = table(tree.toml("pyproject.toml"), "project").get("name") or tree.json("package.json").get("name")
    return _printable(named) or _printable(folder) or "project"


def _printable(text: object) -> str:
    """A text on one line, without what a terminal or YAML would take for more than a letter."""
    return "".join(one for one in text if one.isprintable())[:LONGEST].strip() if isinstance(text, str) else ""


def _layers(tree: Tree) -> dict[str, list[str]]:
    """Layers by the usual names of their folders; else one layer for each package."""
    found: dict[str, list[str]] = {}
    for source in _sources(tree):
        for name in folders(tree, source):
            if name in LAYERS:
                found.setdefault(LAYERS[name], []).append(f"{source}/{name}/**".removeprefix("/"))
    for name, path in () if found else _packages(tree):
        found.setdefault(name, []).append(path)
    return found


def _packages(tree: Tree) -> Iterator[tuple[str, str]]:
    """Python packages, and packages of a workspace that have sources; two of one name are one layer."""
    for source in ("src", ""):
        for name in folders(tree, source):
            path = f"{source}/{name}".removeprefix("/")
            if tree.file(f"{path}/__init__.py") and name not in NOT_CODE:
                yield name.replace("_", "-"), f"{path}/**"
    for package in package_folders(tree):
        if tree.folder(f"{package}/src"):
            yield package.rpartition("/")[2], f"{package}/src/**"


def _sources(tree: Tree) -> Iterator[str]:
    """Folders in which those of layers may lie: the root, `src`, packages, and what is in `src` of each."""
    tops = ["", "src", *package_folders(tree), *(f"src/{name}" for name in folders(tree, "src"))]
    for top in tops[:MOST]:
        yield top
        if top and tree.folder(f"{top}/src"):
            yield f"{top}/src"
