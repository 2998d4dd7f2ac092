"""Reading waivers: YAML files of one waiver each, with every fault at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.settings.nodes import Nodes, compose
from devnet_runner.standards.waivers import KEYS, Waiver

if TYPE_CHECKING:
    from devnet_runner.findings import Finding


def read_waiver(text: str, path: str) -> tuple[Waiver, tuple[Finding, ...]]:
    """The waiver that a file holds, and what is wrong with how it is written. Raises InputError for no YAML."""
    nodes = Nodes(path)
    root = compose(text, path)
    found = nodes.mapping(root, KEYS, "a waiver") if root is not None else {}
    texts = {key: nodes.text(found.get(key), key) for key in ("who", "why", "until", "decision")}
    waiver = Waiver(path=path, line=1, tests=nodes.texts(found.get("tests"), "tests"), **texts)
    return waiver, tuple(nodes.faults)
