"""Trying the tests of standards in the sandbox, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from devnet_runner.errors import EnvironmentStopped
from devnet_runner.findings import Finding, Place
from devnet_runner.gates.standards import enforcement_finding, standards_findings
from devnet_runner.standards.waivers import Waived
from devnet_runner.trials import Terms, run_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from devnet_runner.commands.inputs import Inputs
    from devnet_runner.commands.standards_inputs import Standards
    from devnet_runner.record import Facts
    from devnet_runner.settings import Settings
    from devnet_runner.standard_results import StandardResult, StandardsRun


def try_standards(
    root: Path, settings: Settings, standards: Standards, environ: Mapping[str, str],
    tell: Callable[[StandardResult], None] = lambda _result: None,
) -> StandardsRun:  # fmt: skip
    """Run every test and say how each ended, and under which enforcement.

    Raises EnvironmentStopped where no process can be started for them.
    """
    terms = Terms(standards.values, float(settings.standards.timeout), settings.standards.sandbox)
    try:
        return run_all(standards.tests, root, environ, terms, tell)
    except OSError as error:
        what = f"no process can be started for the tests: {error}"
        fault = Finding("sandbox-none", Place("."), what, "look at the machine's limits and memory")
        raise EnvironmentStopped(fault) from error


def judged(
    run: StandardsRun, settings: Settings, standards: Standards, rerun: str
) -> tuple[tuple[Finding, ...], tuple[Waived, ...]]:
    """The findings of a run, those of the documents before those of the tests, and the waivers that were used."""
    used: list[Waived] = []
    findings = [*standards.findings, *enforcement_finding(run.enforcement, settings.standards.sandbox, settings.path)]
    wrong = {result.where: result for result in run.tests}
    for finding in standards_findings(run, rerun):
        result = wrong[finding.where]
        name = f"{result.file}#{result.block}/{result.name}"
        waiver = standards.waivers.get(name)
        if waiver is None:
            findings.append(finding)
            continue
        use = Waived(name, waiver)
        used.append(use)
        findings.append(replace(finding, blocking=False, what=f"{finding.what}; {use}"))
    return tuple(findings), tuple(used)


def keep_standards(
    inputs: Inputs, facts: Facts, environ: Mapping[str, str], note: Callable[[str], None]
) -> tuple[Facts, tuple[Finding, ...]]:
    """The facts of a run with those of the phase's standards, where it has some, and the findings that follow.

    Raises EnvironmentStopped where no process can be started for their tests.
    """
    if inputs.standards is None or not inputs.standards.tests:
        return facts, ()
    note(f"trying {len(inputs.standards.tests)} tests of standards")
    run = try_standards(inputs.root, inputs.settings, inputs.standards, environ)
    findings, used = judged(run, inputs.settings, inputs.standards, inputs.plan.command)
    return replace(facts, standards=run, waivers=used), findings


def not_kept(inputs: Inputs) -> tuple[Finding, ...]:
    """The note that the tests of the phase's standards are not run, where it has some."""
    if inputs.standards is None or not inputs.standards.tests:
        return ()
    what = f"{len(inputs.standards.tests)} tests of standards are not run after what blocks here"
    place = Place(inputs.standards.files[0])
    return (Finding("standards-not-run", place, what, "mend that first, or add --keep-going", blocking=False),)
