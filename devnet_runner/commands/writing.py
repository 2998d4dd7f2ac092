"""Writing what was proved: the record, the progress file and last the checkpoint, which is the claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner import git
from devnet_runner.checkpoint import Facts, claims, parse, render
from devnet_runner.commands.kept import kept
from devnet_runner.commands.proof import layer_claims
from devnet_runner.files import File, clean_stale, write_all
from devnet_runner.locks import repository_lock
from devnet_runner.progress import created, ticked

if TYPE_CHECKING:
    from devnet_runner.commands.inputs import Inputs
    from devnet_runner.findings import Finding
    from devnet_runner.record import Record


def write_proof(inputs: Inputs, record: Record) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Write the three files, all or none; the paths that changed, and notes about the progress file.

    Raises EnvironmentStopped, and nothing is changed, where the system refuses or another run holds the lock.
    """
    root, settings = inputs.root, inputs.settings
    records = root / settings.records
    checkpoint, progress = root / settings.checkpoint, root / settings.progress
    with repository_lock(root, git.common_dir(root)):
        clean_stale({records, checkpoint.resolve().parent, progress.resolve().parent})
        claimed, before = kept(root, settings.checkpoint), kept(root, settings.progress)
        text, notes = _progress(inputs, before)
        files = (
            File(records / record.name(), record.to_bytes(), None),
            File(progress, text, before),
            File(checkpoint, _checkpoint(inputs, record, claimed), claimed),
        )
        return write_all(files, root), notes


def _progress(inputs: Inputs, before: bytes | None) -> tuple[bytes, tuple[Finding, ...]]:
    phase = inputs.plan.phase
    verified = {step.number for step in inputs.plan.steps}
    steps = tuple((step.number, step.title, step.number in verified) for step in phase.steps)
    if before is None:
        return created(phase.number, phase.title, steps), ()
    return ticked(before, phase.number, phase.title, steps)


def _checkpoint(inputs: Inputs, record: Record, before: bytes | None) -> bytes:
    template = inputs.plan.phase.checkpoint
    facts = _facts(inputs, record, dict(parse(before).values).get("GIT_TAG", "") if before else "")
    newline = "\r\n" if before and b"\r\n" in before else "\n"
    return render(claims(template.values if template else None, facts), newline)


def _facts(inputs: Inputs, record: Record, previous_tag: str) -> Facts:
    phase, plan = inputs.plan.phase, inputs.plan
    last = plan.steps[-1]
    numbers = [step.number for step in phase.steps]
    after = phase.steps[numbers.index(last.number) + 1 :]
    following = phase.next_phase
    deliverables = [proof for proof in record.facts.proofs if proof.kind != "expected"]
    tag = phase.tag.name if phase.tag else ""
    return Facts(
        phase=phase.number,
        step_number=last.number,
        step_title=last.title,
        whole=len(plan.steps) == len(phase.steps),
        next_step=(after[0].number, after[0].title) if after else None,
        next_phase=(following.number, following.title, following.path) if following else None,
        document=phase.path,
        tag=tag,
        tag_exists=bool(tag) and git.tag_exists(inputs.root, tag),
        previous_tag=previous_tag,
        coverage=layer_claims(record.facts.layers),
        day=record.started.date().isoformat(),
        passed=sum(result.counts.passed for result in record.facts.suites if result.suite in inputs.blocking),
        proved=sum(proof.proved for proof in deliverables),
        deliverables=len(deliverables),
        record=f"{inputs.settings.records}/{record.name()}",
    )
