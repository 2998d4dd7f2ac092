"""How soon the command answers: `--help`, `--version` and `status` against a bare `import click`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.whole import Goal, compared

ROUNDS = 25
LIMIT = 2.0
PROGRESS = "# Progress\n\n## Phase 1: One\n\n- [x] **Step 1**: First\n- [ ] **Step 2**: Second\n"
CHECKPOINT = "LAST_COMPLETED: Phase 1, Step 1 - First\nNEXT_ACTION: Start Phase 1, Step 2 - Second\nGIT_TAG: none\n"
SETTINGS = "project: one\nsuites:\n  - {id: tests, phase: 1, step: 1, paths: [tests]}\n"


def main() -> list[Goal]:
    """Measure the three commands as a user starts them."""
    with tempfile.TemporaryDirectory(prefix="devnet-bench-") as folder:
        root = Path(folder)
        for name, text in (
            ("devnet.yaml", SETTINGS),
            ("DEVNET-PROGRESS.md", PROGRESS),
            ("DEVNET-CHECKPOINT.txt", CHECKPOINT),
        ):
            (root / name).write_text(text, encoding="utf-8")
        return [_goal(root, word) for word in ("--help", "--version", "status")]


def _goal(root: Path, word: str) -> Goal:
    command = str(Path(sys.executable).with_name("devnet-run"))
    ours, baseline = compared([command, word], [sys.executable, "-c", "import click"], root, rounds=ROUNDS)
    note = f"{ours * 1000:.0f} ms against {baseline * 1000:.0f} ms"
    return Goal(f"devnet-run {word} / import click", ours / baseline, LIMIT, note)
