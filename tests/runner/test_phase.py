"""The end of a phase: commit points, tag, checkpoint, progress, what comes next, metrics, coverage, faults."""

from __future__ import annotations

from decimal import Decimal
from textwrap import dedent

import pytest

from devnet_runner.phase import Phase, read_phase
from devnet_runner.phase.coverage import coverage_deliverable, coverage_in
from devnet_runner.text import decode


def phase_of(body: str, path: str = "phase-3-storage.md") -> Phase:
    return read_phase(decode(f"# Phase 3: Storage\n\n{dedent(body)}".encode(), path))


POINTS = {
    "#### 🔄 Commit Point 8: Tables complete": ("8", "Tables complete"),
    "#### Commit Point 8": ("8", ""),
    "#### 🔄 Commit Point {CP_1_LABEL}": ("", "{CP_1_LABEL}"),
    "**Commit Point**": ("", ""),
    "**Commit Point 8: Tables**": ("8", "Tables"),
    "**Suggested Commit**": ("", ""),
    "**Suggested Commit:**": ("", ""),
}


@pytest.mark.parametrize("line", POINTS)
def test_a_commit_point_is_read_in_each_form(line):
    phase = phase_of(f'### Step 1: Tables\n\n{line}\n\n```\ngit add .\ngit commit -m "feat: tables"\ngit push\n```\n')
    (point,) = phase.commit_points
    assert (point.number, point.label, point.line, point.step, point.message) == (*POINTS[line], 5, "1", "feat: tables")


@pytest.mark.parametrize("line", ["> #### Commit Point 8: a", "See Commit Point 8: a", "```\n#### Commit Point 8\n```",
                                  "#### Commit Points are good"])  # fmt: skip
def test_what_only_names_a_commit_point_is_none(line):
    assert phase_of(line).commit_points == ()


@pytest.mark.parametrize(("subject", "step"), [
    ("feat(phase-3): a (step 3)", "3"), ("feat: a (steps 1-5)", "5"), ("feat: a (step A1.2)", "A1.2"), ("feat: a", ""),
])  # fmt: skip
def test_a_commit_point_after_the_steps_is_linked_by_its_subject(subject, step):
    body = f'### Step 1: a\n\n## Completion\n\n#### Commit Point 9: b\n\n```bash\ngit commit -m "{subject}\n\n- x (step 7)"\n```'
    (point,) = phase_of(body).commit_points
    assert (point.step, point.message) == (step, f"{subject}\n\n- x (step 7)")


MESSAGES = {
    "git commit -m 'one line'": "one line",
    'git commit -m "a \\"b\\" \\$c"': 'a "b" $c',
    'git commit -m "head\n\n- one\n- two"': "head\n\n- one\n- two",
    'git commit -m "head" -m "body"': "head\n\nbody",
    'git commit -am "head"': "head",
    'git commit --message="head" && git push': "head",
    'git add . && git commit -m "head"; git push': "head",
    'git commit \\\n  -m "head"': "head",
    '# git commit -m "no"\ngit commit -m "head"': "head",
    'git commit -m "never closed': "",
    "git commit": "",
}


@pytest.mark.parametrize("code", MESSAGES)
def test_a_message_is_read_as_git_would_get_it(code):
    (point,) = phase_of(f"### Step 1: a\n\n#### Commit Point 1: b\n\n```bash\n{code}\n```\n").commit_points
    assert point.message == MESSAGES[code]


def test_the_first_commit_after_a_point_counts_and_not_that_of_the_next():
    code = '```\ngit commit -m "{0}"\ngit commit -m "chore: files"\n```\n'
    phase = phase_of(f"#### Commit Point 1: a\n\n#### Commit Point 1: b\n{code.format('second')}")
    assert [one.message for one in phase.commit_points] == ["", "second"]
    assert [one.where.line for one in phase.findings if one.id == "commit-no-message"] == [3]


