"""Reading the settings of standards: where they are, which of them a phase needs, and how their tests run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.settings.suites import phase_number
from devnet_runner.settings.values import StandardsSettings

if TYPE_CHECKING:
    import yaml

    from devnet_runner.settings.nodes import Nodes

KEYS = ("folders", "dispatcher", "waivers", "sandbox", "timeout", "variables", "phases")
LEVELS = ("enforced", "partly", "policy only")
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
        dispatcher=nodes.text(found.get("dispatcher"), "standards.dispatcher"),
        waivers=nodes.text(found.get("waivers"), "standards.waivers", defaults.waivers),
        sandbox=nodes.choice(demanded, "standards.sandbox", LEVELS, "") if demanded is not None else "",
        timeout=nodes.seconds(found.get("timeout"), "standards.timeout", defaults.timeout),
        variables=_variables(nodes, found.get("variables")),
        phases=_phases(nodes, found.get("phases")),
    )


def _variables(nodes: Nodes, node: yaml.Node | None) -> dict[str, str]:
    entries = nodes.entries(node, "standards.variables") if node is not None else ()
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
