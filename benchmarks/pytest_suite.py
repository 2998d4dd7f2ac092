"""A pytest suite through the tool, against the same `pytest --cov` alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.whole import Goal, compared

MODULES, TESTS = 20, 15
ROUNDS = 5
LIMIT = 1.05
DOCUMENT = "# Phase 1: Work\n\n### Step 1: Do\n\n**Expected Deliverables:**\n- Work is done\n"
SETTINGS = """project: work
layers: {work: {paths: ["work/**"], minimum: 50}}
suites: [{id: work, phase: 1, step: 1, paths: [tests], timeout: 300}]
"""
CODE = """def spin(count):
    total = 0
    for number in range(count):
        if number % 3:
            total += number
        else:
            total -= 1
    return total
"""
TEST = """import time
import pytest
from work.module_{number} import spin

pytestmark = pytest.mark.blocking


@pytest.mark.deliverable("Work is done")
@pytest.mark.parametrize("count", range({tests}))
def test_spins(count):
    time.sleep(0.015)
    assert spin(1000 + count) > 0
"""


def main() -> list[Goal]:
    """Measure one project both ways, in turn."""
    with tempfile.TemporaryDirectory(prefix="devnet-bench-") as folder:
        root = Path(folder)
        make(root)
        ours = [str(Path(sys.executable).with_name("devnet-run")), "phase-1", "--no-write"]
        alone = ["-m", "pytest", "-q", "-m", "blocking", "--cov=work", "--cov-branch", "--cov-report=json", "tests"]
        ran, baseline = compared(ours, [sys.executable, *alone], root, rounds=ROUNDS)
    note = f"{ran:.2f} s against {baseline:.2f} s, {MODULES * TESTS} tests"
    return [Goal("a pytest suite through the tool / pytest --cov", ran / baseline, LIMIT, note)]


def make(root: Path) -> None:
    """A committed project with its tests."""
    files = {
        "devnet.yaml": SETTINGS,
        "phases/phase-1-work.md": DOCUMENT,
        "pytest.ini": "[pytest]\npythonpath = .\nmarkers =\n  blocking: x\n  deliverable: x\n",
        ".gitignore": "__pycache__/\n.pytest_cache/\n.coverage\ncoverage.json\n",
        "work/__init__.py": "",
    }
    for number in range(MODULES):
        files[f"work/module_{number}.py"] = CODE
        files[f"tests/test_{number}.py"] = TEST.format(number=number, tests=TESTS)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *words], cwd=root, check=True)