TAGS = {
    'git tag -a "v0.3.0-storage" -m "Storage is done"': ("v0.3.0-storage", "Storage is done"),
    "git tag -a v1 -m 'a; b'\ngit push --tags": ("v1", "a; b"),
    "git tag -am 'a' v1": ("v1", "a"),
    "git tag v1": ("v1", ""),
    "# git tag no\ngit tag -l 'v*'\ngit tag -d old\ngit tag v1": ("v1", ""),
    'git tag -a v1 -m "a\nb"': ("v1", "a\nb"),
}


@pytest.mark.parametrize("code", TAGS)
def test_a_tag_is_read_in_each_form(code):
    tag = phase_of(f"```bash\n{code}\n```\n").tag
    assert tag is not None
    assert (tag.name, tag.message) == TAGS[code]


HEREDOCS = [
    "cat > DEVNET-CHECKPOINT.txt << EOF",
    "cat > DEVNET-CHECKPOINT.txt <<EOF",
    "cat > DEVNET-CHECKPOINT.txt << 'EOF'",
    'cat > "DEVNET-CHECKPOINT.txt" << "EOF"',
    "cat > DEVNET-CHECKPOINT.txt <<- EOF",
    "cat << EOF > DEVNET-CHECKPOINT.txt",
    "cat <<\\EOF >DEVNET-CHECKPOINT.txt",
]


@pytest.mark.parametrize("start", HEREDOCS)
def test_a_checkpoint_is_read_in_each_form(start):
    lines = "LAST_COMPLETED: Phase 3, Step 1 - a: b\nno key\nNEXT_ACTION: rest\nGIT_TAG:\nEOF\nAFTER: no"
    checkpoint = phase_of(f"```bash\n{start}\n{lines}\n```\n").checkpoint
    assert checkpoint is not None
    assert (checkpoint.path, checkpoint.line) == ("DEVNET-CHECKPOINT.txt", 4)
    assert dict(checkpoint.values) == {"LAST_COMPLETED": "Phase 3, Step 1 - a: b", "NEXT_ACTION": "rest", "GIT_TAG": ""}


def test_what_is_appended_belongs_to_the_checkpoint_and_other_files_do_not():
    code = "cat > NOTES.txt << EOF\nKEY: no\nEOF\ncat > CHECKPOINT << A\nLAST_COMPLETED: a\nA\n" \
           "cat >> CHECKPOINT << B\nNEXT_ACTION: b\nB\ncat > CHECKPOINT << C\nNOTE: later\nC\n"  # fmt: skip
    checkpoint = phase_of(f"```\n{code}```\n").checkpoint
    assert checkpoint is not None
    assert checkpoint.values == (("LAST_COMPLETED", "a"), ("NEXT_ACTION", "b"))


def test_faults_of_the_end_of_a_phase_are_notes():
    code = "git tag v1\ncat > CHECKPOINT << A\nGIT_TAG: v2\nA\n"
    phase = phase_of(f"### Step 1\n### Step 1: b\n```\n{code}```\n")
    assert sorted((one.id, one.where.line, one.blocking) for one in phase.findings) == sorted([
        ("step-no-deliverables", 3, False), ("step-no-title", 3, False), ("step-duplicate", 4, True),
        ("step-no-deliverables", 4, False), ("checkpoint-keys", 7, False), ("tag-differs", 7, False),
    ])  # fmt: skip


def test_progress_and_context_clears_are_found_in_code_and_headings():
    body = "### 🔄 Context Clear Point: after the tag\n```\n# Update DEVNET-PROGRESS.md - mark steps 1-3\n# 🔄 CONTEXT CLEAR POINT: now\n```"
    phase = phase_of(body)
    assert phase.progress is not None
    assert (phase.progress.text, phase.progress.line) == ("Update DEVNET-PROGRESS.md - mark steps 1-3", 5)
    assert [one.line for one in phase.context_clears] == [3, 6]


NEXT = {
    "## Overview\n- Next Phase: Phase 4 – Screens": ("4", "Screens", ""),
    "## Overview\n**Next Phase**: Screens and more": ("", "Screens and more", ""),
    "## Overview\n**Next Phase**: Screens\n## Next Phase\n**Phase 4**: All screens  \n**Location**: `phase-4.md`":
        ("4", "All screens", "phase-4.md"),
    "## Next Phase\n\nContinue to Phase 4: Screens (3 Steps) → `phase-4-screens.md`": ("4", "Screens", "phase-4-screens.md"),
    "## Next Phase\nPhase 3 is done.\nGo on with Phase D — Screens": ("D", "Screens", ""),
    "## Next Phase\nAll of it is done.": None,
    "## Overview\n- Next Phase: none": None,
    "nothing": None,
}  # fmt: skip


