"""The user's own documents: facts that were counted by hand, and the copy that arrived damaged."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devnet_runner.includes import Checker, Jail
from devnet_runner.phase import read_phase
from devnet_runner.reports.plan import plan_json
from devnet_runner.text import damage_finding, read_text, repair

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
TREE, SEED, FACTS = SHARED / "devnet", SHARED / "seed", SHARED / "checks" / "expected-plan-facts.json"
DAMAGED = SEED / "000_8792e479e6073406.txt"
SOUND = SEED / "phase-3-infrastructure.md"

pytestmark = pytest.mark.skipif(not FACTS.is_file(), reason=f"{SHARED} is not here")


def wanted() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(FACTS.read_text(encoding="utf-8")) if FACTS.is_file() else {}
    return facts


def read(path: Path, root: Path = TREE) -> dict[str, Any]:
    text = read_text(path, str(path))
    includes, _ = Checker(Jail(root)).check(text.data, text.path)
    return plan_json(read_phase(text), includes, [])


@pytest.mark.parametrize("path", wanted())
def test_a_real_document_has_the_facts_that_were_counted(path):
    got, want = read(TREE / path), wanted()[path]
    assert got["phase"] == want["phase"]
    assert [[one["number"], one["line"]] for one in got["steps"]] == [one[:2] for one in want["steps"]]
    assert [[one["line"] for one in step["deliverables"]] for step in got["steps"]] == [s[3] for s in want["steps"]]
    assert [[one["line"], one["anchor"]] for one in got["includes"]] == want["includes"]
    assert [[one["number"], one["line"]] for one in got["commit_points"]] == want["commit_points"]
    assert list((got["checkpoint"] or {"values": []})["values"]) == (want["checkpoint_keys"] or [[]])[0]
    counts = {"acceptance": len(got["acceptance"]), "success_metrics": len(got["success_metrics"])}
    counts |= {"commands": sum(len(one["commands"]) for one in got["steps"]), "tags": int(got["tag"] is not None)}
    counts |= {"expected_verification": sum(len(one["expected"]) for one in got["steps"])}
    assert counts == {key: want[key] for key in counts}


@pytest.mark.parametrize("path", wanted())
def test_a_real_document_has_no_fault_and_verifies(path):
    text = read_text(TREE / path, path)
    assert [one for one in read_phase(text).findings if one.blocking] == []
    assert {one["state"] for one in read(TREE / path)["includes"]} == {"verified"}


def test_every_include_of_the_seed_verifies():
    assert [one["state"] for one in read(SOUND)["includes"]] == ["verified"] * 7


def test_the_damaged_copy_is_told_with_its_repair():
    text = read_text(DAMAGED, "phase-3.txt")
    (finding,) = damage_finding(text)
    assert finding.blocking
    assert finding.command == "devnet-run plan phase-3.txt --repair"
    assert repair(text) == SOUND.read_bytes()


def test_only_the_include_with_signs_beyond_ascii_fails_in_the_damaged_copy():
    states = {one["anchor"]: one["state"] for one in read(DAMAGED)["includes"]}
    assert states.pop("workspace-quick-check") == "body-edited"
    assert set(states.values()) == {"verified"}


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devnet_runner", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
                          env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})  # fmt: skip


def test_the_command_repairs_the_file_in_place(tmp_path):
    shutil.copytree(TREE / "docs", tmp_path / "docs")
    path = tmp_path / "phase-3.md"
    path.write_bytes(DAMAGED.read_bytes())
    assert run("plan", "phase-3.md", cwd=tmp_path).returncode == 2
    assert run("plan", "phase-3.md", "--repair", cwd=tmp_path).returncode == 0
    assert path.read_bytes() == SOUND.read_bytes()
    shown = run("plan", "phase-3.md", cwd=tmp_path)
    assert (shown.returncode, "7 of 7 verified" in shown.stdout) == (0, True)


def test_the_includes_of_the_whole_tree_verify():
    done = run("includes", "check", "--format", "json", cwd=TREE)
    value = json.loads(done.stdout)
    assert (done.returncode, len(value["documents"]), value["exit_code"]) == (0, 13, 0)
    assert sum(len(one["includes"]) for one in value["documents"]) == 27


def test_a_document_out_of_any_project_quotes_the_one_it_is_read_from():
    assert "7 of 7 verified" in run("includes", "check", str(SOUND), cwd=TREE).stdout
    assert "7 of 7 verified" in run("plan", str(SOUND), cwd=TREE).stdout
