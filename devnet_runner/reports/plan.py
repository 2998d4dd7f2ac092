"""A parsed phase document, shown: as JSON values and as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from decimal import Decimal

    from devnet_runner.findings import Finding
    from devnet_runner.includes import Include
    from devnet_runner.phase import Deliverable, Item, Phase, Step


def plan_json(phase: Phase, includes: tuple[Include, ...], findings: list[dict[str, Any]]) -> dict[str, Any]:
    """The plan as JSON values; keys keep their meaning."""
    checkpoint, following = phase.checkpoint, phase.next_phase
    return {
        "phase": phase.number,
        "title": phase.title,
        "path": phase.path,
        "digest": str(phase.digest),
        "overview": [{"name": one.name, "value": one.value, "line": one.line} for one in phase.overview],
        "coverage_target": _number(phase.coverage_target),
        "coverage_targets": [
            {"percent": _number(one.percent), "text": one.subject, "line": one.line} for one in phase.coverage_targets
        ],
        "acceptance": _items(phase.acceptance),
        "steps": [_step(step) for step in phase.steps],
        "includes": [include_json(one) for one in includes],
        "standards": [{"path": one.path, "anchor": one.anchor, "line": one.line} for one in phase.standards],
        "commit_points": [
            {"number": one.number, "label": one.label, "line": one.line, "step": one.step, "message": one.message}
            for one in phase.commit_points
        ],
        "tag": {"name": phase.tag.name, "message": phase.tag.message, "line": phase.tag.line} if phase.tag else None,
        "checkpoint": (
            {"path": checkpoint.path, "line": checkpoint.line, "values": dict(checkpoint.values)}
            if checkpoint
            else None
        ),
        "progress": _item(phase.progress) if phase.progress else None,
        "context_clears": _items(phase.context_clears),
        "next_phase": (
            {"number": following.number, "title": following.title, "path": following.path, "line": following.line}
            if following
            else None
        ),
        "success_metrics": _items(phase.success_metrics),
        "workspace": {
            "repository": phase.repository.text if phase.repository else None,
            "directories": list(phase.directories),
        },
        "findings": findings,
    }


def include_json(one: Include) -> dict[str, Any]:
    """An include as JSON values."""
    return {"line": one.line, "source": one.source, "anchor": one.anchor, "hash": one.hash, "state": one.state}


def _step(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "title": step.title,
        "line": step.line,
        "coverage_target": _number(step.coverage_target),
        "deliverables": [_deliverable(one) for one in step.deliverables],
        "commands": [
            {
                "text": f"/{one.name} {one.argument}".strip(),
                "name": one.name,
                "argument": one.argument,
                "line": one.line,
            }
            for one in step.commands
        ],
        "expected": [{"text": one.text, "name": one.name, "line": one.line} for one in step.expected],
    }


def _deliverable(one: Deliverable) -> dict[str, Any]:
    return {
        "text": one.text,
        "line": one.line,
        "coverage": _number(one.coverage),
        "standards": list(one.standards),
    }


def _items(items: tuple[Item, ...]) -> list[dict[str, Any]]:
    return [_item(item) for item in items]


def _item(item: Item) -> dict[str, Any]:
    return {"text": item.text, "line": item.line}


def _number(value: Decimal | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def plan_lines(phase: Phase, includes: tuple[Include, ...], findings: tuple[Finding, ...]) -> list[Line]:
    """The plan for people: faults first."""
    lines = [line(Piece(f"phase {phase.number}: {visible(phase.title)}", "strong"), f"  {phase.path}")]
    lines += [_fault(finding) for finding in findings]
    for step in phase.steps:
        lines += [line(), line(Piece(f"  step {step.number}  {visible(step.title)}", "strong"), f"  line {step.line}")]
        lines += [line(f"    • {visible(one.text)}", Piece(f"  :{one.line}", "dim")) for one in step.deliverables]
        lines += [line(f"    ✓ {visible(one.text)}", Piece(f"  :{one.line}", "dim")) for one in step.expected]
        names = ", ".join(f"/{one.name}" for one in step.commands)
        lines += [line("    ", Piece(f"commands {names}", "dim"))] if names else []
    return [*lines, line(), *_rows(phase, includes)]


def _fault(finding: Finding) -> Line:
    word = Piece("fault", "bad") if finding.blocking else Piece("note ", "warn")
    return line("  ", word, f"  {visible(str(finding.where))}: {visible(finding.what)}; {visible(finding.fix)}")


def _rows(phase: Phase, includes: tuple[Include, ...]) -> list[Line]:
    verified = sum(one.state == "verified" for one in includes)
    points = ", ".join(one.number or one.label for one in phase.commit_points)
    following = phase.next_phase
    shown = {
        "coverage": f"{phase.coverage_target} % asked for" if phase.coverage_target is not None else "",
        "includes": f"{verified} of {len(includes)} verified" if includes else "",
        "acceptance": f"{len(phase.acceptance)} criteria" if phase.acceptance else "",
        "commits": points,
        "tag": phase.tag.name if phase.tag else "",
        "checkpoint": ", ".join(key for key, _ in phase.checkpoint.values) if phase.checkpoint else "",
        "metrics": f"{len(phase.success_metrics)} success metrics" if phase.success_metrics else "",
        "next phase": f"{following.number} {following.title}".strip() if following else "",
    }
    return [row(label, visible(text)) for label, text in shown.items() if text]
