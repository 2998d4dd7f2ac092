"""The budgets that the house keeps, and the words that it does not use."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES, FUNCTION_LINES, PARAMETERS, NESTING = 200, 40, 6, 3
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith, ast.Match)


def test_modules_are_short(modules):
    long = {str(module.path): lines for module in modules.values() if (lines := module.text.count("\n")) > MODULE_LINES}
    assert long == {}


def test_the_median_module_is_shorter(modules):
    assert statistics.median(module.text.count("\n") for module in modules.values()) <= 110


def body_lines(function) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno - body[0].lineno + 1) if body else 0


def test_functions_are_short(modules):
    long = [
        f"{module.path}:{function.lineno} {function.name} {body_lines(function)}"
        for module in modules.values()
        for function in module.functions()
        if body_lines(function) > FUNCTION_LINES
    ]
    assert long == []


def depth(node: ast.AST) -> int:
    own = isinstance(node, BLOCKS)
    return own + max((depth(child) for child in ast.iter_child_nodes(node)), default=0)


def chained(function) -> ast.AST:
    """A function whose `elif` chains are flat, as they read."""
    for node in ast.walk(function):
        if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node.orelse = []
    return function


def test_nothing_is_nested_deeply(modules):
    deep = [
        f"{module.path}:{function.lineno} {function.name}"
        for module in modules.values()
        for function in ast.walk(ast.parse(module.text))
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and depth(chained(function)) > NESTING
    ]
    assert deep == []


def test_functions_take_few_parameters(modules):
    wide = [
        f"{module.path}:{function.lineno} {function.name}"
        for module in modules.values()
        for function in module.functions()
        if len(
            [
                a
                for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
                if a.arg not in {"self", "cls"}
            ]
        )
        > PARAMETERS
    ]
    assert wide == []


def test_every_module_says_what_it_is(modules):
    assert [str(module.path) for module in modules.values() if not ast.get_docstring(module.tree)] == []


def test_every_public_name_says_what_it_is(modules):
    silent = [
        f"{module.path}:{node.lineno} {node.name}"
        for module in modules.values()
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not any(
            isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)) and node in outer.body
            for outer in module.functions()
        )
    ]
    assert silent == []


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name]


FORBIDDEN = {
    "a registry's host": re.compile(r"(py" r"pi|npm" r"js|python" r"hosted)\.(org|com)"),
    "an unfinished place": re.compile(r"\b(TO" r"DO|FIX" r"ME|NotImplemented" r"Error)\b"),
    "a hidden line": re.compile(r"pragma: no " r"cover"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in FORBIDDEN[what].finditer(text)]
    assert found == []
