"""YAML nodes read one by one, so that each fault is told with its line and all faults are told at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import yaml

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 20
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Nodes:
    """Reads values out of the nodes of one YAML file and gathers every fault."""

    path: str
    faults: list[Finding] = field(default_factory=list)

    def fault(self, node: yaml.Node | None, what: str, fix: str, kind: str = "settings-wrong") -> None:
        """Keep one fault, at the line of a node."""
        line = node.start_mark.line + 1 if node is not None else 0
        self.faults.append(Finding(kind, Place(self.path, line), what, fix))

    def mapping(self, node: yaml.Node, known: tuple[str, ...], name: str) -> dict[str, yaml.Node]:
        """The entries of a mapping whose keys must be among `known`."""
        found: dict[str, yaml.Node] = {}
        for key, value in self.entries(node, name):
            text = str(key.value)
            if text not in known:
                self.fault(key, f"{name} has no key '{text}'", suggestion(text, known), "settings-unknown-key")
            else:
                found[text] = value
        return found

    def entries(self, node: yaml.Node, name: str) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        """The key and value nodes of a mapping; a key written twice is a fault."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, f"{name} is {kind_of(node)}, not a mapping", "write `key: value` lines below it")
            return
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                self.fault(key, f"{name} has the key '{key.value}' twice", "keep one of them")
            elif isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
                yield key, value

    def items(self, node: yaml.Node | None, name: str) -> list[yaml.Node]:
        """The nodes of a list."""
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, f"{name} is {kind_of(node)}, not a list", "write one `- item` a line, or `[a, b]`")
            return []
        return list(node.value)

    def text(self, node: yaml.Node | None, name: str, default: str = "") -> str:
        """A text; numbers are taken as they are written."""
        if node is None:
            return default
        if not isinstance(node, yaml.ScalarNode) or node.tag.endswith((":null", ":bool")):
            self.fault(node, f"{name} is {kind_of(node)}, not a text", "write a text, in quotes where needed")
            return default
        return str(node.value)

    def texts(self, node: yaml.Node | None, name: str) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":str"):
            return (str(node.value),)
        return tuple(self.text(item, name) for item in self.items(node, name))

    def choice(self, node: yaml.Node | None, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of some texts."""
        value = self.text(node, name, default)
        if value not in allowed:
            self.fault(node, f"{name} is '{value}'", f"write one of: {', '.join(allowed)}")
            return default
        return value

    def boolean(self, node: yaml.Node | None, name: str, *, default: bool) -> bool:
        """True or false."""
        if node is None:
            return default
        if not node.tag.endswith(":bool"):
            self.fault(node, f"{name} is {kind_of(node)}, not true or false", "write true or false")
            return default
        return str(node.value).lower() in {"true", "yes", "on"}

    def seconds(self, node: yaml.Node | None, name: str, default: int) -> int:
        """A whole number of seconds above zero."""
        value = self.percent(node, name, Decimal(86_400))
        if value is None:
            return default
        if value != int(value) or value == 0:
            self.fault(node, f"{name} is {value}", "write a whole number of seconds from 1 to 86400")
            return default
        return int(value)

    def percent(self, node: yaml.Node | None, name: str, top: Decimal = Decimal(100)) -> Decimal | None:
        """A number from 0 to `top`, exact."""
        if node is None:
            return None
        text = str(node.value).rstrip("%").strip() if isinstance(node, yaml.ScalarNode) else ""
        try:
            value = Decimal(text)
            inside = Decimal(0) <= value <= top
        except InvalidOperation:
            inside = False
        if not inside:
            self.fault(node, f"{name} is {text or kind_of(node)!r}", f"write a number from 0 to {top}")
            return None
        return value


def compose(text: str, path: str) -> yaml.Node | None:
    """The root node of a YAML text, or None for an empty one.

    Raises InputError for what is no YAML, for aliases and for nesting deeper than 20: none of them has a use in
    settings, and each can be made to exhaust a reader.
    """
    depth = 0
    try:
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise InputError(_yaml_fault(path, event.start_mark, "an alias (*name)", "write the value out"))
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise InputError(_yaml_fault(path, event.start_mark, "nesting deeper than 20", "flatten it"))
        node: yaml.Node | None = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it is no YAML"
        raise InputError(_yaml_fault(path, mark, f"a fault of YAML: {problem}", "correct the syntax there")) from error
    return node


def _yaml_fault(path: str, mark: Any, what: str, fix: str) -> Finding:
    place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
    return Finding("settings-no-yaml", place, f"the settings hold {what}", fix)


def kind_of(node: yaml.Node | None) -> str:
    """What a node is, in words."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    tag = node.tag.rsplit(":", 1)[-1] if node is not None else "null"
    return {"null": "empty", "bool": "true or false", "int": "a number", "float": "a number"}.get(tag, "a text")


def suggestion(word: str, known: tuple[str, ...]) -> str:
    """What to write instead of an unknown word."""
    near = get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
