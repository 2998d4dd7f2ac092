"""A short command starts soon: it loads no library that only a run needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"sqlalchemy", "git", "pytest", "jinja2", "psycopg", "rich", "coverage", "markdown_it"}
COMMANDS = ["--help", "--version", "status", "includes check"]
# The command line in a fresh interpreter; what it loaded beyond the bare interpreter goes to the error stream.
SCRIPT = """
import json, sys
before = set(sys.modules)
from devnet_runner.cli import main
try:
    main(sys.argv[1:])
finally:
    sys.stderr.write(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""
PROGRESS = "# Progress\n\n## Phase 1: One\n\n- [x] **Step 1**: First\n- [ ] **Step 2**: Second\n"
CHECKPOINT = "LAST_COMPLETED: Phase 1, Step 1 - First\nNEXT_ACTION: Start Phase 1, Step 2 - Second\nGIT_TAG: none\n"
FILES = {
    "devnet.yaml": "project: one\nsuites:\n  - {id: tests, phase: 1, step: 1, paths: [tests]}\n",
    "DEVNET-PROGRESS.md": PROGRESS,
    "DEVNET-CHECKPOINT.txt": CHECKPOINT,
    "phases/phase-1-one.md": "# Phase 1: One\n\n### Step 1: First\n\n- [ ] It is there\n",
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def loaded(project, command):
    argv = [sys.executable, "-c", SCRIPT, *command.split()]
    ran = subprocess.run(argv, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout
    return set(json.loads(ran.stderr))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_short_command_loads_no_heavy_library(project, command):
    assert loaded(project, command) & HEAVY == set()


@pytest.mark.parametrize("command", ["--help", "--version"])
def test_what_reads_no_file_loads_no_reader_of_files(project, command):
    assert loaded(project, command) & {"yaml", "json", "subprocess", "asyncio", "email"} == set()


def test_the_commands_are_really_run(project):
    assert {"click", "yaml", "devnet_runner"} <= loaded(project, "status")
