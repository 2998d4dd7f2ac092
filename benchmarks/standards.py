"""Tests of standards, each held by the kernel, against the same commands run one after the other by a shell."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.whole import Goal, compared
from devnet_runner.sandbox import Trial, open_sandbox
from devnet_runner.shell import read_command
from devnet_runner.standards import StandardTest
from devnet_runner.trials import Terms, run_all

if TYPE_CHECKING:
    from collections.abc import Callable

TRIVIAL = 200
ROUNDS = 7
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
FOLDERS, FILES, LINES = 6, 200, 120
FORMS = (
    "test -f module{n}/file0.ts",
    "test -d module{n} && test -f module{n}/file1.ts",
    "grep -q 'name{n}' module{n}/file2.ts",
    "! grep -rq 'forbidden{n}' module{n}",
    "grep -rq 'import.*name' module{n}/",
    "find module{n} -name '*.ts' | grep -q file",
    "! grep -rqE 'from .(next|react|vue)' module{n}/",
    "grep -rq 'export const name{n}' . --include='*.ts'",
    "test \"$(find module{n} -type f | wc -l)\" -gt 3",
    "test -f module{n}/none.ts || grep -q 'name' module{n}/file3.ts",
)  # fmt: skip
"""Commands of the kinds that real standards hold, one of which looks through the whole project."""
REAL = 190


def main() -> list[Goal]:
    """Measure trivial and real-like tests, and what the sandbox costs each."""
    with tempfile.TemporaryDirectory(prefix="devnet-bench-") as folder:
        root = Path(folder)
        make(root)
        trivial = [f"test -f module0/file0.ts && grep -q 'name0' module0/file{n % FILES}.ts" for n in range(TRIVIAL)]
        real = [FORMS[n % len(FORMS)].format(n=n % FOLDERS) for n in range(REAL)]
        return [
            _against(f"{TRIVIAL} trivial tests, held / sh -c one by one", root, trivial, 0.7),
            _against(f"{REAL} real-like tests, held / sh -c one by one", root, real, 0.5),
            _cost(root, trivial),
            _whole(root, real),
        ]


def _against(name: str, root: Path, commands: list[str], limit: float) -> Goal:
    """Opening the sandbox, every test and closing it, against a process of the shell for each command."""
    pairs = [(taken(lambda: held(root, commands)), taken(lambda: one_by_one(root, commands))) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Goal(name, ours / theirs, limit, f"{ours:.2f} s against {theirs:.2f} s, {os.cpu_count()} processors")


def _cost(root: Path, commands: list[str]) -> Goal:
    """What being held adds to a test, in milliseconds, against a shell started for the command alone."""
    each = [(per_test(root, commands), taken(lambda: one_by_one(root, commands))) for _ in range(ROUNDS)]
    inside, outside = (statistics.median(column) for column in zip(*each, strict=True))
    alone = outside * 1000 / len(commands)
    note = f"{inside:.2f} ms a test in it, {alone:.2f} ms without"
    return Goal("held, milliseconds more a test (not a ratio)", max(inside - alone, 0.0), 5.0, note)


def _whole(root: Path, commands: list[str]) -> Goal:
    """The whole process, its start included, against a shell script of the same commands."""
    script = root / "all.sh"
    script.write_text(
        "".join(f"sh -c '{one.replace(chr(39), QUOTE)}' >/dev/null 2>&1\n" for one in commands) + "true\n"
    )
    (root / "docs/standards").mkdir(parents=True)
    (root / "docs/standards/all.md").write_text(document(commands), encoding="utf-8")
    (root / "devnet.yaml").write_text("project: bench\n", encoding="utf-8")
    command = [str(Path(sys.executable).with_name("devnet-run")), "standards", "run", "--mode", "advisory"]
    ours, theirs = compared(command, ["sh", str(script)], root, rounds=ROUNDS)
    return Goal(f"standards run of {REAL}, whole process / shell", ours / theirs, 0.5, f"{ours:.2f} s, {theirs:.2f} s")


QUOTE = "'\\''"


def document(commands: list[str]) -> str:
    """A standards document with these commands as tests."""
    tests = "".join(f'<test name="t{n}">\nTEST: {one}\nREQUIRED: true\n</test>\n' for n, one in enumerate(commands))
    return f'# All\n\n<verification-block context-check="all">\n{tests}</verification-block>\n'


def make(root: Path) -> None:
    """A project of a thousand files."""
    for folder in range(FOLDERS):
        (root / f"module{folder}").mkdir()
        for number in range(FILES):
            lines = (f"export const name{folder} = import_{line}; // import name\n" for line in range(LINES))
            (root / f"module{folder}/file{number}.ts").write_text("".join(lines), encoding="utf-8")


def held(root: Path, commands: list[str]) -> None:
    """Run commands as tests of standards are run."""
    tests = tuple(StandardTest("a.md", "b", f"t{n}", n, one) for n, one in enumerate(commands))
    read_command.cache_clear()
    run_all(tests, root, ENVIRONMENT, Terms({}, 30.0))


def one_by_one(root: Path, commands: list[str]) -> None:
    """Run each command by a shell of its own, one after the other."""
    for command in commands:
        subprocess.run(["/bin/sh", "-c", command], cwd=root, env=ENVIRONMENT, capture_output=True, check=False)


def per_test(root: Path, commands: list[str]) -> float:
    """The milliseconds that a command takes in one keeper, one after the other."""
    with open_sandbox(root, ENVIRONMENT, 1) as sandbox:
        return taken(lambda: [sandbox.run(Trial(command)) for command in commands]) * 1000 / len(commands)


def taken(act: Callable[[], object]) -> float:
    """The seconds that something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
