"""A record keeps what one run was given, what happened, and the verdict; one immutable JSON file a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devnet_runner.digest import Digest
from devnet_runner.findings import finding_json
from devnet_runner.terminal import visible_json

if TYPE_CHECKING:
    from datetime import datetime

    from devnet_runner.gates.deliverables import Proof
    from devnet_runner.git import GitState
    from devnet_runner.includes import Include
    from devnet_runner.measures import LayerMeasure
    from devnet_runner.results import SuiteResult, TestResult
    from devnet_runner.standard_results import StandardsRun
    from devnet_runner.standards.waivers import Waived
    from devnet_runner.verdict import Verdict

FORMAT = "devnet-record/1"


@dataclass(frozen=True, slots=True)
class Input:
    """A file that the verdict speaks about: its role (document, include, settings, standard, test-data) and digest."""

    role: str
    path: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class About:
    """What a run was asked: the phase and step, in which mode, and the command that asks the same again."""

    phase: str
    title: str
    path: str
    step: str
    mode: str
    command: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened: results, measures and proofs, with the inputs they were made from."""

    inputs: tuple[Input, ...]
    git: GitState
    tools: tuple[tuple[str, str], ...]
    includes: tuple[Include, ...] = ()
    suites: tuple[SuiteResult, ...] = ()
    layers: tuple[LayerMeasure, ...] = ()
    coverage: tuple[Input, ...] = ()
    proofs: tuple[Proof, ...] = ()
    standards: StandardsRun | None = None
    waivers: tuple[Waived, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One run. `started` is in UTC, `seconds` the wall time; `next` is the one command to run now."""

    about: About
    facts: Facts
    verdict: Verdict
    started: datetime
    seconds: float
    next: str

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values; keys keep their meaning within one `format`."""
        about, facts = self.about, self.facts
        return {
            "format": FORMAT,
            "phase": {"number": about.phase, "title": about.title, "path": about.path, "step": about.step or None},
            "mode": about.mode,
            "command": about.command,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "clock": "local",
            "tools": dict(facts.tools),
            "inputs": [_input(one) for one in facts.inputs],
            "git": git_json(facts.git),
            "suites": [_suite(result) for result in facts.suites],
            "coverage": {
                "data": [_input(one) for one in facts.coverage],
                "layers": [one.to_json() for one in facts.layers],
            },
            "deliverables": [proof_json(proof) for proof in facts.proofs],
            "findings": [finding_json(finding) for finding in self.verdict.findings],
            "verdict": "passed" if self.verdict.passed else "blocked",
            "exit_code": self.verdict.exit_code,
            "standards": facts.standards.to_json() if facts.standards else None,
            "waivers": [use.to_json() for use in facts.waivers],
        }

    def to_bytes(self) -> bytes:
        """The bytes that are kept, and that the record's digest speaks of."""
        return (visible_json(json.dumps(self.to_json(), indent=1, ensure_ascii=False)) + "\n").encode()

    def name(self) -> str:
        """The file name: when, what, and the start of its own digest."""
        step = f"-step-{self.about.step}" if self.about.step else ""
        moment = self.started.strftime("%Y%m%dT%H%M%SZ")
        return f"{moment}-phase-{self.about.phase}{step}-{Digest.of(self.to_bytes()).value[:12]}.json"


def proof_json(proof: Proof) -> dict[str, Any]:
    """A row of the matrix as JSON values."""
    return {
        "step": proof.step,
        "kind": proof.kind,
        "text": proof.text,
        "line": proof.line,
        "proved": proof.proved,
        "tests": [{"name": name, "outcome": str(outcome)} for name, outcome in proof.tests],
    }


def git_json(state: GitState) -> dict[str, Any]:
    """The state of the repository as JSON values."""
    return {
        "commit": state.commit,
        "branch": state.branch,
        "dirty": state.dirty,
        "tree": state.tree,
        "detached": state.detached,
        "unborn": state.unborn,
    }


def _input(one: Input) -> dict[str, str]:
    return {"role": one.role, "path": one.path, "digest": str(one.digest)}


def _suite(result: SuiteResult) -> dict[str, Any]:
    return {
        "id": result.suite,
        "outcome": str(result.outcome),
        "reason": result.reason,
        "seconds": round(result.duration, 3),
        "tests": [_test(test) for test in result.tests],
    }


def _test(test: TestResult) -> dict[str, Any]:
    return {
        "name": test.name,
        "outcome": str(test.outcome),
        "seconds": round(test.duration, 4),
        "proves": list(test.proves),
    }
