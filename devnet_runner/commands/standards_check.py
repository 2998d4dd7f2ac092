"""`devnet-run standards check` and `lint`: what is wrong with the documents; nothing of them runs."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from devnet_runner.commands.refusal import refuse
from devnet_runner.commands.standards_choice import dispatcher_of, every_document, reader
from devnet_runner.commands.standards_inputs import Standards, open_standards
from devnet_runner.errors import BLOCKED, PASSED, WRONG_INPUT, DevnetError, InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.phase import read_phase
from devnet_runner.plan_tree import candidates
from devnet_runner.reports.lines import row
from devnet_runner.reports.standards import finding_lines, findings_json
from devnet_runner.sandbox import Trial, open_sandbox
from devnet_runner.screen import Screen
from devnet_runner.standards.links import Library, lint_links
from devnet_runner.standards.lint import lint_tests
from devnet_runner.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from devnet_runner.settings import Settings

SYNTAX_ONLY = 'sh -n -c "$COMMAND"'


def command(
    *, start: Path, environ: Mapping[str, str], paths: tuple[str, ...], phase: str, form: str, lint: bool
) -> int:
    """Check standards; 0 where nothing blocks, 1 where a test proves nothing, 2 where a document is wrong."""
    screen = Screen.of(environ)
    try:
        root, settings, standards = open_standards(start, paths, phase)
        more = tuple(_linted(root, settings, standards, environ, whole=not (paths or phase))) if lint else ()
    except DevnetError as error:
        return refuse(screen, error, form, "")
    found = dict.fromkeys((*standards.findings, *more))
    findings = tuple(sorted(found, key=lambda finding: (not finding.blocking, finding.where)))
    code = _exit_code(standards, more)
    if form == "json":
        value = findings_json(len(standards.tests), findings, code)
        screen.text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    else:
        lines = [line for finding in findings for line in finding_lines(finding)]
        said = f"{len(standards.tests)} tests in {len(standards.files)} documents, {len(findings)} findings"
        screen.lines([*lines, row("standards", said, "bad" if code else "good")])
    return code


def _exit_code(standards: Standards, more: tuple[Finding, ...]) -> int:
    if any(finding.blocking for finding in standards.findings):
        return WRONG_INPUT
    return BLOCKED if any(finding.blocking for finding in more) else PASSED


def _linted(
    root: Path, settings: Settings, standards: Standards, environ: Mapping[str, str], *, whole: bool
) -> Iterator[Finding]:
    """What a careful author would want to know; of the `whole` of the standards also how the plan leads to them."""
    yield from lint_tests(standards.tests)
    yield from _invalid(root, standards, environ)
    library = Library(reader(root))
    documents = every_document(root, settings) if whole else standards.files
    yield from lint_links(dispatcher_of(root, settings), documents, library, whole=whole)
    if whole:
        yield from _phases(root, settings, library)


def _phases(root: Path, settings: Settings, library: Library) -> Iterator[Finding]:
    for candidate in candidates(root, settings.plan):
        try:
            phase = read_phase(read_text(root / candidate.path, candidate.path))
        except InputError as error:
            yield from (finding.advisory() for finding in error.findings)
            continue
        for one in phase.standards:
            yield from library.check(one.path.removeprefix("@"), one.anchor, Place(candidate.path, one.line))


def _invalid(root: Path, standards: Standards, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Commands that the shell itself does not take; it reads them and runs nothing."""
    workers = max(1, min(os.cpu_count() or 1, len(standards.tests) // 4))
    with open_sandbox(root, environ, workers) as sandbox, ThreadPoolExecutor(workers) as pool:
        trials = (Trial(SYNTAX_ONLY, {"COMMAND": test.command}) for test in standards.tests)
        for test, ended in zip(standards.tests, pool.map(sandbox.run, trials), strict=True):
            if test.command and ended.exit_code != 0:
                said = ended.output.strip().splitlines()[-1:] or ["it cannot be read"]
                what = f"the command of {test.name} is no valid shell: {said[0][:200]}"
                yield Finding("standard-shell-invalid", test.where, what, "correct its quotes or its syntax")
