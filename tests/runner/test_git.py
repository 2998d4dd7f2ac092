from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devnet_runner.git import NO_REPOSITORY, common_dir, last_tag, state, tag_exists

PROJECT = Path(__file__).resolve().parents[2]
BASE = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main",
        "-c", "protocol.file.allow=always"]  # fmt: skip


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run([*BASE, *arguments], cwd=root, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


def everything(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / 'a:b "c"'
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.txt").write_text("a\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_without_a_repository_nothing_is_known(tmp_path):
    assert state(tmp_path) == NO_REPOSITORY
    assert state(tmp_path / "absent") == NO_REPOSITORY
    assert (common_dir(tmp_path), last_tag(tmp_path), tag_exists(tmp_path, "v1")) == (None, "", False)


def test_without_git_nothing_is_known(root, monkeypatch):
    monkeypatch.setenv("PATH", str(root))
    assert state(root) == NO_REPOSITORY
    assert (common_dir(root), last_tag(root), tag_exists(root, "v1")) == (None, "", False)


def test_where_no_git_is_installed_nothing_is_known_either(root, tmp_path):
    code = "import sys, pathlib; from devnet_runner.git import *; print(state(pathlib.Path(sys.argv[1])))"
    environ = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", code, root], env=environ, capture_output=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == (f"{NO_REPOSITORY}\n".encode(), b"")


def test_a_clean_work_tree_has_the_tree_of_its_commit(root):
    found = state(root)
    assert (found.commit, found.branch) == (git(root, "rev-parse", "HEAD"), "main")
    assert (found.dirty, found.changed, found.tree) == (False, (), git(root, "rev-parse", "HEAD^{tree}"))
    assert (found.detached, found.unborn, found.operation, found.origin) == (False, False, "", None)


@pytest.mark.parametrize("name", ["", "b.txt"])
def test_an_unborn_branch_is_told(tmp_path, name):
    git(tmp_path, "init", "-q")
    if name:
        (tmp_path / name).write_text("b")
    found = state(tmp_path)
    assert (found.commit, found.branch, found.unborn, found.detached) == (None, "main", True, False)
    assert (found.dirty, found.changed, len(found.tree)) == (bool(name), (name,) if name else (), 40)


def test_a_detached_head_is_told(root):
    git(root, "checkout", "-q", "--detach")
    found = state(root)
    assert (found.branch, found.detached, found.unborn, bool(found.commit)) == (None, True, False, True)


CHANGES = {
    "same size": lambda root: (root / "a.txt").write_text("b\n"),
    "removed": lambda root: (root / "a.txt").unlink(),
    "hidden by a bit": lambda root: (git(root, "update-index", "--assume-unchanged", "a.txt"),
                                     (root / "a.txt").write_text("b\n")),
    "hidden by sparse checkout": lambda root: (git(root, "update-index", "--skip-worktree", "a.txt"),
                                               (root / "a.txt").write_text("b\n")),
    "mode": lambda root: (root / "a.txt").chmod(0o755),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_seen(root, change):
    before = state(root)
    CHANGES[change](root)
    found = state(root)
    assert (found.dirty, found.changed) == (True, ("a.txt",))
    assert found.tree != before.tree


def test_what_is_staged_and_undone_counts_as_changed(root):
    (root / "a.txt").write_text("b\n")
    git(root, "add", ".")
    (root / "a.txt").write_text("a\n")
    assert state(root).changed == ("a.txt",)


def test_odd_names_and_untracked_files_are_seen_and_ignored_ones_not(root):
    (root / ".gitignore").write_text("*.log\n")
    (root / "x.log").write_text("")
    for name in (b"-rf", b"new\nline", b"caf\xc3\xa9", b"bad\xff", b":(top)x"):
        Path(root, name.decode("utf-8", "surrogateescape")).write_text("x")
    assert set(state(root).changed) == {":(top)x", "-rf", ".gitignore", "bad\\xff", "café", "new\nline"}


def test_what_is_excluded_counts_nowhere(root):
    (root / "sub").mkdir()
    (root / "sub/p.md").write_text("old")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "second")
    before = state(root / "sub", ("p.md", "records", "../q"))
    (root / "sub/p.md").write_text("new")
    (root / "sub/records").mkdir()
    (root / "sub/records/1").write_text("new")
    (root / "q").write_text("new")
    assert state(root / "sub", ("p.md", "records", "../q")) == before
    assert state(root).dirty


def test_the_repository_stays_as_it_is(root):
    (root / "b.txt").write_text("b")
    (root / "a.txt").touch()
    before = everything(root)
    state(root, ("a.txt",))
    common_dir(root), last_tag(root), tag_exists(root, "v1")
    assert everything(root) == before


def test_nothing_that_the_repository_configures_is_run(root, tmp_path):
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{ran}'\ncat\n")
    script.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "pre-commit", "reference-transaction", "fsmonitor-watchman"):
        (hooks / hook).symlink_to(script)
    (root / ".gitattributes").write_text("*.txt filter=ev=il diff=evil\n*.md filter=good\n")
    for key in ("core.fsmonitor", "filter.ev=il.clean", "filter.ev=il.process", "filter.ev=il.smudge",
                "filter.good.clean", "diff.evil.textconv", "diff.external", "core.pager"):  # fmt: skip
        git(root, "config", key, str(script))
    git(root, "config", "filter.good.required", "true")
    git(root, "config", "core.hooksPath", str(hooks))
    (root / "b.txt").write_text("b")
    (root / "c.md").write_text("c")
    found = state(root, ("a.txt",))
    assert not ran.exists()
    assert found.changed == (".gitattributes", "b.txt", "c.md")
    git(root, "status")
    assert "2" in ran.read_text()


@pytest.fixture
def submodule(root, tmp_path):
    (tmp_path / "part").mkdir()
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "none"]):
        git(tmp_path / "part", *command)
    (tmp_path / "part/a.txt").write_text("a\n")
    git(tmp_path / "part", "add", ".")
    git(tmp_path / "part", "commit", "-q", "-m", "first")
    git(root, "submodule", "add", "-q", str(tmp_path / "part"), "sub")
    git(root, "commit", "-q", "-a", "-m", "with a part")
    return root / "sub"