@pytest.mark.parametrize("body", NEXT)
def test_the_next_phase_is_read_in_each_form(body):
    following = phase_of(body).next_phase
    assert (following and (following.number, following.title, following.path)) == NEXT[body]


LISTS = {
    "## Success Metrics\n- **a** works\n- ✅ b\n": ["**a** works", "✅ b"],
    "## Key Success Metrics\n**Group:**\n- a\n  - a1\n\n**Other:**\n- b\n\n## More\n- c\n": ["a", "a1", "b"],
    "## Success Metrics\n> - quoted\n```\n- code\n```\n* a\n1. b\n": ["a", "b"],
    "## Metrics\n- a\n": [],
}


@pytest.mark.parametrize("body", LISTS)
def test_success_metrics_are_read_flat_grouped_and_nested(body):
    assert [one.text for one in phase_of(body).success_metrics] == LISTS[body]


@pytest.mark.parametrize("heading", ["### Phase 3 Green (Acceptance)", "## Phase Green (Acceptance)",
                                     "## Phase Acceptance", "## Acceptance Checklist", "## Phase 3 Green"])  # fmt: skip
def test_acceptance_is_read_in_each_form_and_without_its_includes(heading):
    marker = f"<!-- @include-from: a.md#b, hash: {'0' * 64} -->\n- quoted\n<!-- @end-include -->\n"
    body = f"{heading}\n\nCriteria\n{marker}\n  - All suites pass\n  - [ ] Reviewed\n\n### Step 1: a\n- no\n"
    phase = phase_of(body)
    assert [one.text for one in phase.acceptance] == ["All suites pass", "Reviewed"]
    assert [one.number for one in phase.steps] == ["1"]


TARGETS = {
    "**Coverage Target:** 95% of storage  ": 95,
    "**Coverage Requirement**: 100% (all)  ": 100,
    "- Coverage target: code ≥ 98 (lines)": 98,
    "- Coverage Target: >= 97.5%": Decimal("97.5"),
    "- Coverage Target: none yet": None,
    "- Coverage Target: {COVERAGE_TARGET}%": None,
    "- Coverage Target: 0% code (gates only); configure tests ≥ 98": None,
    "- Coverage Target: configure 98; no code coverage required": None,
}


@pytest.mark.parametrize("line", TARGETS)
def test_the_target_of_a_phase_is_read_in_each_form(line):
    assert phase_of(f"## Overview\n\n{line}\n").coverage_target == TARGETS[line]


def test_a_target_below_the_next_phase_is_not_ours():
    assert phase_of("## Next Phase\n**Coverage Target**: 100%\n").coverage_target is None


PHRASES = {
    "**95% test coverage for stores (rule)**": 95,
    "**95% test coverage** for stores": 95,
    "**90% integration test coverage** for stores": 90,
    "95%+ test coverage across all layers": 95,
    "100 % UI test coverage [first]": 100,
    "✅ **Test Coverage**: 100% reached": 100,
    "Overall coverage ≥98%": 98,
    "95% Lighthouse score": None,
    "<10% context usage": None,
    "99.9% availability": None,
    "ACCESSIBILITY_SCORE=95": None,
    "coverage-100": None,
    "120% test coverage": None,
    "99.9% availability and test coverage": None,
    "no percentage of coverage": None,
}


@pytest.mark.parametrize("text", PHRASES)
def test_only_test_coverage_is_taken_for_coverage(text):
    assert coverage_in(text) == PHRASES[text]


@pytest.mark.parametrize(
    ("text", "percent"), [("**95% test coverage** for a", 95), ("A store with 95% test coverage", None)]
)
def test_a_deliverable_is_about_coverage_where_it_begins_with_it(text, percent):
    assert coverage_deliverable(text) == percent
