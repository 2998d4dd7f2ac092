from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devnet_runner.checkpoint import Facts, claims, parse, render

SHARED = Path(__file__).resolve().parents[3] / "shared" / "devnet" / "DEVNET-CHECKPOINT.txt"
STEP = Facts(
    phase="3", step_number="1", step_title="Database", whole=False, next_step=("2", "Services"),
    next_phase=("4", "Interface Adapters", "phases/phase-4.md"), document="phases/phase-3.md", tag="v0.3.0",
    tag_exists=False, previous_tag="v0.2.0", coverage=(("infrastructure", "97.25%"),), day="2026-01-31", passed=42,
    proved=6, deliverables=6, record="records/1.json",
)  # fmt: skip
WHOLE = replace(STEP, step_number="3", step_title="Login", whole=True, next_step=None)
NEXT = "Start Phase 4, Step 1 - Controllers"


def claim(key: str, facts: Facts, text: str = "") -> str:
    return dict(claims(((key, text),), facts))[key]


def test_without_a_template_the_five_keys_are_written():
    keys = [key for key, _ in claims(None, STEP)]
    assert keys == ["LAST_COMPLETED", "NEXT_ACTION", "GIT_TAG", "COVERAGE", "NOTE"]


def test_keys_and_order_are_the_template_s_and_foreign_text_stays():
    template = (("NOTE", "x"), ("WORKING_DIRECTORY", "~/here"), ("OWNER", "Ann"), ("CURRENT_FILE", "old.md"))
    values = claims(template, STEP)
    assert [key for key, _ in values] == [key for key, _ in template]
    assert [text for _, text in values[1:]] == ["~/here", "Ann", "phases/phase-3.md"]


@pytest.mark.parametrize(
    ("facts", "template", "expected"),
    [
        (STEP, NEXT, "Start Phase 3, Step 2 - Services"),
        (WHOLE, NEXT, NEXT),
        (WHOLE, "Start Phase 5, Step 1 - Pages", "Start Phase 4 - Interface Adapters"),
        (WHOLE, "Start Phase 40, Step 1 - Pages", "Start Phase 4 - Interface Adapters"),
        (WHOLE, "", "Start Phase 4 - Interface Adapters"),
        (replace(WHOLE, next_phase=None), NEXT, "Nothing is planned after this phase"),
        (replace(WHOLE, whole=False), NEXT, "Verify all of Phase 3"),
        (replace(WHOLE, whole=False, next_phase=None), NEXT, "Verify all of Phase 3"),
    ],
)
def test_the_next_action_is_what_comes_after(facts, template, expected):
    assert claim("NEXT_ACTION", facts, template) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (STEP, "v0.2.0"),
        (replace(STEP, tag_exists=True), "v0.2.0"),
        (replace(STEP, previous_tag=""), "none"),
        (WHOLE, "none yet (v0.3.0 is next)"),
        (replace(WHOLE, tag_exists=True), "v0.3.0"),
        (replace(WHOLE, tag="", previous_tag=""), "none"),
    ],
)
def test_a_tag_is_claimed_only_where_it_exists(facts, expected):
    assert claim("GIT_TAG", facts, "v0.3.0") == expected


@pytest.mark.parametrize(
    ("measured", "template", "expected"),
    [
        ((("infrastructure", "97.25%"),), "", "Infrastructure 97.25%"),
        ((), "", "Not measured"),
        ((), "Domain 100%", "Domain not measured"),
        (
            (("overall", "65%"), ("use-cases", "99.9%"), ("web", "80%")),
            "Domain 100%, Use Cases 100%, Infrastructure: 95%, Overall 65%",
            "Domain not measured, Use Cases 99.9%, Infrastructure not measured, Overall 65%, Web 80%",
        ),
        ((), "Not started", "Not measured"),
        ((), "Domain 100% (will reach 100% in phase 5), Web (UI) 9%", "Domain not measured, Web not measured"),
    ],
)
def test_coverage_is_as_measured_and_the_rest_is_named(measured, template, expected):
    assert claim("COVERAGE", replace(STEP, coverage=measured), template) == expected


def test_the_note_says_how_it_was_proved():
    assert claim("NOTE", STEP, "All is well") == (
        "Verified in blocking mode on 2026-01-31: 42 blocking tests passed, 6 of 6 deliverables proved; "
        "record records/1.json"
    )
    assert "1 blocking test passed" in claim("NOTE", replace(STEP, passed=1))


@pytest.mark.parametrize(("facts", "file"), [(STEP, "phases/phase-3.md"), (WHOLE, "phases/phase-4.md"),
                                             (replace(WHOLE, next_phase=None), "phases/phase-3.md")])  # fmt: skip
def test_the_current_file_is_the_one_to_read_next(facts, file):
    assert claim("CURRENT_FILE", facts, "old.md") == file


def test_no_value_can_break_out_of_its_line():
    hostile = replace(STEP, step_title="Data\nNOTE: all\u2028good\x1b[31m\u202e")
    assert claim("LAST_COMPLETED", hostile) == "Phase 3, Step 1 - Data NOTE: all good[31m"
    assert render((("A", "x\r\nB: y"),)) == b"A: x B: y\n"


def test_a_file_reads_back_as_it_was_written():
    values = claims(None, WHOLE)
    assert parse(render(values, "\r\n")).values == values
    assert parse(b"\xef\xbb\xbfA: x: y\rprose\r\nB:\n").values == (("A", "x: y"), ("B", ""))


@pytest.mark.skipif(not SHARED.exists(), reason="the shared plans are not beside the project")
def test_the_file_of_the_real_plans_reads_back_byte_for_byte():
    data = SHARED.read_bytes()
    values = parse(data).values
    assert len(values) == 8
    assert render(values).rstrip() == data.rstrip()
