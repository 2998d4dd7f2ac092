"""`includes check` as a user, an editor and a hook see it: where it looks, what it prints, its exit code."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "devnet"
BODY = "Keep it small.\n"
HASH = hashlib.sha256(BODY.encode()).hexdigest()


def quote(anchor: str = "rules", value: str = HASH, body: str = BODY, source: str = "docs/a.md") -> str:
    return f"<!-- @include-from: {source}#{anchor}, hash: {value} -->\n{body}<!-- @end-include -->\n"


def run(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [str(Path(sys.executable).with_name("devnet-run")), "includes", "check", *words]
    environ = os.environ | {"XDG_CACHE_HOME": str(cwd / "no such folder")}
    done = subprocess.run(argv, cwd=cwd, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"docs/a.md": f"# Rules\n\n{BODY}", "deep/er/p.md": f"# P\n\n{quote()}", "ignored/p.md": quote("none")}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / ".gitignore").write_text("ignored/\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize("folder", [".", "deep", "deep/er"])
def test_without_settings_and_paths_the_whole_repository_is_checked(root, folder):
    done = run(root / folder)
    assert (done.returncode, done.stdout.strip()) == (0, "includes   1 of 1 verified in 2 documents")


def test_without_git_and_settings_it_is_the_folder_one_is_in(tmp_path):
    (tmp_path / "a.md").write_text(f"# Rules\n{BODY}\n# P\n{quote(source='a.md')}", encoding="utf-8")
    assert (run(tmp_path).returncode, "1 of 1" in run(tmp_path).stdout) == (0, True)


def test_an_ignored_document_that_is_named_is_checked(root):
    assert run(root, "ignored/p.md").returncode == 2
    assert run(root, "ignored").returncode == 2


FINDINGS = {
    "drift": (quote(body="x\n"), 1, "p.md:2:1: error: the quoted text was edited here", "include-body-edited"),
    "hash": (quote(value="12"), 2, "p.md:2:44: error: the malformed hash", "include-hash-malformed"),
    "anchor": (quote("rule"), 2, "p.md:2:31: error: 'docs/a.md' has no heading", "include-anchor-missing"),
    "source": (quote(source="b.md"), 2, "p.md:2:21: error: 'b.md' cannot be read", "include-source-missing"),
    "out": (quote(source="../b.md"), 2, "p.md:2:21: error: '../b.md' is not read", "include-outside"),
    "note": ("<!-- @end-include-->\n", 0, "p.md:2:1: note: this looks like", "include-near-miss"),
    "no text": ("\0", 2, "p.md:2:1: error: the document cannot be used", "document-unreadable"),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_an_editor_is_given_one_line_a_finding(root, name):
    content, code, start, kind = FINDINGS[name]
    (root / "p.md").write_text(f"text\n{content}", encoding="utf-8")
    done = run(root, "--format", "editor", "p.md")
    (line,) = done.stdout.splitlines()
    assert (done.returncode, line.startswith(start), line.endswith(f"[{kind}]")) == (code, True, True), line
    assert re.fullmatch(r"([^:]+):(\d+):(\d+): (error|note): .*", line)


def test_an_editor_finds_the_file_from_where_it_is(root):
    (root / "p.md").write_text(quote(body="x\n"), encoding="utf-8")
    (line,) = run(root / "deep", "--format", "editor").stdout.splitlines()
    assert line.startswith("../p.md:1:1: ")


def test_a_name_that_steers_a_terminal_is_escaped(root):
    (root / "a\x1b[2J\n.md").write_text(quote(body="\x1b]0;x\x07\n"), encoding="utf-8")
    for form in ("text", "editor", "json"):
        said = run(root, "--format", form).stdout
        assert ("\x1b" in said, "\x07" in said) == (False, False)


def test_the_text_shows_the_difference_below_the_finding(root):
    (root / "docs" / "a.md").write_text("# Rules\n\nKeep it big.\n", encoding="utf-8")
    lines = run(root).stdout.splitlines()
    assert lines[0].startswith("deep/er/p.md:3: docs/a.md#rules (line 1) has changed; the text here still has the hash")
    assert lines[1:-1] == [
        "    --- deep/er/p.md (quoted here)", "    +++ docs/a.md (the section)", "    @@ -4,1 +3,1 @@",
        "    -Keep it small.", "    +Keep it big.",
    ]  # fmt: skip


def test_json_says_why_and_where_in_the_line(root):
    (root / "p.md").write_text(quote(body="Keep it small. \n") + quote("none") + quote(), encoding="utf-8")
    done = run(root, "--format", "json", "p.md")
    (document,) = json.loads(done.stdout)["documents"]
    edited, missing, verified = document["includes"]
    assert (edited["state"], edited["why"], edited["column"]) == ("body-edited", ["trailing-blanks"], 1)
    assert edited["diff"][-2:] == ["-Keep it small.", "+Keep it small.·"]
    assert (missing["state"], missing["column"]) == ("anchor-missing", 31)
    assert set(verified) == {"line", "source", "anchor", "hash", "state", "column"}
    assert [one["column"] for one in document["findings"]] == [1, 31]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared plans are not beside the project")
def test_a_real_plan_tree_verifies_as_it_is(tmp_path):
    tree = tmp_path / "real"
    shutil.copytree(SHARED, tree, symlinks=True)
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    texts = [path.read_text(encoding="utf-8") for path in tree.rglob("*.md")]
    count = sum(text.count("\n<!-- @include-from: ") for text in texts)
    said = f"includes   {count} of {count} verified in {len(texts)} documents"
    done = run(tree)
    assert (done.returncode, done.stdout.strip()) == (0, said)
    assert count > 20
