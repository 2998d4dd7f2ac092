"""The faults of a phase document, each with its line and its cure; what verification cannot do without blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place
from devnet_runner.includes.markers import unclosed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.phase.lines import Lines
    from devnet_runner.phase.values import Phase

TEMPLATE_KEYS = ("LAST_COMPLETED", "NEXT_ACTION")


def faults(phase: Phase, lines: Lines) -> Phase:
    """The same phase with the faults of its document."""
    return replace(phase, findings=tuple(sorted(_all(phase, lines), key=lambda finding: finding.where)))


def _all(phase: Phase, lines: Lines) -> Iterator[Finding]:
    if not phase.line:
        # A document whose file is named for its phase can be verified all the same.
        what, fix = "the document has no title `# Phase N: Title`", "add it as the first line"
        yield _fault(phase, "phase-no-title", 1, what, fix, blocking=not phase.number)
    if not phase.steps:
        yield _fault(phase, "phase-no-steps", 1, "the document declares no step", "add `### Step 1: Title` headings")
    yield from _step_faults(phase)
    yield from _transition_faults(phase)
    yield from unclosed(lines.document)


def _step_faults(phase: Phase) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    parents = {step.number.rpartition(".")[0] for step in phase.steps}
    for step in phase.steps:
        if step.number in seen:
            what = f"step {step.number} is declared twice, first in line {seen[step.number]}"
            yield _fault(phase, "step-duplicate", step.line, what, "renumber one of them")
        seen.setdefault(step.number, step.line)
        if not step.title:
            yield _fault(
                phase, "step-no-title", step.line, f"step {step.number} has no title", "add one", blocking=False
            )
        if not step.deliverables and step.number not in parents:
            what = f"step {step.number} lists no deliverables, so nothing can prove it"
            fix = "add `**Expected Deliverables:**` and a list below it"
            yield _fault(phase, "step-no-deliverables", step.line, what, fix, blocking=False)


def _transition_faults(phase: Phase) -> Iterator[Finding]:
    for point in phase.commit_points:
        if not point.message:
            what = f'commit point {point.number or point.label} has no `git commit -m "…"`'
            yield _fault(
                phase, "commit-no-message", point.line, what, "add the command in a code fence", blocking=False
            )
    checkpoint = phase.checkpoint
    missing = [key for key in TEMPLATE_KEYS if checkpoint and key not in dict(checkpoint.values)]
    if checkpoint and missing:
        what = f"the checkpoint template lacks {', '.join(missing)}"
        yield _fault(phase, "checkpoint-keys", checkpoint.line, what, "add them as `KEY: value` lines", blocking=False)
    if phase.tag and checkpoint and dict(checkpoint.values).get("GIT_TAG", phase.tag.name) != phase.tag.name:
        named = dict(checkpoint.values)["GIT_TAG"]
        what = f"the checkpoint template names the tag {named}, the phase makes {phase.tag.name}"
        yield _fault(phase, "tag-differs", checkpoint.line, what, "use one name", blocking=False)


def _fault(phase: Phase, kind: str, line: int, what: str, fix: str, *, blocking: bool = True) -> Finding:
    return Finding(kind, Place(phase.path, line), what, fix, blocking)
