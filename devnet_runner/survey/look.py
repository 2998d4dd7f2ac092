"""Looking at a repository: its plan, standards, layers and coverage; files are read, nothing is run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.survey.suites import suites_of
from devnet_runner.survey.values import Found, Survey, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANS = ("devnet-plan/phases", "phases", "docs/phases", "plan/phases", "docs/plan", "plan")
STANDARDS = ("docs/standards", "standards", "devnet-plan/standards")
WAIVERS = ("waivers", "docs/waivers")
PHASE = re.compile(r"phase-[a-z0-9]+.*\.(?:md|markdown)")
LAYERS = {
    "domain": "domain", "use-cases": "use-cases", "usecases": "use-cases", "application": "use-cases",
    "infrastructure": "infrastructure", "adapters": "adapters", "presentation": "presentation", "ui": "presentation",
}  # fmt: skip
PACKAGES = ("packages", "apps", "libs")
NOT_CODE = {"tests", "test", "docs", "doc", "scripts", "tools", "build", "dist", "examples", "benchmarks", "phases",
            "includes", "standards", "waivers", "node_modules", "venv", "migrations", "coverage"}  # fmt: skip
MOST = 60
LINES = re.compile(r"\blines[\"']?\s*[:=]\s*(\d{1,3})\b")


def look(tree: Tree, folder: str) -> Survey:
    """The survey of a repository; `folder` is its own name."""
    plan = next((path for path in PLANS if _phases(tree, path)), "")
    standards = tuple(path for path in STANDARDS if tree.has(path))
    layers = tuple(dict(_layers(tree)).items())
    minimum, origin = _minimum(tree)
    suites = suites_of(tree)
    return Survey(
        project=_name(tree, folder),
        plan=plan or PLANS[1],
        phases=_phases(tree, plan) if plan else 0,
        manifest=tree.has("devnet-plan/manifest.json"),
        standards=standards,
        waivers=next((path for path in WAIVERS if tree.has(path)), ""),
        layers=layers,
        minimum=minimum,
        minimum_origin=origin,
        suites=suites,
        undecided=tuple(_undecided(plan, layers, suites)),
    )


def _undecided(plan: str, layers: tuple[tuple[str, tuple[str, ...]], ...], suites: tuple[Found, ...]) -> Iterator[str]:
    if not plan:
        yield "where the phase documents are: none of the usual folders holds a phase-N-title.md; set `plan`"
    if not layers:
        yield "which code is measured: name its folders under `layers`"
    if not suites:
        yield "how the tests are run: neither pytest nor vitest was found; add a suite under `suites`"
    elif plan:
        yield "which suite proves which step: those below count for every step; bind them with `phase` and `step`"


def _phases(tree: Tree, path: str) -> int:
    return sum(PHASE.fullmatch(name) is not None for name in tree.names(path))


def _name(tree: Tree, folder: str) -> str:
    project = tree.toml("pyproject.toml").get("project")
    named = project.get("name") if isinstance(project, dict) else None
    return str(named or tree.json("package.json").get("name") or folder)


def _layers(tree: Tree) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Layers by the usual names of their folders; else one layer for each package."""
    found: dict[str, list[str]] = {}
    for source in _sources(tree):
        for name in _folders(tree, source):
            if name in LAYERS:
                found.setdefault(LAYERS[name], []).append(f"{source}/{name}/**".removeprefix("/"))
    yield from ((name, tuple(paths)) for name, paths in found.items())
    if not found:
        yield from _packages(tree)


def _packages(tree: Tree) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Python packages, and packages of a workspace that have sources."""
    for source in ("src", ""):
        for name in _folders(tree, source):
            path = f"{source}/{name}".removeprefix("/")
            if tree.has(f"{path}/__init__.py") and name not in NOT_CODE:
                yield name.replace("_", "-"), (f"{path}/**",)
    for group in PACKAGES:
        for name in _folders(tree, group):
            if tree.has(f"{group}/{name}/src"):
                yield name, (f"{group}/{name}/src/**",)


def _sources(tree: Tree) -> Iterator[str]:
    """Folders in which those of layers may lie: the root, `src`, packages, and what is in `src` of each."""
    tops = ["", "src", *(f"{group}/{name}" for group in PACKAGES for name in _folders(tree, group))]
    tops += [f"src/{name}" for name in _folders(tree, "src")]
    for top in tops[:MOST]:
        yield top
        if top and tree.has(f"{top}/src"):
            yield f"{top}/src"


def _folders(tree: Tree, path: str) -> list[str]:
    names = (name.rstrip("/") for name in tree.names(path) if name.endswith("/"))
    return [name for name in names if not name.startswith(".") and name != "node_modules"][:MOST]


def _minimum(tree: Tree) -> tuple[str, str]:
    """The coverage that the project's own tools ask for, and where."""
    tool = tree.toml("pyproject.toml").get("tool")
    report = tool.get("coverage", {}).get("report", {}) if isinstance(tool, dict) else {}
    if isinstance(report, dict) and isinstance(report.get("fail_under"), int | float):
        return f"{report['fail_under']:g}", "pyproject.toml"
    for path in ("vitest.config.ts", "vitest.config.js", "vitest.config.mts", "vite.config.ts"):
        text = tree.read(path) or ""
        at = text.find("threshold")
        match = LINES.search(text, at, at + 600) if at >= 0 else None
        if match and int(match[1]) <= 100:
            return match[1], path
    return "", ""
