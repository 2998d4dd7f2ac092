"""Variables of standards: what a project says about itself, passed to tests by their environment, never pasted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devnet_runner.findings import Finding
from devnet_runner.shell import expansions
from devnet_runner.standards.fields import UNUSABLE
from devnet_runner.standards.threshold import threshold_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devnet_runner.standards.values import StandardTest

Read = Callable[[str], str | None]
"""The text of a file below the root, or None where there is none."""

CONSTANT = {
    "PORT_WEB": "4000", "PORT_API": "4001", "DOMAIN_COVERAGE_THRESHOLD": "100", "UI_COVERAGE_THRESHOLD": "95",
    "ACCESSIBILITY_SCORE": "95",
}  # fmt: skip
PROFILES = {"greenfield": "98", "standard": "80", "legacy": "70", "migration": "70"}
LOCKS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm", "bun.lockb": "bun"}
CONFIGS = tuple(
    f"{tool}.config.{end}" for tool in ("vitest", "vite", "jest") for end in ("ts", "js", "mts", "mjs", "cjs")
)
ESLINT = (".eslintrc", *(f".eslintrc.{end}" for end in ("json", "js", "cjs", "yml", "yaml")),
          *(f"eslint.config.{end}" for end in ("js", "mjs", "cjs", "ts")))  # fmt: skip
SHELL_OWN = {"PATH", "HOME", "PWD", "OLDPWD", "TMPDIR", "IFS", "LANG", "LC_ALL", "TZ", "TERM", "PPID", "UID", "SHELL"}
UPPER = re.compile(r"[A-Z][A-Z0-9_]*")
ASSIGNED = (
    re.compile(r"(?:^|(?<=[\s;&|({]))([A-Z][A-Z0-9_]*)="),
    re.compile(r"\b(?:read|for|local|export) (?:-\w+ )*([A-Z][A-Z0-9_]*)\b"),
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable with its value and where that comes from."""

    name: str
    value: str
    origin: str


def variables_of(read: Read, folder: str, given: Mapping[str, str], *, phases: bool) -> dict[str, Variable]:
    """Every variable that standards may ask for. `given` are those that settings set, which take precedence."""
    package = _package(read)
    kind = _named("PROJECT_TYPE", given) or _kind(read, package)
    found = [
        kind,
        _coverage(read, package, kind.value),
        _name(read, package, folder),
        Variable("PROJECT_PHASES", "true" if phases else "false", "the plan's phase documents"),
        _manager(read, package),
        _node(read, package),
        _framework(read, package),
        _hooks(read),
        *(Variable(name, value, "default") for name, value in CONSTANT.items()),
    ]
    found += [Variable("TEST_FRAMEWORK", one.value, one.origin) for one in found if one.name == "TESTING_FRAMEWORK"]
    found += [Variable(name, value, "devnet.yaml") for name, value in given.items()]
    # What no program can be given counts as not there.
    return {one.name: one for one in found if not UNUSABLE.search(one.value)}


def check_variables(
    tests: Iterable[StandardTest], known: Mapping[str, Variable]
) -> tuple[tuple[StandardTest, ...], tuple[Finding, ...]]:
    """The tests with what is wrong with their variables among their faults, and those findings."""
    checked, findings = [], list[Finding]()
    for test in tests:
        faults = tuple(_faults(test, known))
        findings += faults
        checked.append(test.faulty(*faults))
    return tuple(checked), tuple(findings)


def _faults(test: StandardTest, known: Mapping[str, Variable]) -> Iterator[Finding]:
    for name in test.variables:
        if name not in known:
            what = f"{test.name} asks for the variable {name}, which nothing here gives a value"
            fix = f"set it under `standards.variables` in devnet.yaml; known: {', '.join(sorted(known))}"
            yield Finding("standard-variable-unknown", test.where, what, fix)
    used = {one.name for one in expansions(test.command) if not one.literal}
    for name in sorted(used - set(test.variables) - SHELL_OWN - _assigned(test.command)):
        if UPPER.fullmatch(name):
            what = f"{test.name} uses ${{{name}}} without declaring it"
            yield Finding("standard-variable-undeclared", test.where, what, f'add VARIABLES: ["{name}"]')


