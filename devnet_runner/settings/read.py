"""Reading settings: from a file found upward, or defaults for a repository that has a plan but no settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.settings.find import MAX_BYTES, NAME, PLAN, usual_plan
from devnet_runner.settings.nodes import Nodes, compose
from devnet_runner.settings.standards import read_standards
from devnet_runner.settings.suites import phase_number, read_suites
from devnet_runner.settings.values import Layer, Settings, Workspace

if TYPE_CHECKING:
    import yaml


KEYS = (
    "project", "plan", "includes", "workspace", "standards", "layers", "suites", "records", "checkpoint", "progress",
    "mode",
)  # fmt: skip
LAYER_KEYS = ("paths", "minimum", "phase", "step")


def load(root: Path) -> Settings:
    """The settings of a root folder; defaults where it has none. Raises InputError with every fault."""
    path = root / NAME
    if not path.is_file():
        return Settings(project=root.name, plan=usual_plan(root) or PLAN)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(Finding("settings-unreadable", Place(NAME), "the settings pass 1 MB", "shorten them"))
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fault = Finding("settings-unreadable", Place(NAME), f"the settings cannot be read ({error})", "make it UTF-8")
        raise InputError(fault) from error
    return read_settings(text, NAME, project=root.name)


def read_settings(text: str, path: str = NAME, *, project: str = "") -> Settings:
    """Typed settings out of YAML text. Raises InputError that carries every fault with its line."""
    root = compose(text, path)
    nodes = Nodes(path)
    if root is None:
        return Settings(project=project, path=path)
    found = nodes.mapping(root, KEYS, "devnet.yaml")
    defaults = Settings()
    settings = Settings(
        project=nodes.text(found.get("project"), "project", project),
        path=path,
        plan=nodes.text(found.get("plan"), "plan", defaults.plan),
        include_paths=_include_paths(nodes, found.get("includes")),
        workspace=_workspace(nodes, found.get("workspace")),
        standards=read_standards(nodes, found.get("standards")),
        layers=_layers(nodes, found.get("layers")),
        suites=read_suites(nodes, found.get("suites")),
        records=nodes.text(found.get("records"), "records", defaults.records),
        checkpoint=nodes.text(found.get("checkpoint"), "checkpoint", defaults.checkpoint),
        progress=nodes.text(found.get("progress"), "progress", defaults.progress),
        mode=nodes.choice(found.get("mode"), "mode", ("blocking", "advisory"), defaults.mode),
    )
    _inside(nodes, found, settings)
    if nodes.faults:
        raise InputError(sorted(nodes.faults, key=lambda finding: finding.where))
    return settings


def _inside(nodes: Nodes, found: dict[str, yaml.Node], settings: Settings) -> None:
    for key in ("plan", "records", "checkpoint", "progress"):
        value = Path(getattr(settings, key))
        if value.is_absolute() or ".." in value.parts:
            nodes.fault(found.get(key), f"{key} '{value}' leaves the repository", "write a path below its root")


def _include_paths(nodes: Nodes, node: yaml.Node | None) -> tuple[tuple[str, str], ...]:
    found = nodes.mapping(node, ("paths",), "includes") if node is not None else {}
    if "paths" not in found:
        return ()
    entries = nodes.entries(found["paths"], "includes.paths")
    return tuple((str(key.value), nodes.text(value, f"includes.paths.{key.value}")) for key, value in entries)


def _workspace(nodes: Nodes, node: yaml.Node | None) -> Workspace:
    found = nodes.mapping(node, ("repository", "directories"), "workspace") if node is not None else {}
    return Workspace(
        repository=nodes.texts(found.get("repository"), "workspace.repository"),
        directories=nodes.texts(found.get("directories"), "workspace.directories"),
    )


def _layers(nodes: Nodes, node: yaml.Node | None) -> tuple[Layer, ...]:
    if node is None:
        return ()
    return tuple(_layer(nodes, key, value) for key, value in nodes.entries(node, "layers"))


def _layer(nodes: Nodes, key: yaml.Node, node: yaml.Node) -> Layer:
    name = f"layers.{key.value}"
    found = nodes.mapping(node, LAYER_KEYS, name)
    paths = nodes.texts(found.get("paths"), f"{name}.paths")
    if not paths:
        nodes.fault(key, f"{name} names no paths", "add `paths: [folder/**]`")
    return Layer(
        name=str(key.value),
        paths=paths,
        minimum=nodes.percent(found.get("minimum"), f"{name}.minimum"),
        phase=phase_number(nodes.text(found.get("phase"), f"{name}.phase")),
        step=nodes.text(found.get("step"), f"{name}.step"),
        line=key.start_mark.line + 1,
    )
