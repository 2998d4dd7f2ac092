"""The writing and looking verbs of includes as a user runs them; also where they are killed."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared/devnet"
SNIPPETS = "includes/snippets.md"
DOCUMENT = "phases/phase-1-counting.md"
SOURCE = f"{SNIPPETS}#commit-rules"


def moved(project, text="Say why, and for whom.\n"):
    project.write({SNIPPETS: f"# Commit Rules\n\n{text}"})
    return hashlib.sha256(text.encode()).hexdigest()


def test_refresh_shows_and_writes_what_moved(project):
    new = moved(project)
    before = project.tree()
    answer = project.run("includes", "refresh")
    assert answer.code == 0
    assert "-Say why in the first line." in answer.out
    assert "+Say why, and for whom." in answer.out
    changed = {path for path, data in project.tree().items() if before.get(path) != data}
    assert (changed, new in (project.root / DOCUMENT).read_text()) == ({DOCUMENT}, True)
    assert project.run("includes", "check").code == 0


def test_refresh_check_changes_nothing_and_ends_with_1(project):
    moved(project)
    before = project.tree()
    answer = project.run("includes", "refresh", "--check", "--format", "json")
    assert (answer.code, project.tree() == before, answer.json["written"]) == (1, True, False)
    assert answer.json["blocks"][0]["was"] == "source-moved"


def test_nothing_to_refresh_ends_with_0(project):
    before = project.tree()
    assert project.run("includes", "refresh").code == 0
    assert project.run("includes", "refresh", "--check").code == 0
    assert project.tree() == before


def test_an_edited_text_is_kept_aside_where_it_is_forced(project):
    project.replace(DOCUMENT, "Say why in the first line.\n", "Say nothing.\n")
    before = project.tree()
    answer = project.run("includes", "refresh")
    assert (answer.code, project.tree() == before, "--force" in answer.out) == (1, True, True)
    forced = project.run("includes", "refresh", "--force", "--format", "json")
    kept = forced.json["blocks"][0]["kept"]
    assert (forced.code, (project.root / kept).read_text()) == (0, "Say nothing.\n")
    assert project.run("includes", "check").code == 0


def test_all_files_or_none(project):
    text = (project.root / DOCUMENT).read_text()
    edited = text.replace("Say why in the first line.\n", "Say nothing.\n")
    project.write({"docs/a.md": text, "docs/b.md": edited, ".devnet/kept": "no folder\n"})
    moved(project)
    before = project.tree()
    answer = project.run("includes", "refresh", "--force")
    assert (answer.code, project.tree() == before) == (3, True)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("```\nopen\n", "cannot be quoted"),
        ("<!-- @end-include -->\n", "cannot be quoted"),
    ],
)
@pytest.mark.parametrize("words", [("print",), ("add", f"{DOCUMENT}:6")], ids=["print", "add"])
def test_a_section_that_would_break_a_document_is_neither_printed_nor_added(project, words, section, said):
    project.write({"docs/s.md": f"# Bad\n\n{section}"})
    before = project.tree()
    answer = project.run("includes", *words, "docs/s.md#bad")
    assert (answer.code, answer.out, said in answer.err, project.tree() == before) == (2, "", True, True)


def test_add_names_the_cycle_that_it_would_make(project):
    project.write({"docs/s.md": "# Rule\n\ntext\n"})
    answer = project.run("includes", "add", "docs/s.md:3", "docs/s.md#rule")
    assert (answer.code, "leads back to itself" in answer.err) == (2, True)


def test_a_link_out_of_the_project_is_told_and_the_rest_is_refreshed(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "o.md"
    outside.write_bytes((project.root / DOCUMENT).read_bytes())
    before = outside.read_bytes()
    (project.root / "docs").mkdir(exist_ok=True)
    (project.root / "docs/l.md").symlink_to(outside)
    new = moved(project)
    answer = project.run("includes", "refresh")
    assert (answer.code, "docs/l.md" in answer.out, outside.read_bytes() == before) == (2, True, True)
    assert new in (project.root / DOCUMENT).read_text()


def test_a_section_that_another_document_quotes_is_no_orphan_of_a_named_one(project):
    project.write({"docs/d.md": "x\n"})
    project.write({SNIPPETS: "# Commit Rules\n\nSay why in the first line.\n\n# Other\n\nElse.\n"})
    assert project.run("includes", "add", "docs/d.md:1", f"{SNIPPETS}#other").code == 0
    found = project.run("includes", "list", DOCUMENT, "--format", "json").json
    assert (found["orphans"], {one["path"] for one in found["quotes"]}) == ([], {DOCUMENT})


@pytest.mark.parametrize(
    "words",
    [
        ("refresh", "nowhere.md"),
        ("refresh", "--from", "includes/snippets.md"),
        ("refresh", "../elsewhere"),
        ("print", "includes/snippets.md#nowhere"),
        ("print", "nowhere.md#rules"),
        ("print", "../outside.md#rules"),
        ("print", "snippets"),
        ("add", DOCUMENT, SOURCE),
        ("add", f"{DOCUMENT}:0", SOURCE),
        ("add", f"{DOCUMENT}:x", SOURCE),
        ("add", f"{DOCUMENT}:99999", SOURCE),
        ("add", f"{DOCUMENT}:1", "includes/snippets.md#nowhere"),
        ("add", "nowhere.md:1", SOURCE),
        ("add", f"{DOCUMENT}:17", SOURCE),
        ("add", f"{SNIPPETS}:4", SOURCE),
        ("list", "nowhere"),
    ],
)
def test_wrong_words_get_one_error_and_change_nothing(project, words):
    before = project.tree()
    answer = project.run("includes", *words)
    assert (answer.code, project.tree() == before) == (2, True)
    assert answer.err.count("\n") == 1


def test_add_puts_an_include_before_a_line(project):
    lines = (project.root / DOCUMENT).read_text().split("\n")
    answer = project.run("includes", "add", f"{DOCUMENT}:6", SOURCE)
    after = (project.root / DOCUMENT).read_text().split("\n")
    assert answer.code == 0
    assert after[:5] + after[8:] == lines
    assert after[5].startswith(f"<!-- @include-from: {SOURCE}, hash: ")
    assert project.run("includes", "check").code == 0


def test_print_gives_the_block_to_the_byte(project):
    hashed = hashlib.sha256(b"Say why in the first line.\n").hexdigest()
    expected = f"<!-- @include-from: {SOURCE}, hash: {hashed} -->\nSay why in the first line.\n<!-- @end-include -->\n"
    answer = project.run("includes", "print", SOURCE)
    assert (answer.code, answer.out) == (0, expected)


def test_list_shows_the_graph(project):
    rules = "# Commit Rules\n\nSay why in the first line.\n"
    project.write({SNIPPETS: f"{rules}\n# Alone\n\nNobody.\n\n# Twin\n\nSay why in the first line.\n"})
    answer = project.run("includes", "list", "--format", "json")
    assert answer.code == 0
    assert [(one["path"], one["anchor"]) for one in answer.json["quotes"]] == [(DOCUMENT, "commit-rules")]
    assert [one["anchor"] for one in answer.json["orphans"]] == ["alone", "twin"]
    assert [[one["anchor"] for one in group] for group in answer.json["twins"]] == [["commit-rules", "twin"]]
    assert "is quoted by nobody" in project.run("includes", "list").out


def many(project, count=30):
    text = (project.root / DOCUMENT).read_text()
    project.write({f"docs/{number}.md": text for number in range(count)})
    moved(project, "Say it anew.\n" * 50)
    return {path: data for path, data in project.tree().items() if path.endswith(".md")}


@pytest.mark.parametrize("seed", range(6))
def test_a_refresh_that_is_killed_leaves_each_file_old_or_new(project, seed):
    old = many(project)
    began = time.monotonic()
    assert project.run("includes", "refresh").code == 0
    whole = time.monotonic() - began
    new = {path: data for path, data in project.tree().items() if path.endswith(".md")}
    for path, data in old.items():
        (project.root / path).write_bytes(data)
    process = subprocess.Popen(
        project.command("includes", "refresh"), cwd=project.root, env=project.environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(random.Random(seed).uniform(0.4, 1.0) * whole)
    process.kill()
    process.wait()
    left = {path: data for path, data in project.tree().items() if path in old}
    assert all(left[path] in {old[path], new[path]} for path in old)
    assert project.run("includes", "refresh").code == 0
    assert {path: data for path, data in project.tree().items() if path.endswith((".md", ".tmp"))} == new


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared plan repository is not beside this one")
def test_the_real_tree_is_refreshed_and_only_its_blocks_change(project):
    shutil.rmtree(project.root / "phases")
    shutil.copytree(SHARED, project.root / "real")
    (project.root / "devnet.yaml").unlink()
    snippets = "real/docs/EngineeringOS/dsl/includes/common-snippets.md"
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "real")
    text = (project.root / snippets).read_text()
    project.write({snippets: text.replace("verification is green", "everything is green")})
    assert project.run("includes", "check", cwd="real").code == 1
    assert project.run("includes", "refresh", cwd="real").code == 0
    assert project.run("includes", "check", cwd="real").code == 0
    lines = project.git("diff", "-U0").splitlines()
    changed = [line for line in lines if line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"}]
    assert changed
    assert all("@include-from" in line or "is green" in line for line in changed)
