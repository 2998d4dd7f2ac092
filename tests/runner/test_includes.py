"""Checking many documents: which files they are, in which order, and what one bad file does to the others."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from devnet_runner.includes import Jail, check_files, documents

if TYPE_CHECKING:
    from pathlib import Path

BODY = "Keep it small.\n"
HASH = hashlib.sha256(BODY.encode()).hexdigest()
BLOCK = f"<!-- @include-from: src.txt#rules, hash: {HASH} -->\n{BODY}<!-- @end-include -->\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    for name in ["b.md", "a.md", "sub/c.markdown", ".git/d.md", "node_modules/e.md", "f.txt"]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(BLOCK, encoding="utf-8")
    (project / "src.txt").write_text(f"# Rules\n{BODY}", encoding="utf-8")
    return project


def found(root: Path, *, listed: bool = True) -> dict[str, tuple[int, list[str]]]:
    checked = check_files(documents([root]), Jail(root), listed=listed)
    return {one.path: (one.verified, [finding.id for finding in one.findings]) for one in checked}


def test_folders_are_walked_in_order_without_those_of_tools(root):
    assert list(found(root)) == ["a.md", "b.md", "sub/c.markdown"]


def test_files_are_checked_as_they_are_named(root):
    assert list(documents([root / "f.txt", root / "sub"])) == [str(root / "f.txt"), str(root / "sub" / "c.markdown")]


BAD = {
    "no text": lambda path: path.write_bytes(b"\xff"),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a loop": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("nothing.md"),
}


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("name", BAD)
def test_one_bad_document_is_told_and_the_others_are_checked(root, name, listed):
    BAD[name](root / "aa.md")
    checked = found(root, listed=listed)
    assert checked.pop("aa.md") == (0, ["document-unreadable"])
    assert checked == {"a.md": (1, []), "b.md": (1, []), "sub/c.markdown": (1, [])}


@pytest.mark.parametrize("listed", [True, False])
def test_a_link_that_leaves_the_root_is_refused_and_one_that_stays_is_read(root, tmp_path, listed):
    (tmp_path / "secret.md").write_text(BLOCK, encoding="utf-8")
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "stays.md").symlink_to("a.md")
    checked = found(root, listed=listed)
    assert (checked["out.md"], checked["stays.md"]) == ((0, ["document-unreadable"]), (1, []))


def test_a_folder_behind_a_link_is_not_walked(root, tmp_path):
    (root / "again").symlink_to(root)
    (root / "above").symlink_to(tmp_path)
    assert list(found(root)) == ["a.md", "b.md", "sub/c.markdown"]


def test_a_document_elsewhere_that_is_named_itself_is_read(root, tmp_path):
    (tmp_path / "other.md").write_text(BLOCK, encoding="utf-8")
    (one,) = check_files(documents([tmp_path / "other.md"]), Jail(root))
    assert (one.path, one.verified) == (str(tmp_path / "other.md"), 1)


def test_a_source_that_changes_between_two_runs_is_read_again(root):
    assert found(root)["a.md"] == (1, [])
    (root / "src.txt").write_text("# Rules\nother\n", encoding="utf-8")
    assert found(root)["a.md"] == (0, ["include-source-moved"])
