from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    findings = ticked(text.encode(), "3", "T", ONE)[1]
    assert [(one.id, one.where.line, one.blocking) for one in findings] == [("progress-step-twice", 3, False)]
    assert "again in line 2" in findings[0].what


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "end"])
def test_a_missing_section_is_added_in_the_newline_of_the_file(newline, end):
    text = f"# Plan\n\n## Phase 2: Two\n{end}".replace("\n", newline)
    added = "\n## Phase 3: Infrastructure\n\n- [x] **Step 1**: Database\n- [ ] **Step 2**: Adapters\n"
    assert tick(text) == text + (newline if end else "") + added.replace("\n", newline)


def test_a_missing_step_is_added_below_the_last():
    text = "## Phase 3: T\r\n\r\n* [x] Step 0: Start"
    assert tick(text) == text + "\r\n* [x] Step 1: Database\r\n"
    assert tick("## Phase 3: T\n") == "## Phase 3: T\n\n- [x] **Step 1**: Database\n"
    findings = ticked(text.encode(), "3", "T", ONE)[1]
    assert [(one.id, one.where.line, one.blocking) for one in findings] == [("progress-step-added", 1, False)]


@pytest.mark.parametrize("below", ["  - detail\n", "\n  More of it.\n", "  ```\n  code\n  ```\n"])
def test_a_missing_step_does_not_part_another_from_what_belongs_to_it(below):
    head, tail = f"## Phase 3: T\n\n- [x] **Step 0:** Start\n{below}", "\nProse.\n"
    assert tick(head + tail) == f"{head}- [x] **Step 1:** Database\n{tail}"


@pytest.mark.parametrize(
    ("there", "added"),
    [
        ("### Phase 2 — Two\n\n* [x] Step 1: One\n",
         "### Phase 3 — Infrastructure\n\n* [x] Step 1: Database\n* [ ] Step 2: Adapters\n"),
        ("## Phase B — Two\n\n+ [x] __Wave B1__ — One\n",
         "## Phase 3 — Infrastructure\n\n+ [x] __Wave 1__ — Database\n+ [ ] __Wave 2__ — Adapters\n"),
        ("## Phase 2\n\n- [x] Step 1:\n",
         "## Phase 3: Infrastructure\n\n- [x] Step 1: Database\n- [ ] Step 2: Adapters\n"),
    ],
)  # fmt: skip
def test_a_missing_section_is_written_as_the_others_are(there, added):
    assert tick(there) == f"{there}\n{added}"


def test_of_two_sections_of_a_phase_the_one_with_steps_counts():
    text = "## Phase 3: Summary\n\nSoon.\n\n## Phase 3: T\n\n- [ ] Step 1: Database\n"
    assert tick(text) == text.replace("[ ]", "[x]")


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


LINES = st.sampled_from([
    "## Phase 3: T", "## Phase A — T", "### Part", "# Plan", "- [ ] **Step 1**: Database", "* [ ] Step 1: Database  ",
    "+ [X] **Step 2**: Adapters", "  - [ ] Step 2: Adapters", "- [ ] **Wave C1**: x", "\t- [ ] Step 1: Database",
    "> - [ ] Step 1: Database", "- item", "```", "~~~", "  ```", "<!--", "-->", "<!-- x -->", "", "text", "    code",
    "\u2028\x0b\x0c", "caf\udce9",
])  # fmt: skip
FILES = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"])), min_size=1)


@settings(max_examples=300, deadline=None, database=None)
@given(FILES, st.booleans(), st.booleans())
def test_in_any_file_only_brackets_change_and_lines_are_added(lines, bom, cut):
    text = "".join(line + end for line, end in lines)
    data = b"\xef\xbb\xbf" * bom + (text.rstrip("\r\n") if cut else text).encode("utf-8", "surrogateescape")
    try:
        new, _ = ticked(data, "3", "T", ONE)
    except InputError:
        return
    unticked = new.replace(b"[x]", b"[ ]").splitlines()
    assert not data.strip(b"\xef\xbb\xbf \t\r\n") or is_within(data.splitlines(), unticked)
    assert len(new) != len(data) or sum(old != fresh for old, fresh in zip(data, new, strict=True)) <= 1
    assert ticked(new, "3", "T", ONE)[0] == new
    assert any(step.done for phase in read(new).phases if phase.number == "3" for step in phase.steps)


def is_within(old: list[bytes], new: list[bytes]) -> bool:
    """Whether all old lines are there, in their order."""
    rest = iter(new)
    return all(line in rest for line in old)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared plans are not beside the project")
def test_the_file_of_the_real_plans_is_read_and_ticked_by_one_byte():
    data = SHARED.read_bytes()
    phases = read(data).phases
    assert [(phase.number, len(phase.steps)) for phase in phases] == [(str(number), 5) for number in range(8)]
    new, findings = ticked(data, "3", "Infrastructure Layer", (("1", "Database Integration (Drizzle ORM)", True),))
    assert sum(old != fresh for old, fresh in zip(data, new, strict=True)) == 1
    assert findings == ()
