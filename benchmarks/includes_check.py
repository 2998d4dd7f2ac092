"""`includes check` over 10,000 documents, against reading and hashing the same bytes; its memory by their number."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.whole import Goal, compared

DOCUMENTS = 10_000
FEW = 1_000
ROUNDS = 5
LIMIT, MEMORY_LIMIT = 3.0, 1.1
BASELINE = """
import hashlib, os, sys
for base, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(base, name), "rb") as stream:
            hashlib.sha256(stream.read()).hexdigest()
"""
LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
SNIPPET = (
    "Keep to the rule that this section states, and say so in the commit.\n- One purpose a commit.\n- No leftovers.\n"
)
PROSE = "A paragraph that says what the step is about, as long as such paragraphs are in a real plan document.\n\n"
FENCE = '```bash\ngit add .\ngit commit -m "feat(phase-1): a step\n\n- what changed"\ngit push\n```\n\n'


def main() -> list[Goal]:
    """Measure time and memory on documents of a real size: about 10 KB, seven includes."""
    command = str(Path(sys.executable).with_name("devnet-run"))
    with tempfile.TemporaryDirectory(prefix="devnet-bench-") as folder:
        root = Path(folder)
        total = make(root)
        check, baseline = [command, "includes", "check", "phases"], [sys.executable, "-c", BASELINE, "phases"]
        ours, theirs = compared(check, baseline, root, rounds=ROUNDS)
        few, many = peak([command, "includes", "check", "phases/0"], root), peak(check, root)
    note = f"{ours:.2f} s against {theirs:.2f} s, {DOCUMENTS:,} documents, {total / 1e6:.0f} MB"
    return [
        Goal("includes check / reading and hashing", ours / theirs, LIMIT, note),
        Goal(f"memory, {DOCUMENTS:,} documents / {FEW:,}", many / few, MEMORY_LIMIT, f"{many:.1f} MiB, {few:.1f} MiB"),
    ]


def peak(argv: list[str], root: Path) -> float:
    """The most memory that a process held, in MiB.

    Started by a small process: Linux counts what the starting process holds as the peak of what it starts.
    """
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, *argv]
    said = subprocess.run(launcher, cwd=root, stdout=subprocess.PIPE, check=True, timeout=120).stdout
    return int(said) / 1024


def make(root: Path) -> int:
    """A project with its documents, in folders of a thousand; the bytes that were written."""
    (root / "devnet.yaml").write_text("project: many\n", encoding="utf-8")
    sources = "".join(f"# Rule {number}\n\n{SNIPPET}\n" for number in range(7))
    (root / "snippets.md").write_text(sources, encoding="utf-8")
    data = document().encode()
    for number in range(DOCUMENTS):
        path = root / "phases" / str(number // FEW) / f"phase-{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return len(data) * DOCUMENTS


def document() -> str:
    """A phase document of a real size."""
    digest = hashlib.sha256(SNIPPET.encode()).hexdigest()
    parts = ["# Phase 1: Many\n\n"]
    for number in range(7):
        include = (
            f"<!-- @include-from: snippets.md#rule-{number}, hash: {digest} -->\n{SNIPPET}<!-- @end-include -->\n\n"
        )
        parts.append(f"### Step {number}: A step\n\n{PROSE * 8}{FENCE}{include}- a deliverable\n- another one\n\n")
    return "".join(parts)
