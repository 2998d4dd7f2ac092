"""What holds for every document, whatever is in it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from devnet_runner.document import read_document
from devnet_runner.errors import InputError
from devnet_runner.includes import Checker, Jail, check_files
from devnet_runner.phase import read_phase
from devnet_runner.text import damage_finding, decode, repair

if TYPE_CHECKING:
    from pathlib import Path

BODY = "Say why.\n\n```\nmake test\n```\n\n- one purpose"
HASH = hashlib.sha256(f"{BODY}\n".encode()).hexdigest()
BLOCK = f"<!-- @include-from: docs/a.md#rules, hash: {HASH} -->\n{BODY}\n<!-- @end-include -->"

PIECES = [
    BLOCK,
    BLOCK,
    BLOCK.upper(),
    BLOCK.replace("why", "Why"),
    " " + BLOCK,
    "> " + BLOCK,
    BLOCK + " ",
    BLOCK.replace(" -->", "-->", 1),
    "```",
    "````",
    "~~~",
    "   ```",
    "    ```",
    "```bash",
    "``` a`b",
    "<!--",
    "-->",
    "<!-- a -->",
    "<!-- a --!>",
    "  <!--",
    "# Phase 1: One",
    "### Step 1: A",
    "## Overview",
    "## Next Phase",
    "**Expected Deliverables:**",
    "- a",
    "  - b",
    "1. c",
    "",
    'Claude: /create-spec "x',
    'end"',
    "# Expected:",
    "# ✅ a_b - c",
    'git commit -m "feat: x (step 1)',
    "cat > CHECKPOINT << EOF",
    "KEY: value",
    "EOF",
    "git tag -a v1 -m 'x'",
    "@",
    "a@end-include",
    "text @include-from",
    "\ufeff",
    "\u2028",
    "é’✅",
    "x\r",
    "\x0c",
    "95% test coverage",
]

documents = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=14).map("\n".join)
quietly = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(f"# Rules\n\n{BODY}\n", encoding="utf-8")
    return tmp_path


@quietly
@given(content=documents)
def test_reading_never_fails_and_places_are_inside_of_the_document(content):
    assume("\0" not in content)
    text = decode(content.encode("utf-8", "replace"), "phase-1.md")
    phase = read_phase(text)
    last = text.content.count("\n") + 1
    lines = [one.line for step in phase.steps for one in (*step.deliverables, *step.commands, *step.expected)]
    lines += [one.line for one in (*phase.acceptance, *phase.commit_points, *phase.standards, *phase.success_metrics)]
    assert all(1 <= line <= last for line in lines)
    assert all(0 <= finding.where.line <= last for finding in phase.findings)


@quietly
@given(data=st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data):
    try:
        text = decode(data, "phase-1.md")
    except InputError as refused:
        text = None
        found = refused.findings
    assert len(found) == 1 if text is None else text.data == data


@quietly
@given(content=documents)
def test_fences_and_comments_do_not_overlap(content):
    document = read_document(content, "phase-1.md")
    ends = 0
    for start, end in sorted((one.start, one.end) for one in (*document.fences, *document.comments)):
        assert ends < start <= end
        ends = end
    assert all(one.line < one.end <= len(document.lines) + 1 for one in document.headings)


@quietly
@given(content=documents)
def test_the_fast_count_of_known_includes_agrees_with_the_full_check(root, content):
    checker = Checker(Jail(root))
    assert [one.state for one in checker.check(f"{BLOCK}\n".encode(), "known.md")[0]] == ["verified"]
    data = content.encode("utf-8", "replace")
    quoted = checker.known.quoted(data)
    if quoted is not None:
        includes, findings = checker.check(data, "p.md")
        assert [(one.state, one.source) for one in includes] == [("verified", source) for source in quoted]
        assert findings == ()


@quietly
@given(content=documents)
def test_listing_includes_changes_nothing_but_the_list(root, content):
    path = root / "p.md"
    path.write_bytes(content.encode("utf-8", "replace"))
    files = [str(path), str(path)]
    listed = list(check_files(files, Jail(root)))
    counted = list(check_files(files, Jail(root), listed=False))
    assert [(one.count, one.verified, one.findings) for one in listed] == [
        (one.count, one.verified, one.findings) for one in counted
    ]


LETTERS = "aé ü’—✅🔄→“”ß\n\r\té中Ж"


@quietly
@given(content=st.text(alphabet=LETTERS, max_size=60), encoding=st.sampled_from(["mac_roman", "latin-1"]))
def test_what_was_read_with_the_wrong_encoding_comes_back(content, encoding):
    assume(any(character >= "\u0800" for character in content))
    before = content.encode()
    damaged = decode(before.decode(encoding).encode(), "phase-1.md")
    assume(damaged.damaged == encoding)
    assert repair(damaged) == before


SOUND = [
    "„Über Größe“ – schön",
    "‚Änderung‘ «à la» … ÷",
    "2√π ≈ 3,5 ± ½ ∑ ∂",
    "Ça coûte 5 € — déjà",
    "“É” ‘Ñ’",
    "NÃO É Ã",
    "✅ → 🔄",
    "Â§",
]


@pytest.mark.parametrize("content", SOUND)
def test_text_in_order_is_not_called_damaged(content):
    assert damage_finding(decode(content.encode(), "phase-1.md")) == ()


@pytest.mark.parametrize("encoding", ["mac_roman", "latin-1"])
@pytest.mark.parametrize("text", ["✅ done", "a — b", "→", "🔄 Commit", "“quoted”", "don’t"])
def test_each_common_sign_gives_the_damage_away(text, encoding):
    damaged = decode(text.encode().decode(encoding).encode(), "p.md")
    assert damaged.damaged == encoding
    assert repair(damaged) == text.encode()


def test_windows_1252_is_undone_with_the_bytes_that_it_leaves_free():
    holes = dict.fromkeys((0x81, 0x8D, 0x8F, 0x90, 0x9D))
    table = {byte: chr(byte) if byte in holes else bytes([byte]).decode("cp1252") for byte in range(256)}
    before = "❌ wrong — ”".encode()
    damaged = decode("".join(table[byte] for byte in before).encode(), "p.md")
    assert (damaged.damaged, repair(damaged)) == ("cp1252", before)


def test_single_damaged_lines_are_a_note_that_names_them():
    text = decode("sound → line\n# ‚úÖ damaged\n".encode(), "p.md")
    (finding,) = damage_finding(text)
    assert (finding.blocking, finding.where.line, text.damaged) == (False, 2, "")


def test_a_document_in_order_is_not_repaired():
    with pytest.raises(InputError, match="not damaged"):
        repair(decode("sound → line\n".encode(), "p.md"))