def _assigned(command: str) -> set[str]:
    """The variables to which the command itself gives a value."""
    return {name for pattern in ASSIGNED for name in pattern.findall(command)}


def _package(read: Read) -> dict[str, Any]:
    try:
        value = json.loads(read("package.json") or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _named(name: str, given: Mapping[str, str]) -> Variable | None:
    return Variable(name, given[name], "devnet.yaml") if name in given else None


def _kind(read: Read, package: dict[str, Any]) -> Variable:
    """What the project is. Where nothing tells, greenfield, which asks for most: a wrong guess never asks for less."""
    name = "PROJECT_TYPE"
    for path in ("MIGRATION.md", "docs/MIGRATION.md"):
        if read(path) is not None:
            return Variable(name, "migration", path)
    dependencies = _dependencies(package)
    biome = read("biome.json") is not None or "@biomejs/biome" in dependencies
    eslint = next((one for one in ESLINT if read(one) is not None), "")
    if eslint and not biome:
        return Variable(name, "standard", eslint)
    return Variable(name, "greenfield", "biome and vitest" if biome and "vitest" in dependencies else "default")


def _coverage(read: Read, package: dict[str, Any], kind: str) -> Variable:
    name = "PROJECT_COVERAGE"
    told = threshold_in(json.dumps({key: package.get(key) for key in ("scripts", "vitest", "jest")}, indent=0))
    if told:
        return Variable(name, told, "package.json")
    for path in CONFIGS:
        if told := threshold_in(read(path) or ""):
            return Variable(name, told, path)
    return Variable(name, PROFILES.get(kind, PROFILES["greenfield"]), f"default for {kind}")


def _name(read: Read, package: dict[str, Any], folder: str) -> Variable:
    name = package.get("name")
    if isinstance(name, str) and name:
        return Variable("PROJECT_NAME", name, "package.json")
    match = re.search(r'^name\s*=\s*"([^"]+)"', read("pyproject.toml") or "", re.MULTILINE)
    return Variable("PROJECT_NAME", match[1], "pyproject.toml") if match else Variable("PROJECT_NAME", folder, "folder")


def _manager(read: Read, package: dict[str, Any]) -> Variable:
    named = package.get("packageManager")
    if isinstance(named, str) and named:
        return Variable("PACKAGE_MANAGER", named.partition("@")[0], "package.json")
    lock = next((path for path in LOCKS if read(path) is not None), "")
    return Variable("PACKAGE_MANAGER", LOCKS.get(lock, "pnpm"), lock or "default")


def _node(read: Read, package: dict[str, Any]) -> Variable:
    for path in (".nvmrc", ".node-version"):
        if match := re.search(r"\d+", read(path) or ""):
            return Variable("NODE_VERSION", match[0], path)
    engines = package.get("engines")
    wanted = engines.get("node") if isinstance(engines, dict) else None
    match = re.search(r"\d+", str(wanted or ""))
    return Variable("NODE_VERSION", match[0], "package.json") if match else Variable("NODE_VERSION", "22", "default")


def _framework(read: Read, package: dict[str, Any]) -> Variable:
    dependencies = _dependencies(package)
    for tool in ("vitest", "jest", "mocha"):
        if tool in dependencies:
            return Variable("TESTING_FRAMEWORK", tool, "package.json")
    if "pytest" in (read("pyproject.toml") or ""):
        return Variable("TESTING_FRAMEWORK", "pytest", "pyproject.toml")
    return Variable("TESTING_FRAMEWORK", "vitest", "default")


def _hooks(read: Read) -> Variable:
    for path, tool in (
        (".husky/pre-commit", "husky"),
        (".pre-commit-config.yaml", "pre-commit"),
        ("lefthook.yml", "lefthook"),
    ):
        if read(path) is not None:
            return Variable("GIT_HOOKS", tool, path)
    return Variable("GIT_HOOKS", "none", "default")


def _dependencies(package: dict[str, Any]) -> set[str]:
    groups = (package.get(key) for key in ("dependencies", "devDependencies"))
    return {name for group in groups if isinstance(group, dict) for name in group}
