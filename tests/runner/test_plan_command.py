"""`plan` and `includes check` as a user runs them: exit code, places, JSON, and nothing written."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BODY = "Keep it small ✅.\n"
HASH = hashlib.sha256(BODY.encode()).hexdigest()
BLOCK = f"<!-- @include-from: docs/a.md#rules, hash: {HASH} -->\n{BODY}<!-- @end-include -->\n"
PHASE = f"# Phase 1: Core\n\n{BLOCK}\n### Step 1: Rules\n\n**Deliverables**\n- one rule\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"devnet.yaml": "", "docs/a.md": f"# Rules\n\n{BODY}", "phases/phase-1-core.md": PHASE}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content.encode())
    return tmp_path


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command; it never shows a traceback, and unless it repairs it writes nothing."""
    before = contents(project)
    command = [sys.executable, "-m", "devnet_runner", *words]
    environ = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False, env=environ)
    assert "Traceback" not in done.stdout + done.stderr
    assert "--repair" in words or contents(project) == before
    return done


def contents(project: Path) -> dict[str, bytes]:
    files = (path for path in sorted(project.rglob("*")) if path.is_file() and path.stat().st_size < 1_000_000)
    return {str(path): path.read_bytes() for path in files}


def phase(project: Path, content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (project / "phases" / "phase-1-core.md").write_bytes(data)


def test_a_sound_plan_is_shown_with_exit_code_0(project):
    done = run(project, "plan", "phase-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "phase 1: Core" in done.stdout
    assert "one rule" in done.stdout
    assert "1 of 1 verified" in done.stdout


KEYS = {"phase", "title", "steps", "includes", "commit_points", "tag", "checkpoint", "acceptance", "success_metrics",
        "coverage_target", "next_phase"}  # fmt: skip


def test_the_plan_is_json_with_the_keys_that_were_promised(project):
    value = json.loads(run(project, "plan", "phase-1", "--format", "json").stdout)
    assert value.keys() >= KEYS
    assert value["includes"] == [
        {"line": 3, "source": "docs/a.md", "anchor": "rules", "hash": HASH, "state": "verified"}
    ]
    (step,) = value["steps"]
    assert (step["number"], step["title"], step["line"]) == ("1", "Rules", 7)
    assert step.keys() >= {"deliverables", "commands", "expected"}
    assert [(one["text"], one["line"]) for one in step["deliverables"]] == [("one rule", 10)]


PLANS = {
    "drift": (PHASE.replace("small", "big"), 1, "phases/phase-1-core.md:3: the quoted text was edited here"),
    "CRLF": (PHASE.replace("\n", "\r\n"), 0, "1 of 1 verified"),
    "BOM": ("\ufeff" + PHASE, 0, "1 of 1 verified"),
    "no end": (PHASE.replace("<!-- @end-include -->\n", ""), 2, "phases/phase-1-core.md:3: this include has no end"),
    "malformed": (PHASE.replace(HASH, "1"), 2, "phases/phase-1-core.md:3: the malformed hash '1'"),
    "outside": (PHASE.replace("docs/a", "../a"), 2, "phases/phase-1-core.md:3: '../a.md' is not read"),
    "anchor": (PHASE.replace("#rules", "#rule"), 2, "name one that it has: #rules"),
    "step twice": (PHASE + "### Step 1: b\n", 2, "phases/phase-1-core.md:11: step 1 is declared twice"),
    "empty": ("", 2, "phases/phase-1-core.md:1: the document declares no step"),
    "escape": (PHASE.replace("one rule", "a\x1b[31m\u202e b"), 0, "1 of 1 verified"),
    "NUL": (PHASE + "\0", 2, "phases/phase-1-core.md:11: the document cannot be used: byte"),
    "UTF-16": (PHASE.encode("utf-16"), 2, "it is UTF-16"),
    "no UTF-8": (b"# Phase 1\n\xff", 2, "phases/phase-1-core.md:2: the document cannot be used: byte 10 is no UTF-8"),
    "many markers": (BLOCK * 100_000, 2, "it has"),
}


@pytest.mark.parametrize("name", PLANS)
def test_each_plan_gets_its_exit_code_and_place(project, name):
    content, code, words = PLANS[name]
    phase(project, content)
    done = run(project, "plan", "phase-1")
    assert (done.returncode, words in " ".join((done.stdout + done.stderr).split())) == (code, True)
    assert not {"\x1b", "\u202e"} & set(done.stdout + done.stderr)


@pytest.mark.parametrize("name", [name for name in PLANS if name not in {"step twice", "empty"}])
def test_the_check_of_includes_agrees_with_the_plan(project, name):
    content, code, _ = PLANS[name]
    phase(project, content)
    assert run(project, "includes", "check").returncode == code
    done = run(project, "includes", "check", "--format", "json", "phases")
    value = json.loads(done.stdout)
    assert (done.returncode, value["exit_code"]) == (code, code)
    assert [one["path"] for one in value["documents"]] == ["phases/phase-1-core.md"]


def test_every_fault_is_told_in_one_run(project):
    phase(project, f"text\n{BLOCK.replace('#rules', '#x')}{BLOCK.replace(HASH, 'x')}<!-- @end-include -->\n```\n")
    shown = " ".join(run(project, "plan", "phase-1").stdout.split())
    assert [line for line in range(12) if f"phase-1-core.md:{line}: " in shown] == [1, 2, 5, 8, 9]


def test_a_file_that_is_too_large_is_refused(project):
    with (project / "phases" / "phase-1-core.md").open("wb") as stream:
        stream.truncate(100_000_000)
    for words in (["plan", "phase-1"], ["includes", "check"]):
        done = run(project, *words)
        assert (done.returncode, "100,000,000 bytes" in done.stdout + done.stderr) == (2, True)


MISSING = ["phase-2", "phases/phase-2.md", "../phase-1.md", "x" * 300 + ".md", "docs", "/dev/zero", ""]


@pytest.mark.parametrize("target", MISSING, ids=lambda target: target[:20])
def test_what_is_no_document_is_refused_in_both_forms(project, target):
    done = run(project, "plan", target)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip()
    failed = run(project, "plan", target, "--format", "json")
    assert (failed.returncode, json.loads(failed.stdout)["exit_code"]) == (2, 2)


@pytest.mark.parametrize("path", ["missing.md", "x" * 300 + ".md", "docs/a.md/b.md"], ids=lambda path: path[:20])
def test_a_path_to_check_that_is_not_there_is_named_as_it_was_typed(project, path):
    done = run(project, "includes", "check", "phases", path)
    assert (done.returncode, done.stderr.strip().startswith(f"{path}: there is no such file or folder")) == (2, True)


def test_a_folder_without_documents_is_no_proof(project):
    (project / "empty").mkdir()
    done = run(project, "includes", "check", "empty")
    assert (done.returncode, "there is no Markdown document here" in done.stderr) == (2, True)


DAMAGE = "‚úÖ"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_repair_gives_back_what_was_there_before(project, ending, mark):
    before = PHASE.replace("\n", ending)
    phase(project, mark + before.encode().decode("mac_roman"))
    path = project / "phases" / "phase-1-core.md"
    path.chmod(0o640)
    damaged = run(project, "plan", "phase-1")
    assert (damaged.returncode, DAMAGE in path.read_text(encoding="utf-8")) == (2, True)
    assert "devnet-run plan phases/phase-1-core.md --repair" in " ".join(damaged.stdout.split())
    assert run(project, "plan", "phase-1", "--repair").returncode == 0
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (before.encode(), 0o640)
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


def test_a_repair_of_a_sound_document_is_refused_and_writes_nothing(project):
    before = contents(project)
    done = run(project, "plan", "phase-1", "--repair")
    assert (done.returncode, "not damaged" in done.stderr, contents(project)) == (2, True, before)
