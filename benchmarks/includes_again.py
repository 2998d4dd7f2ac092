"""`includes check` a second time and after an edit, against a stat walk; how time and memory grow; cog beside it."""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.includes_check import SNIPPET, make, peak
from benchmarks.whole import Goal, compared, run

ROUNDS = 7
FEW, MANY = 10_000, 100_000
AGAIN, EDIT, GROWTH, MEMORY, KEPT = 1.5, 1.5, 1.1, 1.1, 1.25
SETTLE = 2.5
WALK = """
import os, sys
for base, _, names in os.walk(sys.argv[1]):
    for name in names:
        os.stat(os.path.join(base, name))
"""
INSIDE = """
import json, os, sys, time
from pathlib import Path
from devnet_runner.includes import Again, Jail, read_cache

root, rounds = Path(sys.argv[1]), int(sys.argv[2])
kept = root / ".devnet" / "cache" / "includes.json"

def walk():
    began = time.perf_counter()
    for base, _, names in os.walk(root):
        for name in names:
            os.stat(os.path.join(base, name))
    return time.perf_counter() - began

def again(key):
    began = time.perf_counter()
    cache = read_cache(kept.read_bytes(), key)
    check = Again(Jail(root), cache)
    assert not any(one.findings for one in check.check())
    assert check.kept() == cache
    return time.perf_counter() - began

key = json.loads(kept.read_bytes().split(b"\\n")[0])["key"]
walk(), again(key)
print(json.dumps([(again(key), walk()) for _ in range(rounds)]))
"""
COG = "<!-- [[[cog\nimport cog\ncog.out({text!r})\n]]] -->\n{text}<!-- [[[end]]] -->\n\n"


def main() -> list[Goal]:
    """Measure on documents of a real size, and growth on small ones."""
    with tempfile.TemporaryDirectory(prefix="devnet-bench-") as folder:
        root = Path(folder)
        make(root)
        goals = [*_again(root), *_edited(root)]
    return [*goals, *_growth(), _cog()]


def command() -> list[str]:
    """The check of everything."""
    return [str(Path(sys.executable).with_name("devnet-run")), "includes", "check"]


def _again(root: Path) -> list[Goal]:
    time.sleep(SETTLE)
    run(command(), root)
    argv = [sys.executable, "-c", INSIDE, str(root), str(ROUNDS)]
    said = subprocess.run(argv, stdout=subprocess.PIPE, check=True, timeout=300).stdout
    pairs: list[list[float]] = json.loads(said)
    inside = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(one[side] for one in pairs) for side in (0, 1))
    whole, walk = compared(command(), walking(), root, rounds=ROUNDS)
    note = f"{ours * 1000:.0f} ms, {theirs * 1000:.0f} ms; as processes {whole * 1000:.0f} ms, {walk * 1000:.0f} ms"
    return [Goal(f"unchanged / stat walk, one process, {FEW:,} documents", inside, AGAIN, note)]


def walking() -> list[str]:
    """A stat walk of everything, as a process that loads next to nothing."""
    return [sys.executable, "-I", "-S", "-c", WALK, "."]


def _edited(root: Path) -> list[Goal]:
    """After an edit: each round has another document changed since the round before."""
    unchanged, edited = [], []
    for number in range(ROUNDS):
        with (root / "phases" / "3" / f"phase-{3000 + number}.md").open("a", encoding="utf-8") as stream:
            stream.write("\nOne line more.\n")
        edited.append(run(command(), root).seconds)
        time.sleep(SETTLE)
        run(command(), root)
        unchanged.append(run(command(), root).seconds)
    before, after = statistics.median(unchanged), statistics.median(edited)
    return [Goal("after one edit / unchanged", after / before, EDIT, f"{after:.2f} s, {before:.2f} s")]


def _growth() -> list[Goal]:
    with tempfile.TemporaryDirectory(prefix="devnet-bench-") as folder:
        few, many = Path(folder, "few"), Path(folder, "many")
        for root, count in ((few, FEW), (many, MANY)):
            small(root, count)
        time.sleep(SETTLE)
        goals = []
        for name, argv, limit in (("first check", [*command(), "--no-cache"], MEMORY), ("again", command(), KEPT)):
            one, ten = (min(run(argv, root).seconds for _ in range(ROUNDS)) for root in (few, many))
            note = f"{ten:.2f} s, {one:.2f} s"
            goals.append(Goal(f"{name}: {MANY:,} documents / {FEW:,}, each", ten / one / (MANY / FEW), GROWTH, note))
            small_peak, large_peak = peak(argv, few), peak(argv, many)
            said = f"{large_peak:.1f} MiB, {small_peak:.1f} MiB"
            goals.append(Goal(f"{name}: memory, {MANY:,} documents / {FEW:,}", large_peak / small_peak, limit, said))
        ours, theirs = compared(command(), walking(), many, rounds=3)
        note = f"{ours:.2f} s, {theirs:.2f} s"
        goals.append(Goal(f"unchanged / stat walk, processes, {MANY:,} documents", ours / theirs, AGAIN, note))
    return goals


def small(root: Path, count: int) -> None:
    """A project of small documents with one include each, a hundred in a folder."""
    root.mkdir()
    (root / "devnet.yaml").write_text("project: many\n", encoding="utf-8")
    (root / "snippets.md").write_text(f"# Rule\n\n{SNIPPET}", encoding="utf-8")
    data = f"# A document\n\n{include('rule')}- a bullet\n".encode()
    for number in range(count):
        if number % 100 == 0:
            (root / str(number // 100)).mkdir()
        (root / str(number // 100) / f"{number}.md").write_bytes(data)


def include(anchor: str) -> str:
    """A block that quotes the snippet."""
    digest = hashlib.sha256(SNIPPET.encode()).hexdigest()
    return f"<!-- @include-from: snippets.md#{anchor}, hash: {digest} -->\n{SNIPPET}<!-- @end-include -->\n\n"


def _cog() -> Goal:
    """A thousand blocks in a hundred documents, in both languages."""
    with tempfile.TemporaryDirectory(prefix="devnet-bench-") as folder:
        root = Path(folder)
        (root / "devnet.yaml").write_text("project: many\n", encoding="utf-8")
        (root / "snippets.md").write_text(f"# Rule\n\n{SNIPPET}", encoding="utf-8")
        names = [f"{number}.md" for number in range(100)]
        for kind, block in (("ours", include("rule")), ("cog", COG.format(text=SNIPPET))):
            (root / kind).mkdir()
            for name in names:
                (root / kind / name).write_text("# A document\n\n" + block * 10, encoding="utf-8")
        cog = [sys.executable, "-m", "cogapp", "--check", *(f"cog/{name}" for name in names)]
        ours, theirs = compared([*command(), "ours"], cog, root, rounds=ROUNDS)
    return Goal("1,000 includes / cog --check of as many", ours / theirs, 1.0, f"{ours:.2f} s against {theirs:.2f} s")
