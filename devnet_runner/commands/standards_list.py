"""`devnet-run standards list`: which tests there are, and what each of them needs."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from devnet_runner.commands.refusal import refuse
from devnet_runner.commands.standards_inputs import Standards, open_standards
from devnet_runner.errors import PASSED, WRONG_INPUT, DevnetError
from devnet_runner.findings import finding_json
from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.screen import Screen
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devnet_runner.standards import StandardTest

FORMAT = "devnet-standards/1"


def command(*, start: Path, environ: Mapping[str, str], paths: tuple[str, ...], phase: str, form: str) -> int:
    """List the tests of standards; 0, or 2 where a document is wrong."""
    screen = Screen.of(environ)
    try:
        _, _, standards = open_standards(start, paths, phase)
    except DevnetError as error:
        return refuse(screen, error, form, "")
    code = WRONG_INPUT if any(finding.blocking for finding in standards.findings) else PASSED
    if form == "json":
        screen.text(json.dumps(_json(standards, code), indent=1, ensure_ascii=False) + "\n")
    else:
        screen.lines(list(_lines(standards)))
    return code


def _json(standards: Standards, code: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "exit_code": code,
        "total": len(standards.tests),
        "tests": [_test(test, test.identity) for test in standards.tests],
        "variables": {name: {"value": one.value, "origin": one.origin} for name, one in standards.variables.items()},
        "waivers": {name: one.path for name, one in standards.waivers.items()},
        "findings": [finding_json(finding) for finding in standards.findings],
    }


def _test(test: StandardTest, identity: tuple[str, str, str]) -> dict[str, Any]:
    file, block, name = identity
    return {
        "file": file,
        "block": block,
        "name": name,
        "line": test.line,
        "command": test.command,
        "required": test.required,
        "blocking": test.blocking,
        "depends_on": list(test.depends_on),
        "variables": list(test.variables),
        "error": test.error,
        "fix_command": test.fix_command,
        "bypass_requires": test.bypass_requires,
    }


def _lines(standards: Standards) -> Iterator[Line]:
    for (file, block), tests in groupby(standards.tests, key=lambda test: (test.file, test.block)):
        yield line(Piece(visible(f"{file}#{block}"), "strong"))
        yield from (_line(test, standards) for test in tests)
    used = {name for test in standards.tests for name in test.variables} & set(standards.variables)
    for name in sorted(used):
        one = standards.variables[name]
        yield row("variable", visible(f"{name} = {one.value}  ({one.origin})"))
    for finding in standards.findings:
        yield row("note", visible(str(finding)), "warn")
    blocking = sum(test.blocking for test in standards.tests)
    said = f"{len(standards.tests)} tests in {len(standards.files)} documents, {blocking} of them blocking"
    yield row("standards", said)


def _line(test: StandardTest, standards: Standards) -> Line:
    notes = ["blocking" if test.blocking else "advisory"]
    notes += [f"after {', '.join(test.depends_on)}"] if test.depends_on else []
    notes += [f"waived by {standards.waivers[str(test)].path}"] if str(test) in standards.waivers else []
    return line(f"  {test.line:>5}  ", visible(test.name), Piece(f"  {visible(', '.join(notes))}", "dim"))
