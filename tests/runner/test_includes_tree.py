"""Which documents a folder has: what git ignores is left out as git itself would, and what is tracked never is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet_runner.errors import InputError
from devnet_runner.includes import documents
from devnet_runner.includes.ignore import Level, ignored

NAMES = [
    "a.md", "b.md", "ab.md", "a b.md", "x]y.md", "#a.md", "!b.md", "docs/a.md", "docs/b.md", "docs/deep/a.md",
    "a/b/c.md", "a/b/d/e.md", "build/a.md", "build/keep.md", "sub/build/a.md", "node/x-1.md", "node/x-22.md",
    "foo/bar/baz.md",
]  # fmt: skip


def git(root: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-c", "core.excludesFile=", *words], cwd=root, capture_output=True, check=True).stdout


def tree(root: Path) -> Path:
    for name in NAMES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x\n", encoding="utf-8")
    git(root, "init", "-q")
    return root


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    return tree(tmp_path_factory.mktemp("plain"))


@pytest.fixture
def root(tmp_path) -> Path:
    return tree(tmp_path)


def ours(root: Path, folder: str = ".") -> set[str]:
    return {os.path.relpath(one, root) for one in documents([root / folder])}


def theirs(root: Path) -> set[str]:
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return {os.fsdecode(name) for name in listed.split(b"\0") if name.endswith((b".md", b".markdown"))}


RULES = [
    "", "*.md", "a.md", "/a.md", "docs", "docs/", "/docs/", "docs/*", "docs/*\n!docs/b.md", "docs/\n!docs/b.md",
    "**/a.md", "docs/**", "docs/**/a.md", "a/**/e.md", "**/build", "**/build/", "build/**\n!build/keep.md",
    "build/*\n!build/keep.md", "/*\n!/docs", "?.md", "[ab].md", "[!a].md", "[^a].md", "[a-b]*.md", "x[]]y.md",
    "x\\]y.md", "\\#a.md", "#a.md", "\\!b.md", "!b.md", "a b.md ", "a\\ b.md", "a b.md\\ ", "a.md\r",
    "node/x-[0-9].md", "node/x-[[:digit:]]*.md", "a/b", "b/c.md", "a/b/", "*/a.md", "**", "/**", "*", "*/", "**/",
    "foo/bar", "bar/", "foo/**/baz.md", "foo/**bar/baz.md", "f*o/b?r/*.md", "[a.md", "a[.md", "a.md\\", "[z-a].md",
    "*a*", "*.m[d]", "\ufeffa.md", "docs/deep/..", "./a.md", "//a.md", "a.md/", "*\n!*/\n!*.md",
]  # fmt: skip


@pytest.mark.parametrize("rules", RULES)
def test_rules_leave_out_what_git_leaves_out(plain, rules):
    (plain / ".gitignore").write_bytes(rules.encode() + b"\n")
    assert ours(plain) == theirs(plain)


LINES = st.lists(st.text("ab*?/![]\\-.md ", min_size=1, max_size=8), min_size=1, max_size=4)


@settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(LINES)
def test_any_rules_leave_out_what_git_leaves_out(plain, lines):
    (plain / ".gitignore").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert ours(plain) == theirs(plain)


def test_rules_of_inner_folders_go_before_those_of_outer_ones(root):
    (root / ".gitignore").write_text("a.md\n", encoding="utf-8")
    (root / "docs" / ".gitignore").write_text("!a.md\n/b.md\n", encoding="utf-8")
    (root / ".git" / "info" / "exclude").write_text("baz.md\nb.md\n", encoding="utf-8")
    assert ours(root) == theirs(root)
    assert {"docs/a.md", "docs/deep/a.md"} <= ours(root)


@pytest.mark.parametrize("version", ["2", "4"])
@pytest.mark.parametrize("rules", ["docs/", "a.md", "*"])
def test_what_is_tracked_is_not_ignored(root, rules, version):
    git(root, "config", "index.version", version)
    git(root, "add", "docs/a.md", "foo/bar/baz.md", "a.md")
    (root / ".gitignore").write_text(f"{rules}\n", encoding="utf-8")
    assert ours(root) == theirs(root)
    assert "docs/a.md" in ours(root)


@pytest.mark.parametrize("option", [["init", "-q", "--object-format=sha256", "."], ["update-index", "--split-index"]])
def test_other_forms_of_the_index_are_read(tmp_path, option):
    root = tmp_path / "other"
    root.mkdir()
    if option[0] == "init":
        git(root, *option)
    tree(root)
    git(root, "add", "docs/a.md", "a.md")
    if option[0] != "init":
        git(root, *option)
        git(root, "add", "b.md")
    (root / ".gitignore").write_text("*\n", encoding="utf-8")
    assert ours(root) == theirs(root)


@pytest.mark.parametrize(
    "data", [b"", b"DIRC", b"DIRC\0\0\0\2\xff\xff\xff\xff" + b"docs/" * 9, b"nonsense docs/a.md\0"]
)
def test_a_damaged_index_tracks_nothing(root, data):
    (root / ".gitignore").write_text("docs/\n", encoding="utf-8")
    (root / ".git" / "index").write_bytes(data)
    assert "docs/a.md" not in ours(root)


def test_a_tracked_folder_of_a_tool_is_entered(root):
    (root / "node_modules").mkdir()
    for name in ("mine.md", "other.md"):
        (root / "node_modules" / name).write_text("x\n", encoding="utf-8")
    assert not any(name.startswith("node_modules") for name in ours(root))
    git(root, "add", "node_modules/mine.md")
    assert {name for name in ours(root) if name.startswith("node_modules")} == {"node_modules/mine.md"}


def test_rules_above_the_folder_that_is_named_hold_in_it_and_not_for_it(root):
    (root / ".gitignore").write_text("docs/\ndeep/\n", encoding="utf-8")
    assert ours(root, "docs") == {"docs/a.md", "docs/b.md"}


def test_another_repository_inside_is_its_own_affair(root):
    git(root / "foo" / "bar", "init", "-q")
    assert "foo/bar/baz.md" not in ours(root)
    assert ours(root, "foo/bar") == {"foo/bar/baz.md"}


def test_a_folder_of_repositories_that_is_none_itself_is_walked_with_the_rules_of_each(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        tree(tmp_path / name)
    (tmp_path / "one" / ".gitignore").write_text("*\n", encoding="utf-8")
    assert ours(tmp_path) == {f"two/{name}" for name in NAMES}


def test_a_work_tree_has_the_rules_of_its_repository(root, tmp_path_factory):
    git(root, "add", "docs/a.md", "docs/b.md")
    (root / ".git" / "info" / "exclude").write_text("docs/\n", encoding="utf-8")
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "one")
    other = tmp_path_factory.mktemp("work") / "tree"
    git(root, "worktree", "add", "-q", str(other))
    (other / "docs" / "new.md").write_text("x\n", encoding="utf-8")
    assert ours(other) == theirs(other) == {"docs/a.md", "docs/b.md"}


def test_without_git_the_rules_hold_as_well(tmp_path):
    (tmp_path / ".gitignore").write_text("a.md\n", encoding="utf-8")
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    assert ours(tmp_path) == {"b.md"}


def test_names_that_are_no_utf_8_are_walked(root):
    name = os.fsdecode(b"caf\xe9.md")
    (root / name).write_text("x\n", encoding="utf-8")
    (root / ".gitignore").write_bytes(b"b.md\n\xe9\n")
    assert name in ours(root)


def test_a_folder_that_cannot_be_listed_is_told(root, monkeypatch):
    # The superuser may list every folder: what it started as somebody else may not. A relative path needs no way there.
    monkeypatch.chdir(root)
    root.chmod(0o755)
    (root / "docs").chmod(0)
    own = os.geteuid()
    os.seteuid(own or 65534)
    try:
        with pytest.raises(InputError, match="cannot be listed"):
            ours(Path())
    finally:
        os.seteuid(own)
        (root / "docs").chmod(0o755)


@pytest.mark.parametrize("rule", ["*a" * 400, "**/" * 300 + "b", "**/a*b/" * 120 + "c", "[" * 900, "\\" * 999])
def test_hostile_rules_take_no_longer_than_others(rule):
    level = Level.of("", rule.encode(), (".md",))
    path = "/".join(["a" * 50] * 60) + "/x.md"
    assert not ignored((level,), path, folder=True)
