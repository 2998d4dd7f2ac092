"""A small real project in a temporary folder, with its own plan, and the real command run on it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

SNIPPET = "Say why in the first line.\n"

DOCUMENT = """\
# Phase 1: Counting Layer

## Phase 1 Green (Acceptance)

- Every blocking test passes in one run.

## Overview

**Coverage Target:** 90% of the counting layer
**Status:** Ready

## Implementation Steps

### Step 1: Adding

```claude
Claude: /create-spec "Adding - add numbers"
Claude: /create-tasks
Claude: /execute-tasks
```

**Expected Deliverables:**
- Addition of whole numbers
- **90% test coverage for adding**

<!-- @include-from: includes/snippets.md#commit-rules, hash: {hash} -->
{snippet}<!-- @end-include -->

#### 🔄 Commit Point 1: Adding Complete
```bash
git add .
git commit -m "feat(phase-1): add numbers (step 1)

- Addition of whole numbers"
```

### Step 2: Naming

```claude
Claude: /create-spec "Naming - name numbers"
Claude: /execute-tasks
```

**Expected Deliverables:**
- Names of small numbers

## Phase Completion

#### 🔄 Commit Point 2: Counting Complete
```bash
git commit -m "feat(phase-1): name numbers (step 2)

- Names of small numbers"
git tag -a "v0.1.0-counting" -m "Counting complete"

cat > DEVNET-CHECKPOINT.txt << EOF
LAST_COMPLETED: Phase 1, Step 2 - Naming
NEXT_ACTION: Start Phase 2, Step 1 - Measuring
GIT_TAG: v0.1.0-counting
COVERAGE: Domain 100%, Counting 90%
NOTE: Counting is complete
EOF

# Update DEVNET-PROGRESS.md - mark Phase 1 steps 1-2 as [x] completed
```

## Next Phase
Continue to Phase 2: Measuring (1 Step) → `phase-2-measuring.md`

## Success Metrics
- **Numbers** add up
"""

SETTINGS = """\
project: counting
plan: phases
layers:
  counting: {paths: [counting/add.py], phase: 1, step: 1}
  naming: {paths: ["counting/na*.py"], phase: 1, step: 2}
suites:
  - {id: adding, phase: 1, step: 1, paths: [tests/adding], timeout: 60}
  - {id: naming, phase: 1, step: 2, paths: [tests/naming], timeout: 60}
"""

ADDING = """\
import pytest
from counting.add import add

pytestmark = pytest.mark.blocking


@pytest.mark.deliverable("Addition of whole numbers")
def test_adds():
    assert add(1, 2) == 3


def test_adds_nothing():
    assert add(0, 0) == 0
"""

NAMING = """\
import pytest
from counting.name import name


@pytest.mark.blocking
@pytest.mark.deliverable("Names of small numbers")
def test_names():
    assert name(1) == "one"
    assert name(7) == "many"
"""


def document(snippet: str = SNIPPET) -> str:
    """The phase document, quoting a snippet with its right hash."""
    return DOCUMENT.replace("{hash}", hashlib.sha256(SNIPPET.encode()).hexdigest()).replace("{snippet}", snippet)


FILES = {
    "devnet.yaml": SETTINGS,
    "phases/phase-1-counting.md": document(),
    "includes/snippets.md": f"# Commit Rules\n\n{SNIPPET}",
    "counting/__init__.py": "",
    "counting/add.py": "def add(one, other):\n    return one + other\n",
    "counting/name.py": "def name(number):\n    if number == 1:\n        return 'one'\n    return 'many'\n",
    "tests/adding/test_adding.py": ADDING,
    "tests/naming/test_naming.py": NAMING,
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    ".gitignore": "__pycache__/\n.pytest_cache/\n.devnet/\n",
}


@dataclass(frozen=True)
class Answer:
    """What the command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value

    @property
    def blocking(self) -> list[str]:
        return [finding["id"] for finding in self.json["findings"] if finding["blocking"]]


@dataclass(frozen=True)
class Project:
    """A project folder."""

    root: Path

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        self.write({name: text.replace(old, new)})

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
            cwd=self.root, capture_output=True, text=True, check=True, env=self.environment(),
        ).stdout  # fmt: skip

    def environment(self, **more: str) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        kept["TMPDIR"] = str(self.root.parent)
        return kept | {"PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | more

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "devnet_runner", *words]

    def run(self, *words: str, cwd: str = ".", timeout: float = 120, **environment: str) -> Answer:
        done = subprocess.run(
            self.command(*words), cwd=self.root / cwd, capture_output=True, timeout=timeout, check=False,
            env=self.environment(**environment), stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def tree(self) -> dict[str, bytes]:
        """Every file with its bytes, without caches and git's own."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not {".git", "__pycache__", ".pytest_cache"} & set(path.relative_to(self.root).parts)
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "counting")
    made.write(FILES)
    made.git("init", "-q", "-b", "main")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "start")
    return made
