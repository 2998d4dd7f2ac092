"""From `phase-3`, `3` or a path to the one document that is meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from devnet_runner.errors import InputError
from devnet_runner.plan_tree import candidates, find_document

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["phase-1-core.md", "phase-3-storage.md", "phase-10-end.md", "phase-a-first.md", "phase-3.txt", "phases.md"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "phases").mkdir()
    for name in NAMES:
        (tmp_path / "phases" / name).write_text("# a\n", encoding="utf-8")
    (tmp_path / "devnet-plan").mkdir()
    return tmp_path


def find(root: Path, target: str, start: Path | None = None) -> str:
    return find_document(target, root, "phases", start or root)


def refusal(root: Path, target: str) -> str:
    with pytest.raises(InputError) as refused:
        find(root, target)
    (finding,) = refused.value.findings
    return str(finding)


TARGETS = {
    "phase-3": "phases/phase-3-storage.md",
    "3": "phases/phase-3-storage.md",
    "03": "phases/phase-3-storage.md",
    "Phase 3": "phases/phase-3-storage.md",
    "PHASE-A": "phases/phase-a-first.md",
    "a": "phases/phase-a-first.md",
    "10": "phases/phase-10-end.md",
    "3-storage": "phases/phase-3-storage.md",
    "phase-3-storage": "phases/phase-3-storage.md",
    "phases/phase-3.txt": "phases/phase-3.txt",
    "./phases/../phases/phases.md": "phases/phases.md",
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_document_is_found_by_number_name_and_path(root, target):
    assert find(root, target) == TARGETS[target]


def test_a_path_starts_from_where_one_stands(root):
    assert find(root, "phase-1-core.md", root / "phases") == "phases/phase-1-core.md"
    assert find(root, "../phases/phase-1-core.md", root / "phases") == "phases/phase-1-core.md"


UNKNOWN = {
    "phase-2": "did you mean phase-",
    "phase-33": "did you mean phase-3",
    "statsu": "did you mean status",
    "zzzz": "known phases: phase-1, phase-3, phase-10, phase-a",
    "phases/phase-3-storag.md": "did you mean phase-3-storage.md",
    "nowhere/a.md": "check the path",
    "../secret.md": "outside of",
    "/etc/passwd": "outside of",
    "": "there is no phase ''",
    "phase-": "there is no phase 'phase-'",
    "9" * 5000: "there is no phase",
    "a\0b": "there is no phase",
}


@pytest.mark.parametrize("target", UNKNOWN, ids=repr)
def test_an_unknown_phase_is_told_with_the_nearest_names(root, target):
    assert UNKNOWN[target] in refusal(root, target)


@pytest.mark.parametrize("target", ["a\0b.md", "x" * 300 + ".md", "~root/a.md", "phases"])
def test_a_path_that_can_be_none_is_refused(root, target):
    assert refusal(root, target)


def test_a_loop_of_links_is_refused(root):
    (root / "phases" / "phase-5-loop.md").symlink_to("phase-5-loop.md")
    assert "loop" in refusal(root, "phases/phase-5-loop.md")
    assert "there is no phase" in refusal(root, "phase-5")


def test_an_empty_plan_says_how_to_begin(tmp_path):
    assert "the folder phases/ holds no phase-N-title.md" in refusal(tmp_path, "phase-3")


def test_two_documents_of_one_number_are_named(root):
    (root / "phases" / "phase-3-other.md").write_text("# a\n", encoding="utf-8")
    assert "phases/phase-3-other.md, phases/phase-3-storage.md" in refusal(root, "3")
    assert find(root, "phase-3-other") == "phases/phase-3-other.md"


def manifest(root: Path, value: object) -> None:
    (root / "devnet-plan" / "manifest.json").write_text(json.dumps(value), encoding="utf-8")


def test_a_manifest_names_documents_elsewhere_and_comes_before_the_folder(root):
    (root / "devnet-plan" / "storage.md").write_text("# a\n", encoding="utf-8")
    manifest(root, {"phases": [{"id": "phase-3", "path": "./devnet-plan/storage.md"},
                               {"id": 5, "path": "phases/phases.md"}]})  # fmt: skip
    assert find(root, "phase-3") == "devnet-plan/storage.md"
    assert [one.number for one in candidates(root, "phases")] == ["1", "3", "5", "10", "a"]


WRONG = [
    "{",
    "[]",
    "{}",
    '{"phases": 1}',
    '{"phases": [1]}',
    '{"phases": [{"id": "1"}]}',
    "\xff",
    "[" * 100_000,
    "null",
]


@pytest.mark.parametrize("content", WRONG, ids=range(len(WRONG)))
def test_a_wrong_manifest_is_one_clear_fault(root, content):
    (root / "devnet-plan" / "manifest.json").write_bytes(content.encode("latin-1"))
    message = refusal(root, "phase-3")
    assert message.startswith("devnet-plan/manifest.json: the manifest cannot be used")
    assert "give each of `phases` an `id` and a `path`" in message


@pytest.mark.parametrize("path", ["../secret.md", "/etc/passwd", "missing.md", "a\0.md"])
def test_a_manifest_does_not_lead_out_of_the_project(root, path):
    manifest(root, {"phases": [{"id": "phase-3", "path": path}]})
    assert path in refusal(root, "phase-3")


def test_a_link_does_not_lead_out_of_the_project(root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "phase-4-out.md"
    outside.write_text("# a\n", encoding="utf-8")
    (root / "phases" / "phase-4-out.md").symlink_to(outside)
    assert "outside of" in refusal(root, "4")
    assert "outside of" in refusal(root, "phases/phase-4-out.md")
