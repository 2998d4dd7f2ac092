"""The report for people: first what blocks and how to fix it, each with a place and one command; then the figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.reports.standards import figures
from devnet_runner.results import Outcome, SuiteResult
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.findings import Finding
    from devnet_runner.record import Record

ADVICE_LIMIT = 5
"""Advisory findings shown; the others are counted, and the JSON report has them."""


def report_lines(record: Record, written: tuple[str, ...] = ()) -> list[Line]:
    """The report of a run."""
    return [*_head(record), *_reasons(record), *_figures(record), *_advice(record), *_foot(record, written)]


def _head(record: Record) -> Iterator[Line]:
    about, verdict = record.about, record.verdict
    word, style = ("PASSED", "good") if verdict.passed else ("BLOCKED", "bad")
    step = f", step {about.step}" if about.step else ""
    mode = "" if about.mode == "blocking" else f" ({about.mode} mode: nothing is written, exit code 0)"
    title = f"  phase {about.phase}: {visible(about.title)}{step}{mode}"
    yield line(Piece(word, style), Piece(title, "strong"))


def _reasons(record: Record) -> Iterator[Line]:
    blocking = record.verdict.blocking
    for number, finding in enumerate(blocking, 1):
        yield line()
        yield from _reason(f"{number:>2}. ", finding)
    if blocking:
        yield line()


def _reason(mark: str, finding: Finding) -> Iterator[Line]:
    yield line(Piece(mark, "bad"), Piece(visible(str(finding.where)), "strong"), f"  {visible(finding.what)}")
    if finding.expected or finding.actual:
        yield line("    ", Piece("expected ", "dim"), visible(finding.expected))
        yield line("    ", Piece("actual   ", "dim"), visible(finding.actual))
    yield line("    ", Piece("fix      ", "dim"), visible(finding.fix))
    if finding.command:
        yield line("    ", Piece("run      ", "dim"), visible(finding.command))


def _figures(record: Record) -> Iterator[Line]:
    facts = record.facts
    document = next((one for one in facts.inputs if one.role == "document"), None)
    if document:
        yield row("document", f"{document.path}  {str(document.digest)[:19]}…")
    verified = sum(one.state == "verified" for one in facts.includes)
    if facts.includes:
        yield row(
            "includes",
            f"{verified} of {len(facts.includes)} verified",
            "" if verified == len(facts.includes) else "bad",
        )
    for result in facts.suites:
        yield row("suite", _suite(result), "" if result.outcome is Outcome.PASSED else "bad")
    if facts.standards:
        yield from figures(facts.standards)
    for use in facts.waivers:
        yield row("waived", visible(f"{use.test}: {use}"), "warn")
    for layer in facts.layers:
        yield row("coverage", layer.summary(), "" if layer.enough else "bad")
    kinds = Counter(proof.kind for proof in facts.proofs)
    proved = Counter(proof.kind for proof in facts.proofs if proof.proved)
    names = {"deliverable": "deliverables", "coverage": "coverage deliverables", "expected": "expected items"}
    parts = [f"{proved[kind]} of {kinds[kind]} {name}" for kind, name in names.items() if kinds[kind]]
    if parts:
        yield row("proved", ", ".join(parts), "" if proved == kinds else "bad")


def _suite(result: SuiteResult) -> str:
    counts = result.counts
    shown = ", ".join(f"{getattr(counts, o.value)} {o.replace('_', ' ')}" for o in Outcome if getattr(counts, o.value))
    return f"{result.suite}: {shown or str(result.outcome).replace('_', ' ')}  ({result.duration:.1f} s)"


def _advice(record: Record) -> Iterator[Line]:
    advice = [finding for finding in record.verdict.findings if not finding.blocking]
    for finding in advice[:ADVICE_LIMIT]:
        yield row("note", f"{visible(str(finding.where))}: {visible(finding.what)}; {visible(finding.fix)}", "warn")
    if len(advice) > ADVICE_LIMIT:
        yield row("note", f"{len(advice) - ADVICE_LIMIT} more notes: add --format json", "warn")


def _foot(record: Record, written: tuple[str, ...]) -> Iterator[Line]:
    if written:
        yield row("written", " · ".join(written))
    yield row("took", f"{record.seconds:.1f} s")
    if record.next:
        yield row("next", record.next, "strong")
