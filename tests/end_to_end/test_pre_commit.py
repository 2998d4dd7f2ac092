"""The hook manifest with the real pre-commit, in a repository of somebody else.

The hook's own environment is not built here, which needs a network: the hook runs the command that is installed beside
the tests (`language: unsupported`), from a clone that pre-commit makes of a repository with our manifest.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

MANIFEST = Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml"
BIN = Path(sys.executable).parent
BODY = "Keep it small.\n"
HASH = hashlib.sha256(BODY.encode()).hexdigest()
QUOTE = f"# P\n\n<!-- @include-from: rules.md#rules, hash: {HASH} -->\n{BODY}<!-- @end-include -->\n"
IDENTITY = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]


def run(cwd: Path, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    home = {
        "PRE_COMMIT_HOME": str(cwd.parent / "cache"),
        "HOME": str(cwd.parent),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    return subprocess.run(
        argv, cwd=cwd, env=kept | home | more, capture_output=True, text=True, timeout=120, check=False
    )


def git(cwd: Path, *words: str) -> str:
    done = run(cwd, "git", *IDENTITY, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def repository(folder: Path, files: dict[str, str]) -> str:
    folder.mkdir()
    git(folder, "init", "-q")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    revision = repository(tmp_path / "hooks", {MANIFEST.name: MANIFEST.read_text(encoding="utf-8")})
    hook = {"id": "devnet-includes", "language": "unsupported"}
    config = {"repos": [{"repo": str(tmp_path / "hooks"), "rev": revision, "hooks": [hook]}]}
    files = {".pre-commit-config.yaml": yaml.safe_dump(config), "plan.md": QUOTE, "rules.md": f"# Rules\n\n{BODY}"}
    repository(tmp_path / "project", files)
    return tmp_path / "project"


def test_the_manifest_is_one_and_asks_for_an_environment_of_its_own(tmp_path):
    folder = tmp_path / "any"
    folder.mkdir()
    done = run(folder, "pre-commit", "validate-manifest", str(MANIFEST))
    assert (done.returncode, done.stderr) == (0, "")
    (hook,) = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    assert (hook["language"], hook["entry"]) == ("python", "devnet-run includes check")


def test_the_hook_passes_where_every_quote_holds(project):
    done = run(project, "pre-commit", "run", "--all-files", "--color=never")
    assert (done.returncode, "Passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_commit_that_edits_a_source_is_stopped_at_the_quote(project):
    assert run(project, "pre-commit", "install").returncode == 0
    (project / "rules.md").write_text("# Rules\n\nKeep it big.\n", encoding="utf-8")
    done = run(project, "git", *IDENTITY, "commit", "-q", "-a", "-m", "two")
    assert done.returncode == 1
    assert "plan.md:3:1: error: rules.md#rules (line 1) has changed" in done.stdout + done.stderr
    assert "[include-source-moved]" in done.stdout + done.stderr


def test_a_commit_without_documents_does_not_run_the_hook(project):
    (project / "code.py").write_text("x = 1\n", encoding="utf-8")
    git(project, "add", "code.py")
    done = run(project, "pre-commit", "run", "--color=never")
    assert (done.returncode, "no files to check" in done.stdout) == (0, True)
