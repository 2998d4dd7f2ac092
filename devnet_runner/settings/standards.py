"""Reading the settings of standards: where they are, which of them a phase needs, and how their tests run."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from devnet_runner.settings.suites import phase_number
from devnet_runner.settings.values import StandardsSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import yaml

    from devnet_runner.settings.nodes import Nodes

KEYS = ("folders", "dispatcher", "waivers", "sandbox", "timeout", "variables", "phases")
LEVELS = ("enforced", "partly", "policy only")
NAME = re.compile(r"[A-Z][A-Z0-9_]*")
ROUTED, ALL = "routed", "all"


def read_standards(nodes: Nodes, node: yaml.Node | None) -> StandardsSettings:
    """The settings out of a mapping, or out of a list of folders alone."""
    if node is None:
        return StandardsSettings()
    if not node.tag.endswith(":map"):
        return StandardsSettings(folders=nodes.texts(node, "standards"))
    found = nodes.mapping(node, KEYS, "standards")
    defaults = StandardsSettings()
    demanded = found.get("sandbox")
    return StandardsSettings(
        folders=nodes.texts(found.get("folders"), "standards.folders"),
        dispatcher=_inside(nodes, found, "dispatcher", ""),
        waivers=_inside(nodes, found, "waivers", defaults.waivers),
        sandbox=nodes.choice(demanded, "standards.sandbox", LEVELS, "") if demanded is not None else "",
        timeout=nodes.seconds(found.get("timeout"), "standards.timeout", defaults.timeout),
        variables=_variables(nodes, found.get("variables")),
        phases=_phases(nodes, found.get("phases")),
    )


def _inside(nodes: Nodes, found: Mapping[str, yaml.Node], key: str, default: str) -> str:
    """A path below the root."""
    path = nodes.text(found.get(key), f"standards.{key}", default)
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        nodes.fault(found[key], f"standards.{key} '{path}' leaves the repository", "write a path below its root")
    return path


def _variables(nodes: Nodes, node: yaml.Node | None) -> dict[str, str]:
    entries = list(nodes.entries(node, "standards.variables")) if node is not None else []
    for key, _ in entries:
        if NAME.fullmatch(str(key.value)) is None:
            what = f"standards.variables has the name '{key.value}'"
            nodes.fault(key, what, "write a name of capitals, digits and _, as in PORT_WEB")
    return {str(key.value): nodes.text(value, f"standards.variables.{key.value}") for key, value in entries}


def _phases(nodes: Nodes, node: yaml.Node | None) -> dict[str, tuple[str, ...]]:
    entries = nodes.entries(node, "standards.phases") if node is not None else ()
    found = {}
    for key, value in entries:
        name = f"standards.phases.{key.value}"
        chosen = nodes.texts(value, name)
        if not chosen:
            nodes.fault(value, f"{name} names nothing", f"write {ROUTED}, {ALL}, or a list of documents")
        found[phase_number(str(key.value))] = chosen
    return found