def test_a_clean_submodule_is_its_commit(root, submodule):
    found = state(root)
    assert (found.dirty, found.tree) == (False, git(root, "rev-parse", "HEAD^{tree}"))
    git(root, "submodule", "deinit", "-q", "-f", "sub")
    assert state(root) == found


@pytest.mark.parametrize(("name", "content"), [("a.txt", "b\n"), ("new", ""), (".gitmodules", "x")])
def test_a_change_within_a_submodule_is_seen(root, submodule, name, content):
    before = state(root)
    (submodule / name).write_text(content)
    found = state(root)
    assert (found.dirty, found.changed, found.tree != before.tree) == (True, ("sub",), True)
    (submodule / name).write_text(content + "more")
    assert state(root).tree != found.tree


def test_a_submodule_that_is_replaced_or_removed_is_seen(root, submodule):
    submodule.rename(root.parent / "away")
    assert state(root).changed == ("sub",)
    submodule.write_text("a file now")
    assert state(root).changed == ("sub",)


def test_nothing_that_a_submodule_configures_is_run(root, submodule, tmp_path):
    script, ran = tmp_path / "script", tmp_path / "ran"
    script.write_text(f"#!/bin/sh\necho ran >> '{ran}'\ncat\n")
    script.chmod(0o755)
    (submodule / ".gitattributes").write_text("* filter=evil\n")
    for key in ("filter.evil.clean", "filter.evil.process", "core.fsmonitor"):
        git(submodule, "config", key, str(script))
    (submodule / "a.txt").write_text("b\n")
    assert state(root, ("other",)).changed == ("sub",)
    assert not ran.exists()
    git(root, "status")
    assert ran.exists()


@pytest.mark.parametrize("committed", [False, True])
def test_another_repository_in_the_tree_counts_with_what_it_holds(root, committed):
    inner = root / "deep/clone"
    inner.mkdir(parents=True)
    git(inner, "init", "-q")
    (inner / "f").write_text("1")
    if committed:
        git(inner, "add", ".")
        git(inner, "commit", "-q", "-m", "inner")
    first = state(root)
    (inner / "f").write_text("2")
    second = state(root)
    assert first.changed == second.changed == ("deep/clone",)
    assert None not in {first.tree, second.tree}
    assert first.tree != second.tree


def test_a_repository_in_the_tree_that_points_elsewhere_leaves_the_tree_unknown(root, tmp_path):
    (root / "inner").mkdir()
    git(root / "inner", "init", "-q")
    git(root / "inner", "config", "core.worktree", str(tmp_path))
    found = state(root)
    assert (found.tree, found.dirty, bool(found.commit)) == (None, None, True)


@pytest.mark.parametrize("name", ["ignore", "attributes"])
def test_a_user_s_own_configuration_hides_nothing(root, tmp_path, monkeypatch, name):
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / name).write_text("*.py\n" if name == "ignore" else "*.py -text filter=x\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (root / "hidden.py").write_text("")
    assert state(root).changed == ("hidden.py",)


def test_a_path_that_is_no_utf_8_is_followed(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    git(folder, "worktree", "add", "-q", "second")
    (folder / "second/new").write_text("x")
    assert common_dir(folder / "second") == folder / ".git"
    assert state(folder / "second").changed == ("new",)


def test_a_work_tree_that_its_configuration_moves_away_is_no_repository(root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    git(root, "config", "core.worktree", str(tmp_path / "elsewhere"))
    assert state(root) == NO_REPOSITORY


def test_variables_of_a_surrounding_git_do_not_lead_away(root, tmp_path, monkeypatch):
    expected = state(root)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert state(root) == expected


def test_a_second_work_tree_shares_the_common_folder(root, tmp_path):
    git(root, "worktree", "add", "-q", str(tmp_path / "second"))
    found = state(tmp_path / "second")
    assert (found.branch, found.tree, found.dirty) == ("second", state(root).tree, False)
    assert common_dir(tmp_path / "second") == common_dir(root) == (root / ".git").resolve()


def test_tags_are_found_by_their_very_name(root):
    assert last_tag(root) == ""
    git(root, "tag", "v0.2.0")
    git(root, "branch", "v0.3.0")
    assert [tag_exists(root, name) for name in ("v0.2.0", "v0.3.0", "v0", "", "a\0b")] == [True, *[False] * 4]
    assert last_tag(root) == "v0.2.0"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://ann:secret@example.org/o/r.git", "https://example.org/o/r.git"),
        ("git@example.org:o/r.git", "git@example.org:o/r.git"),
    ],
)
def test_the_origin_is_told_without_secrets(root, url, origin):
    git(root, "remote", "add", "origin", url)
    assert state(root).origin == origin


def test_an_unfinished_merge_is_told(root):
    (root / ".git/MERGE_HEAD").write_text(git(root, "rev-parse", "HEAD"))
    assert state(root).operation == "merge"
