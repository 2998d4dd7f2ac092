from __future__ import annotations

from pathlib import Path

import pytest

from devnet_runner.errors import InputError
from devnet_runner.progress import created, read, ticked

SHARED = Path(__file__).resolve().parents[3] / "shared" / "devnet" / "DEVNET-PROGRESS.md"
ONE = (("1", "Database", True), ("2", "Adapters", False))


def tick(text: str, phase: str = "3", steps=ONE) -> str:
    data, _ = ticked(text.encode(), phase, "Infrastructure", steps)
    return data.decode()


@pytest.mark.parametrize("bullet", ["-", "*", "+", "1.", "  -", "\t*"])
@pytest.mark.parametrize("step", ["**Step 1**: Database", "Step 1: Database", "**Step 1**: Database  ",
                                  "__Step 1__: Database",
                                  "**Step 1:** Database", "Step 1 — Database"])  # fmt: skip
def test_a_verified_step_is_ticked_in_every_dialect(bullet, step):
    text = f"# Plan\n\n## Phase 3: Infrastructure\n- list\n{bullet} [ ] {step}\n- [ ] **Step 2**: Adapters"
    assert tick(text) == text.replace(f"[ ] {step}", f"[x] {step}")


@pytest.mark.parametrize(
    ("heading", "line", "phase", "number"),
    [
        ("## Phase 3: T", "- [ ] **Step 1**: Database", "3", "1"),
        ("## Phase A — T", "- [ ] **Step A1**: Database", "A", "A1"),
        ("## Phase A — T", "- [ ] **Step A1**: Database", "A", "1"),
        ("## Phase C — T", "- [ ] **Wave C1**: Database", "C", "C1"),
        ("### Phase c", "- [ ] Step 1: Database", "C", "1"),
        ("## Phase 3: T ##", "### Week 1\n\n- [ ] Step 1: Database", "3", "1"),
    ],
)
def test_sections_and_steps_are_found_by_number(heading, line, phase, number):
    text = f"{heading}\n\n{line}\n\n## Phase 9: Other\n\n{line}\n"
    assert tick(text, phase, ((number, "Database", True),)) == text.replace("[ ]", "[x]", 1)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["", "{nl}", "  {nl}{nl}"])
def test_every_other_byte_stays(newline, bom, end):
    text = bom + f"## Phase 3: T{{nl}}{{nl}}- [ ] Step 1: Database  {{nl}}tail\u00a0\u2028{end}".replace(
        "{nl}", newline
    )
    assert tick(text) == text.replace("[ ]", "[x]")


def test_bytes_that_are_no_utf_8_stay():
    data = b"## Phase 3: T\n- [ ] Step 1: Datab\xffse\n\xfe\n"
    assert ticked(data, "3", "T", ONE)[0] == data.replace(b"[ ]", b"[x]")


@pytest.mark.parametrize(
    "dead",
    [
        "```\n- [ ] Step 1: Database\n```",
        "~~~~md\n```\n- [ ] Step 1: Database\n~~~\n~~~~",
        "- item\n  ```\n  - [ ] Step 1: Database\n  ```",
        "<!--\n- [ ] Step 1: Database\n-->",
        "<!-- - [ ] Step 1: Database -->",
        "    - [ ] Step 1: Database",
        "```\n## Phase 4: no heading\n```",
    ],
)
def test_what_is_in_a_fence_comment_or_code_is_left_alone(dead):
    text = f"## Phase 3: T\n\n{dead}\n\n- [ ] Step 1: Database\n"
    assert tick(text) == f"## Phase 3: T\n\n{dead}\n\n- [x] Step 1: Database\n"


def test_nothing_is_unticked_and_a_second_run_changes_nothing():
    text = "## Phase 3: T\n- [X] Step 1: Database\n- [x] **Step 2**: Adapters\n"
    assert tick(text) == text


def test_another_title_is_ticked_by_number_and_told():
    data, findings = ticked(b"## Phase 3: T\n\n- [ ] Step 1: Old\n", "3", "T", ONE, "P.md")
    assert data.endswith(b"[x] Step 1: Old\n")
    assert [(one.id, str(one.where), one.blocking) for one in findings] == [("progress-title-differs", "P.md:3", False)]


def test_of_two_lines_with_one_number_the_one_with_the_title_is_ticked():
    text = "## Phase 3: T\n- [ ] Step 1: Old\n- [ ] Step 1: Database\n"
    assert tick(text) == "## Phase 3: T\n- [ ] Step 1: Old\n- [x] Step 1: Database\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "end"])
def test_a_missing_section_is_added_in_the_newline_of_the_file(newline, end):
    text = f"# Plan\n\n## Phase 2: Two\n{end}".replace("\n", newline)
    added = "\n## Phase 3: Infrastructure\n\n- [x] **Step 1**: Database\n- [ ] **Step 2**: Adapters\n"
    assert tick(text) == text + (newline if end else "") + added.replace("\n", newline)


def test_a_missing_step_is_added_below_the_last():
    text = "## Phase 3: T\r\n\r\n* [x] Step 0: Start"
    assert tick(text) == text + "\r\n- [x] **Step 1**: Database\r\n"
    assert tick("## Phase 3: T\n") == "## Phase 3: T\n\n- [x] **Step 1**: Database\n"


def test_a_new_file_is_neat_and_reads_back():
    data = created("3", "Infra\nstructure", ONE)
    assert (
        data == b"# Progress\n\n## Phase 3: Infra structure\n\n- [x] **Step 1**: Database\n- [ ] **Step 2**: Adapters\n"
    )
    phase = read(data).phases[0]
    assert (phase.number, phase.title, [step.done for step in phase.steps]) == ("3", "Infra structure", [True, False])
    assert tick("") == data.decode().replace("Infra structure", "Infrastructure")


@pytest.mark.parametrize("data", ["\0", "```\nopen\n", "<!-- open\n"])
def test_a_file_that_cannot_be_added_to_is_refused(data):
    with pytest.raises(InputError) as caught:
        tick(f"# Plan\n{data}")
    assert caught.value.findings[0].where.path == "DEVNET-PROGRESS.md"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared plans are not beside the project")
def test_the_file_of_the_real_plans_is_read_and_ticked_by_one_byte():
    data = SHARED.read_bytes()
    phases = read(data).phases
    assert [(phase.number, len(phase.steps)) for phase in phases] == [(str(number), 5) for number in range(8)]
    new, findings = ticked(data, "3", "Infrastructure Layer", (("1", "Database Integration (Drizzle ORM)", True),))
    assert sum(old != fresh for old, fresh in zip(data, new, strict=True)) == 1
    assert findings == ()
