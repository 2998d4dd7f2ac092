"""Reading suites: which tests a phase or step depends on, and how to run them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.settings.values import DEFAULT_TIMEOUT, Proof, Suite

if TYPE_CHECKING:
    import yaml

    from devnet_runner.settings.nodes import Nodes

SUITE_KEYS = (
    "id", "phase", "step", "runner", "paths", "command", "directory", "junit", "coverage", "blocking", "timeout",
    "environment", "database", "python", "select", "concurrency", "proves",
)  # fmt: skip

SWITCHING = ("thread", "greenlet", "eventlet", "gevent")
"""What coverage.py can be told to follow on its command line."""


def read_suites(nodes: Nodes, node: yaml.Node | None) -> tuple[Suite, ...]:
    """The suites of a list node; two with one id are a fault."""
    suites = []
    seen: set[str] = set()
    for item in nodes.items(node, "suites"):
        suite = _suite(nodes, item)
        if suite.id in seen:
            nodes.fault(item, f"two suites have the id '{suite.id}'", "rename one")
        seen.add(suite.id)
        suites.append(suite)
    return tuple(suites)


def _suite(nodes: Nodes, node: yaml.Node) -> Suite:
    found = nodes.mapping(node, SUITE_KEYS, "a suite")
    suite = Suite(
        id=nodes.text(found.get("id"), "the suite's id"),
        runner=nodes.choice(found.get("runner"), "the suite's runner", ("pytest", "command"), "pytest"),
        phase=phase_number(nodes.text(found.get("phase"), "the suite's phase")),
        step=nodes.text(found.get("step"), "the suite's step"),
        paths=nodes.texts(found.get("paths"), "the suite's paths"),
        command=nodes.texts(found.get("command"), "the suite's command"),
        directory=nodes.text(found.get("directory"), "the suite's directory", "."),
        junit=nodes.text(found.get("junit"), "the suite's junit"),
        coverage=nodes.texts(found.get("coverage"), "the suite's coverage"),
        blocking=nodes.boolean(found.get("blocking"), "the suite's blocking", default=True),
        timeout=nodes.seconds(found.get("timeout"), "the suite's timeout", DEFAULT_TIMEOUT),
        environment=nodes.texts(found.get("environment"), "the suite's environment"),
        database=nodes.boolean(found.get("database"), "the suite's database", default=False),
        python=nodes.text(found.get("python"), "the suite's python"),
        select=nodes.choice(found.get("select"), "the suite's select", ("blocking", "all"), "blocking"),
        concurrency=nodes.texts(found.get("concurrency"), "the suite's concurrency"),
        proves=_proofs(nodes, found.get("proves")),
        line=node.start_mark.line + 1,
    )
    _complete(nodes, node, suite)
    return suite


def _complete(nodes: Nodes, node: yaml.Node, suite: Suite) -> None:
    if not suite.id:
        nodes.fault(node, "a suite has no id", "add `id: name`")
    if suite.runner == "pytest" and not suite.paths:
        nodes.fault(node, f"suite '{suite.id}' names no paths", "add `paths: [tests/folder]`")
    if suite.runner == "command" and not (suite.command and suite.junit):
        nodes.fault(node, f"suite '{suite.id}' names no command or no junit file", "add `command: [...]` and `junit:`")
    for name in (one for one in suite.concurrency if one not in SWITCHING):
        nodes.fault(node, f"suite '{suite.id}' follows '{name}'", f"write some of {', '.join(SWITCHING)}")
    outside = [p for p in (*suite.paths, *suite.coverage, suite.junit, suite.directory) if _leaves(p)]
    for path in outside:
        nodes.fault(node, f"suite '{suite.id}' names '{path}' outside the repository", "write a path below its root")


def _leaves(path: str) -> bool:
    return Path(path).is_absolute() or ".." in Path(path).parts


def _proofs(nodes: Nodes, node: yaml.Node | None) -> tuple[Proof, ...]:
    proofs = []
    for item in nodes.items(node, "the suite's proves"):
        found = nodes.mapping(item, ("deliverable", "tests"), "an entry of proves")
        deliverable = nodes.text(found.get("deliverable"), "the deliverable")
        tests = nodes.text(found.get("tests"), "the tests", "*")
        if not deliverable:
            nodes.fault(item, "an entry of proves names no deliverable", "add `deliverable: text of the bullet`")
        proofs.append(Proof(deliverable, tests))
    return tuple(proofs)


def phase_number(text: str) -> str:
    """The number or letter of a phase, from `3`, `phase-3` or `Phase 3`."""
    return text.lower().removeprefix("phase-").removeprefix("phase ").strip()
