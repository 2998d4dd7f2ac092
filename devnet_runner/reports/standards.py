"""The report of standards: what did not pass and why, then the figures and the level of enforcement, said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devnet_runner.findings import finding_json
from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.results import Outcome
from devnet_runner.standard_results import OF_STANDARDS, Level
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.findings import Finding
    from devnet_runner.standard_results import Enforcement, StandardsRun

FORMAT = "devnet-standards/1"
SKIPPED, NAMES = "standard-skipped", 6


def run_lines(run: StandardsRun, findings: tuple[Finding, ...]) -> Iterator[Line]:
    """The report of a run of standards for people; tests that wait for others are counted, not listed."""
    shown = [finding for finding in findings if finding.id != SKIPPED]
    for finding in sorted(shown, key=lambda one: not one.blocking):
        yield from finding_lines(finding)
    if shown:
        yield line()
    yield from figures(run)
    if run.counts.skipped:
        names = [test.name for test in run.tests if test.outcome is Outcome.SKIPPED]
        more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
        yield row("skipped", visible(f"what they depend on did not pass: {', '.join(names[:NAMES])}{more}"))


def figures(run: StandardsRun) -> Iterator[Line]:
    """How many tests ended in each way, and how much of their confinement the kernel held."""
    counted = [(outcome, getattr(run.counts, outcome.value)) for outcome in OF_STANDARDS]
    shown = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in counted if count)
    good = run.counts.passed == len(run.tests)
    yield row("standards", f"{len(run.tests)} tests: {shown}  ({run.duration:.1f} s)", "good" if good else "bad")
    yield row("sandbox", _enforcement(run.enforcement), "" if run.enforcement.level is Level.ENFORCED else "warn")


def _enforcement(enforcement: Enforcement) -> str:
    parts = [f"{enforcement.level} ({enforcement.backend})"]
    if enforcement.level is Level.POLICY_ONLY:
        parts.append("the kernel holds nothing here; what the policy cannot hold was denied")
    elif enforcement.leaks:
        parts.append(f"not held: {', '.join(enforcement.leaks)}")
    if enforcement.level is not Level.ENFORCED:
        parts += enforcement.reasons
    return visible("; ".join(parts))


def finding_lines(finding: Finding) -> Iterator[Line]:
    """A finding for people."""
    mark, style = ("✗ ", "bad") if finding.blocking else ("- ", "warn")
    yield line(Piece(mark, style), Piece(visible(str(finding.where)), "strong"), f"  {visible(finding.what)}")
    if ":" in finding.actual:
        yield line("    ", Piece("actual   ", "dim"), visible(finding.actual))
    yield line("    ", Piece("fix      ", "dim"), visible(finding.fix))


def report(run: StandardsRun, findings: tuple[Finding, ...], exit_code: int) -> dict[str, Any]:
    """The whole report of `standards run` as JSON values."""
    return {
        "format": FORMAT,
        "exit_code": exit_code,
        **run.to_json(),
        "findings": [finding_json(finding) for finding in findings],
    }


def findings_json(tests: int, findings: tuple[Finding, ...], exit_code: int) -> dict[str, Any]:
    """What is wrong with documents as JSON values."""
    return {
        "format": FORMAT,
        "exit_code": exit_code,
        "total": tests,
        "findings": [finding_json(finding) for finding in findings],
    }
