"""The ways in which plans are written: each form of a part is read, and what only looks like it is not."""

from __future__ import annotations

import hashlib
from textwrap import dedent

import pytest

from devnet_runner.phase import Phase, read_phase
from devnet_runner.text import decode


def phase_of(content: str, path: str = "phase-3-storage.md") -> Phase:
    return read_phase(decode(dedent(content).encode(), path))


def step_of(body: str) -> Phase:
    return phase_of(f"# Phase 3: Storage\n\n### Step 1: Tables\n\n{dedent(body)}")


def texts(items) -> list[str]:
    return [one.text for one in items]


TITLES = {
    "# Phase 3: Storage": ("3", "Storage"),
    "# Phase 3: Storage (Lean)": ("3", "Storage (Lean)"),
    "# Phase B — Storage": ("B", "Storage"),
    "# Phase b: Storage": ("B", "Storage"),
    "# Phase 12 - Storage #": ("12", "Storage"),
    "\ufeff# Phase 3: Storage": ("3", "Storage"),
    "# Phase 3: Storage\r\n\r\ntext\r\n": ("3", "Storage"),
    "intro\n\n  # Phase 3: Storage": ("3", "Storage"),
}


@pytest.mark.parametrize("content", TITLES)
def test_a_title_is_read_in_each_form(content):
    phase = phase_of(content)
    assert (phase.number, phase.title) == TITLES[content]
    assert phase.line > 0


@pytest.mark.parametrize("content", ["# Storage\n", "> # Phase 3: Storage\n", "```\n# Phase 3: Storage\n```\n", ""])
def test_a_document_without_a_title_is_known_by_its_name(content):
    phase = phase_of(content)
    assert (phase.number, phase.line) == ("3", 0)
    assert "phase-no-title" in {one.id for one in phase.findings}


STEPS = {
    "### Step 1: Tables": ("1", "Tables"),
    "### Step 1: Tables (Enhanced)": ("1", "Tables (Enhanced)"),
    "### Step A1.2": ("A1.2", ""),
    "### Wave C1: Tables": ("C1", "Tables"),
    "## Step 2 — Tables": ("2", "Tables"),
    "**Step 1: Tables**": ("1", "Tables"),
    "### ✅ **Step 1: Tables**": ("1", "Tables"),
}


@pytest.mark.parametrize("heading", STEPS)
def test_a_step_is_read_in_each_form(heading):
    phase = phase_of(f"# Phase 3: Storage\n\n{heading}\n\n**Deliverables**\n- a table\n")
    assert [(one.number, one.title, one.line) for one in phase.steps] == [(*STEPS[heading], 3)]
    assert texts(phase.steps[0].deliverables) == ["a table"]


@pytest.mark.parametrize(
    "text", ["> ### Step 1: Tables", "#### Step 1: Tables", "### Steps 1 and 2", "```\n### Step 1: a\n```",
             "    ### Step 1: a", "<!--\n### Step 1: a\n-->"]
)  # fmt: skip
def test_what_only_looks_like_a_step_is_none(text):
    assert phase_of(f"# Phase 3: Storage\n\n{text}\n").steps == ()


LABELS = [
    "**Expected Deliverables**",
    "**Expected Deliverables:**",
    "**Expected Deliverables**:",
    "#### Expected Deliverables",
    "**Enhanced Deliverables:**",
    "**Deliverables**",
    "**Key Deliverables**",
]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_deliverables_follow_each_label(label, between):
    phase = step_of(f"{label}{between}- one table\n- [ ] another table\n\nNote: nothing more.\n\n- no deliverable\n")
    assert texts(phase.steps[0].deliverables) == ["one table", "another table"]


@pytest.mark.parametrize("label", ["**Scope**", "**Validation**", "EXPECTED DELIVERABLES:", "> **Deliverables**",
                                   "The **Deliverables** are", "`**Deliverables**`"])  # fmt: skip
def test_lists_below_other_labels_are_no_deliverables(label):
    assert step_of(f"{label}\n- a thing\n").steps[0].deliverables == ()


def test_deliverables_end_with_their_step():
    phase = step_of("**Deliverables**\n\n### Step 2: Queries\n\n- a bullet\n\n**Deliverables**\n- a query\n")
    assert [texts(one.deliverables) for one in phase.steps] == [[], ["a query"]]


