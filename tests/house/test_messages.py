"""Every finding has a paragraph in docs/messages.md, and the document speaks of no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

MESSAGES = Path(__file__).resolve().parents[2] / "docs" / "messages.md"
ID = re.compile(r"[a-z]+(?:-[a-z]+)+")
MADE = {
    # Put together at run time, from an outcome or from a kind of proof.
    "suite-failed", "suite-errored", "suite-skipped", "suite-timed-out",
    "deliverable-unproved", "coverage-unproved", "expected-unproved",
}  # fmt: skip


def documented() -> set[str]:
    rows = [line.split("|")[1] for line in MESSAGES.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    rows = [row for row in rows if "internal-error" not in row]
    return {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}


def texts(runner_modules) -> set[str]:
    return {
        node.value
        for module in runner_modules.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ID.fullmatch(node.value)
    }


def test_every_documented_id_exists(runner_modules):
    assert documented() - texts(runner_modules) - MADE == set()


def finding_ids(runner_modules) -> set[str]:
    """First arguments of calls that make findings."""
    return {
        argument.value
        for module in runner_modules.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and "inding" in ast.unparse(node.func)
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_every_id_is_documented(runner_modules):
    prefixes = {name.split("-")[0] for name in documented()}
    suspects = {name for name in texts(runner_modules) if name.split("-")[0] in prefixes}
    known_words = {"write-tree", "file-descriptor", "include-from", "end-include"}
    assert (finding_ids(runner_modules) | {n for n in suspects if n in MADE}) - documented() - known_words == set()
