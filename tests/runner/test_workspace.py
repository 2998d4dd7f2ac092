from __future__ import annotations

import pytest

from devnet_runner.findings import Place
from devnet_runner.settings import Workspace
from devnet_runner.workspace import workspace_findings

PLACE = Place("devnet.yaml", 7)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "shop"
    (folder / "src/deep").mkdir(parents=True)
    (folder / "file").touch()
    (folder / "out").symlink_to(tmp_path)
    (folder / "in").symlink_to("src")
    (folder / "loop").symlink_to("loop")
    return folder


def test_nothing_required_is_nothing_wrong(root):
    assert workspace_findings(Workspace(), root, None, PLACE) == ()


@pytest.mark.parametrize(
    ("required", "origin", "fits"),
    [
        ("shop", None, True),
        ("shop", "https://example.org/team/other.git", True),
        ("web", "https://example.org/team/web.git", True),
        ("web", "https://example.org/team/web/", True),
        ("web", "git@example.org:web", True),
        ("web", "/srv/git/web/.git", True),
        ("team", "https://example.org/team/web.git", False),
        ("web", None, False),
        ("web", "", False),
        ("sho", None, False),
        ("Shop", None, False),
    ],
)
def test_the_repository_has_its_folder_s_name_or_its_origin_s(root, required, origin, fits):
    found = workspace_findings(Workspace(("devnet", required)), root, origin, PLACE)
    assert [finding.id for finding in found] == ([] if fits else ["workspace-repository"])


def test_the_finding_names_both_and_the_place(root):
    finding = workspace_findings(Workspace(("a", "b")), root, "x/y.git", PLACE)[0]
    assert (finding.expected, finding.actual, finding.where) == ("a or b", "shop or y", PLACE)
    assert finding.blocking


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("src", ""),
        ("src/deep/", ""),
        (".", ""),
        ("in/deep", ""),
        ("absent", "does not exist"),
        ("file", "is no directory"),
        ("..", "lies outside the repository"),
        ("/", "lies outside the repository"),
        ("out", "lies outside the repository"),
        ("out/shop/src", ""),
        ("a\0b", "cannot be looked up"),
        ("file/x", "does not exist"),
    ],
)
def test_each_required_directory_is_one_inside_the_root(root, name, wrong):
    found = workspace_findings(Workspace(directories=(name,)), root, None, PLACE)
    assert [(finding.id, finding.actual) for finding in found] == ([("workspace-directory", wrong)] if wrong else [])


def test_every_fault_is_told_at_once(root):
    found = workspace_findings(Workspace(("a",), ("loop", "src", "absent")), root, None, PLACE)
    assert [finding.id for finding in found] == ["workspace-repository", "workspace-directory", "workspace-directory"]