def test_nested_bullets_belong_to_the_deliverable_above_them():
    phase = step_of("**Deliverables**\n- a table\n  - with a key\n  and more words\n- a query\n  over two lines\n")
    assert texts(phase.steps[0].deliverables) == ["a table", "a query over two lines"]


INCLUDED = "- quoted bullet\n\n```\nClaude: /create-tasks\n```\n\n**Deliverables**\n- quoted too\n"


def test_bullets_and_code_of_an_include_are_not_the_phases_own():
    marker = f"<!-- @include-from: a.md#b, hash: {hashlib.sha256(INCLUDED.encode()).hexdigest()} -->"
    phase = step_of(f"**Deliverables**\n- own\n{marker}\n{INCLUDED}<!-- @end-include -->\n\n- after\n")
    assert texts(phase.steps[0].deliverables) == ["own"]
    assert phase.steps[0].commands == ()


FENCES = [("```claude", "```"), ("```bash", "````"), ("~~~", "~~~~~"), ("`````claude", "`````  "), ("   ```", "```")]


@pytest.mark.parametrize(("opening", "closing"), FENCES)
def test_commands_are_read_from_code_of_any_language(opening, closing):
    code = f'{opening}\nClaude: /create-spec "Build it"\n\n# then\nClaude: /create-tasks\n{closing}\n/execute-tasks\n'
    commands = step_of(code).steps[0].commands
    assert [(one.name, one.argument, one.line) for one in commands] == [
        ("create-spec", "Build it", 6), ("create-tasks", "", 9),
    ]  # fmt: skip


ARGUMENTS = {
    '"one line"': "one line",
    '"two\nlines"': "two\nlines",
    '"a list:\n- one\n1. two (and)\n\n### Step 9: no step"': "a list:\n- one\n1. two (and)\n\n### Step 9: no step",
    '"keep \\"this\\"\nand that"': 'keep \\"this\\"\nand that',
    '"a \\${NAME}\nend"   ': "a \\${NAME}\nend",
    "without quotes": "without quotes",
    '"\nbegins below\n"': "begins below",
}


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_the_argument_of_a_command_is_kept_in_full(argument):
    (phase_step,) = step_of(f"```claude\nClaude: /create-spec {argument}\nClaude: /execute-tasks\n```\n").steps
    assert [one.name for one in phase_step.commands] == ["create-spec", "execute-tasks"]
    assert phase_step.commands[0].argument == ARGUMENTS[argument]


@pytest.mark.parametrize(("text", "names"), [
    ("<user-action-required>\n  /create-spec \"x\"\n  /create-tasks\n</user-action-required>\n",
     ["create-spec", "create-tasks"]),
    ("```\n/create-spec \"x\"\n# On completion, rest\n/execute-tasks\n```\n", ["create-spec", "execute-tasks"]),
    ("```claude\nClaude: Reminder — clear the context. Do not execute.\ncd a\nls\n```\n", []),
    ("/create-tasks in the prose\n/usr/bin/env\n", []),
    ("> Claude: /create-tasks\n", []),
    ("<!--\nClaude: /create-tasks\n-->\n", []),
    ("Claude: /create-tasks\n", ["create-tasks"]),
    ("~~~\nClaude: /create-spec \"never\nclosed\n", ["create-spec"]),
])  # fmt: skip
def test_commands_without_fence_or_prefix(text, names):
    assert [one.name for one in step_of(text).steps[0].commands] == names


@pytest.mark.parametrize("heading", ["# Expected verification output:", "# Expected embedded verification results:",
                                     "# Expected results (2 in total):", "#Expected Output:"])  # fmt: skip
def test_expected_items_follow_their_heading(heading):
    code = (
        f"```bash\n# ✅ before\n{heading}\n# ✅ plain text\n#✅ keeps_rows - rows are kept\nrun it\n# ✅ after\n```\n"
    )
    expected = step_of(code).steps[0].expected
    assert [(one.text, one.name) for one in expected] == [
        ("plain text", ""), ("keeps_rows - rows are kept", "keeps_rows"),
    ]  # fmt: skip


def test_expected_items_out_of_code_are_none():
    assert step_of("# Expected output:\n# ✅ a heading\n").steps[0].expected == ()
