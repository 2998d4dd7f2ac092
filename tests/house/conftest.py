"""The project's own modules as syntax trees, read once."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name, path, text and tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    def imports(self, *, late: bool | None = None) -> set[str]:
        """Dotted names that it imports; `late` keeps those inside functions only, or leaves them out."""
        inside = {id(node) for function in self.functions() for node in ast.walk(function)}
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if late is not None and (id(node) in inside) != late:
                continue
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        return found

    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function, methods and nested ones included."""
        return [node for node in ast.walk(self.tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _modules(package: str) -> dict[str, Module]:
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        text = path.read_text(encoding="utf-8")
        found[name] = Module(name, path.relative_to(ROOT), text, ast.parse(text))
    return found


@pytest.fixture(scope="session")
def runner_modules() -> dict[str, Module]:
    return _modules("devnet_runner")


@pytest.fixture(scope="session")
def adapter_modules() -> dict[str, Module]:
    return _modules("infra_adapters")


@pytest.fixture(scope="session")
def modules(runner_modules: dict[str, Module], adapter_modules: dict[str, Module]) -> dict[str, Module]:
    return runner_modules | adapter_modules
