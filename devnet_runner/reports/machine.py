"""The versioned JSON report: what an agent reads. On failure it is small: what blocks, where, the fix, what is next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet_runner.findings import finding_json
from devnet_runner.record import git_json, proof_json
from devnet_runner.reports.faults import FORMAT
from devnet_runner.reports.plan import include_json
from devnet_runner.results import Counts
from devnet_runner.terminal import visible_json

if TYPE_CHECKING:
    from devnet_runner.record import Record

ADVISORY_LIMIT = 20


def report_json(record: Record, version: str, written: tuple[str, ...] = ()) -> str:
    """The report of a run, as one JSON document."""
    verdict, facts = record.verdict, record.facts
    shown = [*verdict.blocking, *[f for f in verdict.findings if not f.blocking][:ADVISORY_LIMIT]]
    proofs = [proof for proof in facts.proofs if verdict.passed or not proof.proved]
    return _text(
        {
            "format": FORMAT,
            "tool": {"name": "devnet-run", "version": version},
            "verdict": "passed" if verdict.passed else "blocked",
            "exit_code": verdict.exit_code,
            "next": record.next,
            "findings": [finding_json(finding) for finding in shown],
            "phase": _phase(record),
            "mode": record.about.mode,
            "git": git_json(facts.git),
            "includes": [include_json(one) for one in facts.includes],
            "checks": _checks(record),
            "suites": [_suite(result) for result in facts.suites],
            "standards": facts.standards.to_json() if facts.standards else None,
            "waivers": [use.to_json() for use in facts.waivers],
            "coverage": [layer.to_json() for layer in facts.layers],
            "deliverables": [proof_json(proof) for proof in proofs],
            "written": list(written),
            "seconds": round(record.seconds, 3),
        }
    )


def _text(value: dict[str, Any]) -> str:
    return visible_json(json.dumps(value, indent=1, ensure_ascii=False)) + "\n"


def _phase(record: Record) -> dict[str, Any]:
    about = record.about
    document = next((str(one.digest) for one in record.facts.inputs if one.role == "document"), None)
    return {
        "number": about.phase,
        "title": about.title,
        "path": about.path,
        "step": about.step or None,
        "digest": document,
    }


def _checks(record: Record) -> dict[str, int]:
    counts = sum((result.counts for result in record.facts.suites), Counts())
    proofs = record.facts.proofs
    return {
        "tests": counts.total,
        "passed": counts.passed,
        "deliverables": len(proofs),
        "proved": sum(proof.proved for proof in proofs),
    }


def _suite(result: Any) -> dict[str, Any]:
    counts = result.counts
    return {
        "id": result.suite,
        "outcome": str(result.outcome),
        "seconds": round(result.duration, 3),
        "counts": {name: getattr(counts, name) for name in counts.__slots__ if getattr(counts, name)},
    }


def schema() -> dict[str, Any]:
    """The JSON schema of the report, as it ships with the package."""
    value: dict[str, Any] = json.loads(Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
    return value
