"""The gate of deliverables: a passed blocking test proves each; the coverage gate proves those about coverage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place
from devnet_runner.results import Outcome, SuiteResult, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from devnet_runner.measures import LayerMeasure
    from devnet_runner.phase import Phase, Step

REFERENCE = re.compile(r"\([^()]*@[^()]*\)")
EMPHASIS = re.compile(r"[*`_]+")


if TYPE_CHECKING:
    LayersOf = Callable[[Step], tuple[LayerMeasure, ...]]


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of the matrix: what a step declares, and the tests that prove it with their outcomes."""

    step: str
    kind: str
    text: str
    line: int
    tests: tuple[tuple[str, Outcome], ...]
    proved: bool


def same_text(text: str) -> str:
    """What two ways to write one deliverable share: no emphasis, no reference to a standard, folded case and blanks."""
    return " ".join(EMPHASIS.sub("", REFERENCE.sub("", text)).casefold().split())


def matrix(
    steps: Iterable[Step], results: Iterable[SuiteResult], blocking: Mapping[str, str], layers_of: LayersOf
) -> tuple[Proof, ...]:
    """Deliverables and expected items of steps against the tests that name them.

    Only tests of blocking suites count, and only for the step that their suite is bound to: `blocking` maps each such
    suite to its step, empty for every step.
    """
    named: list[tuple[str, str, TestResult]] = [
        (blocking[result.suite], same_text(text), test)
        for result in results
        if result.suite in blocking
        for test in result.tests
        for text in test.proves
    ]
    return tuple(proof for step in steps for proof in _of_step(step, _about(step, named), layers_of(step)))


def _about(step: Step, named: list[tuple[str, str, TestResult]]) -> dict[str, list[TestResult]]:
    """The tests that speak about a step, by the text that they name."""
    tests: dict[str, list[TestResult]] = {}
    for bound, text, test in named:
        if bound in {"", step.number}:
            tests.setdefault(text, []).append(test)
    return tests


def _of_step(step: Step, tests: dict[str, list[TestResult]], layers: tuple[LayerMeasure, ...]) -> Iterator[Proof]:
    for deliverable in step.deliverables:
        if deliverable.coverage is None:
            yield _by_tests(step, "deliverable", deliverable.text, deliverable.line, tests)
        else:
            proved = bool(layers) and all(layer.meets(deliverable.coverage) for layer in layers)
            yield Proof(step.number, "coverage", deliverable.text, deliverable.line, (), proved)
    for item in step.expected:
        yield _by_tests(step, "expected", item.text, item.line, tests)


def _by_tests(step: Step, kind: str, text: str, line: int, tests: dict[str, list[TestResult]]) -> Proof:
    found = tuple((test.name, test.outcome) for test in tests.get(same_text(text), ()))
    proved = bool(found) and all(outcome is Outcome.PASSED for _, outcome in found)
    return Proof(step.number, kind, text, line, found, proved)


def deliverable_findings(phase: Phase, proofs: tuple[Proof, ...]) -> tuple[Finding, ...]:
    """A blocking finding for each deliverable that nothing proves; expected items without proof are advisory."""
    return tuple(_unproved(phase, proof) for proof in proofs if not proof.proved)


def _unproved(phase: Phase, proof: Proof) -> Finding:
    nouns = {"expected": "expected verification item", "coverage": "coverage deliverable"}
    what = f"step {proof.step}: nothing proves the {nouns.get(proof.kind, 'deliverable')} '{proof.text}'"
    expected, actual, fix = "a passed blocking test that names it", "no blocking test names it", ""
    if proof.kind == "coverage":
        expected, actual = "that coverage in every layer of the step", "a layer has less, or no layer was measured"
        fix = "cover what the layers are missing"
    elif proof.tests:
        names = ", ".join(f"{name} ({outcome})" for name, outcome in proof.tests if outcome is not Outcome.PASSED)
        actual, fix = f"did not pass: {names}", "make those tests pass"
    else:
        fix = f'mark the blocking test that proves it: @pytest.mark.deliverable("{proof.text}")'
    place, blocking = Place(phase.path, proof.line), proof.kind != "expected"
    return Finding(f"{proof.kind}-unproved", place, what, fix, blocking, expected, actual)


def unknown_marks(phase: Phase, results: Iterable[SuiteResult]) -> tuple[Finding, ...]:
    """An advisory finding for each test that names something which the phase does not declare."""
    declared = [one.text for step in phase.steps for one in step.deliverables]
    declared += [one.text for step in phase.steps for one in step.expected]
    known = {same_text(text): text for text in declared}
    return tuple(
        _unknown(test, text, known)
        for result in results
        for test in result.tests
        for text in test.proves
        if same_text(text) not in known
    )


def _unknown(test: TestResult, text: str, known: dict[str, str]) -> Finding:
    near = get_close_matches(same_text(text), known, n=1, cutoff=0.3)
    fix = f"the nearest is '{known[near[0]]}'" if near else "copy the text of the bullet from the phase document"
    what = f"{test.name} names the deliverable '{text}', which the phase does not declare"
    return Finding("deliverable-unknown", test.where, what, fix, blocking=False)
