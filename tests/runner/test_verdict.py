"""The verdict and the gates of suites and deliverables, as tables of facts and decisions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from devnet_runner.digest import Digest
from devnet_runner.findings import Finding, Place
from devnet_runner.gates.deliverables import deliverable_findings, matrix, same_text, unknown_marks
from devnet_runner.gates.suites import suite_findings
from devnet_runner.measures import LayerMeasure, Ratio
from devnet_runner.phase import Deliverable, ExpectedCheck, Phase, Step
from devnet_runner.results import Counts, Outcome, SuiteResult, TestResult
from devnet_runner.settings import Suite
from devnet_runner.verdict import decide

BAD = Finding("x-y", Place("a.md", 3), "it is wrong", "mend it")
PASSED = TestResult("t", Outcome.PASSED, proves=("Payments",))


def suite(outcome=Outcome.PASSED, *tests):
    return SuiteResult("s", outcome, tests or (PASSED,))


DECISIONS = [
    # findings, results, blocking suites, mode, passed, exit code
    ((), (suite(),), {"s"}, "blocking", True, 0),
    ((BAD,), (suite(),), {"s"}, "blocking", False, 1),
    ((BAD,), (suite(),), {"s"}, "advisory", False, 0),
    ((BAD.advisory(),), (suite(),), {"s"}, "blocking", True, 0),
    ((), (), {"s"}, "blocking", False, 1),
    ((), (suite(),), set(), "blocking", False, 1),
    ((), (suite(),), {"s", "other"}, "blocking", False, 1),
    ((), (SuiteResult("s", Outcome.PASSED, ()),), {"s"}, "blocking", False, 1),
    *[((), (suite(outcome),), {"s"}, "blocking", False, 1) for outcome in Outcome if outcome is not Outcome.PASSED],
]


@pytest.mark.parametrize(("findings", "results", "blocking", "mode", "passed", "code"), DECISIONS)
def test_only_what_ran_and_passed_passes(findings, results, blocking, mode, passed, code):
    verdict = decide(findings, results, frozenset(blocking), mode)
    assert (verdict.passed, verdict.exit_code) == (passed, code)
    assert verdict.writes is (passed and mode == "blocking")


def test_a_verdict_that_does_not_pass_always_has_a_reason_or_a_missing_suite():
    assert decide((), (), frozenset(), "blocking").blocking[0].id == "nothing-to-run"


def test_blocking_findings_come_first_and_once():
    note = BAD.advisory()
    assert decide((note, BAD, BAD), (), frozenset({"s"}), "blocking").findings == (BAD, note)


def test_counts_add_up():
    counts = Counts.of([Outcome.PASSED, Outcome.PASSED, Outcome.SKIPPED]) + Counts.of([Outcome.FAILED])
    assert (counts.passed, counts.skipped, counts.failed, counts.total) == (2, 1, 1, 4)


OF_STANDARDS_ALONE = {Outcome.DENIED, Outcome.VACUOUS}


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.PASSED, Outcome.NOT_RUN} - OF_STANDARDS_ALONE))
def test_every_outcome_but_passed_is_a_finding(outcome):
    result = suite(Outcome.FAILED, TestResult("t", outcome, where=Place("t.py", 4), reason="why\nmore"))
    (finding,) = suite_findings(Suite("s", "pytest"), result, "devnet.yaml", "again")
    assert (finding.id, str(finding.where), finding.blocking) == (f"test-{outcome}".replace("_", "-"), "t.py:4", True)
    assert finding.what.endswith(": why")


def test_a_suite_that_does_not_block_gives_notes():
    result = suite(Outcome.FAILED, TestResult("t", Outcome.FAILED))
    findings = suite_findings(Suite("s", "pytest", blocking=False), result, "devnet.yaml", "again")
    assert [finding.blocking for finding in findings] == [False]


def test_a_suite_without_tests_is_a_finding_at_its_settings():
    result = SuiteResult("s", Outcome.ERRORED, (), reason="it collected no test")
    (finding,) = suite_findings(Suite("s", "pytest", line=7), result, "devnet.yaml", "again")
    assert (finding.id, str(finding.where)) == ("suite-errored", "devnet.yaml:7")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Payments", "payments", True), ("**Payments**  work", "Payments work", True),
        ("Schemas (following @docs/standards/x.md)", "Schemas", True), ("`a` b", "a b", True),
        ("Payments (cards)", "Payments", False), ("Payment", "Payments", False),
    ],
)  # fmt: skip
def test_texts_are_the_same_but_for_their_dress(one, other, same):
    assert (same_text(one) == same_text(other)) is same


def layer(lines, branches):
    return LayerMeasure("core", None, lines, branches, 0, 1, (), ())


LAYER = layer(Ratio(96, 100), Ratio(95, 100))
STEP = Step(
    "1", "Step", 5,
    deliverables=(Deliverable("Payments", 6), Deliverable("95% test coverage", 7, Decimal(95))),
    expected=(ExpectedCheck("It pays", 8),),
)  # fmt: skip
PHASE = Phase("3", "T", "p.md", 1, Digest("0"), steps=(STEP,))


def unproved(tests, layers=(LAYER,), blocking=(("s", ""),)):
    proofs = matrix((STEP,), (SuiteResult("s", Outcome.PASSED, tests),), dict(blocking), lambda _: layers)
    return [(one.id, one.where.line, one.blocking) for one in deliverable_findings(PHASE, proofs)]


PAYS = TestResult("t2", Outcome.PASSED, proves=("It pays",))
NOT_PAYMENTS = ("deliverable-unproved", 6, True)
NOT_COVERED = ("coverage-unproved", 7, True)


@pytest.mark.parametrize(
    ("tests", "layers", "blocking", "found"),
    [
        ((PASSED, PAYS), (LAYER,), {"s": ""}, []),
        ((PASSED,), (LAYER,), {"s": ""}, [("expected-unproved", 8, False)]),
        ((PAYS,), (LAYER,), {"s": ""}, [NOT_PAYMENTS]),
        ((PASSED, PAYS), (LAYER,), {"s": "1"}, []),
        ((PASSED, PAYS), (LAYER,), {"s": "2"}, [NOT_PAYMENTS, ("expected-unproved", 8, False)]),
        ((PASSED, PAYS), (LAYER,), {"other": ""}, [NOT_PAYMENTS, ("expected-unproved", 8, False)]),
        ((PASSED, PAYS, TestResult("t3", Outcome.SKIPPED, proves=("Payments",))), (LAYER,), {"s": ""}, [NOT_PAYMENTS]),
        ((PASSED, PAYS), (), {"s": ""}, [NOT_COVERED]),
        ((PASSED, PAYS), (layer(Ratio(94, 100), Ratio()),), {"s": ""}, [NOT_COVERED]),
        ((PASSED, PAYS), (layer(Ratio(), Ratio()),), {"s": ""}, [NOT_COVERED]),
        ((PASSED, PAYS), (layer(Ratio(99, 100), Ratio(94, 100)),), {"s": ""}, [NOT_COVERED]),
    ],
)  # fmt: skip
def test_a_deliverable_needs_its_proof(tests, layers, blocking, found):
    assert unproved(tests, layers, tuple(blocking.items())) == found


def test_a_mark_that_names_nothing_is_told_with_the_nearest():
    result = suite(Outcome.PASSED, TestResult("t", Outcome.PASSED, proves=("Payment",)))
    (finding,) = unknown_marks(PHASE, (result,))
    assert (finding.id, finding.blocking) == ("deliverable-unknown", False)
    assert "'Payments'" in finding.fix
