"""However a run ends, nothing of it stays: no process, no folder, no half-written file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HANGS = """\
import os, time, pytest
@pytest.mark.blocking
def test_hangs():
    open({mark!r}, 'w').write(str(os.getpid()))
    time.sleep(600)
"""


def started(project, mark: Path, **environment: str) -> subprocess.Popen[bytes]:
    """A run whose suite hangs; returned when the suite is under way."""
    project.write({"tests/adding/test_adding.py": HANGS.format(mark=str(mark))})
    process = subprocess.Popen(
        project.command("phase-1", "--step", "1"), cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=project.environment(**environment), stdin=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: mark.exists() and mark.read_text())
    return process


def wait_for(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A process that nobody has buried yet runs no more.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_stops_everything_and_writes_nothing(project, tmp_path, number):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = started(project, tmp_path / "mark", TMPDIR=str(temporary))
    before = project.tree()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in err
    assert b"Traceback" not in out + err
    assert gone(int((tmp_path / "mark").read_text()))
    assert project.tree() == before
    assert list(temporary.iterdir()) == []


def test_a_run_that_is_killed_takes_its_suite_along_and_the_next_sweeps(project, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = started(project, tmp_path / "mark", TMPDIR=str(temporary))
    process.kill()
    process.communicate(timeout=60)
    wait_for(lambda: gone(int((tmp_path / "mark").read_text())))
    project.write({"tests/adding/test_adding.py": "import pytest\n@pytest.mark.blocking\ndef test_x(): assert 0\n"})
    assert project.run("phase-1", "--step", "1", TMPDIR=str(temporary)).code == 1
    assert [path.name for path in temporary.iterdir() if path.name.startswith("devnet-run-")] == []


def test_two_runs_at_the_same_time_leave_whole_files(project):
    runs = [
        subprocess.Popen(
            project.command("phase-1", "--step", step), cwd=project.root, env=project.environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for step in ("1", "2")
    ]  # fmt: skip
    said = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    progress = (project.root / "DEVNET-PROGRESS.md").read_text()
    assert progress.count("- [x]") == 2
    assert len(list((project.root / ".devnet" / "records").iterdir())) == 2


ASKED = """\
#!/bin/sh
case "$1" in read-tree) kill -INT $RUNNER; sleep 0.3;; esac
PATH=${PATH#*:} exec git "$@"
"""


def below_shell(project, line: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a step from a shell line that ends in becoming the command."""
    return subprocess.run(
        ["sh", "-c", line, *project.command("phase-1", "--step", "1")], cwd=project.root, capture_output=True,
        env=project.environment(**environment), timeout=60, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def test_an_interrupt_while_git_is_asked_ends_the_run(project, tmp_path):
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "git").write_text(ASKED)
    (tmp_path / "programs" / "git").chmod(0o755)
    before = project.tree()
    path = f"{tmp_path / 'programs'}:{os.environ['PATH']}"
    done = below_shell(project, 'RUNNER=$$ exec "$0" "$@"', PATH=path)
    assert (done.returncode, b"interrupted" in done.stderr) == (130, True)
    assert project.tree() == before


def test_a_hang_up_that_the_caller_ignores_is_ignored(project):
    hangs_up = "os.kill(int(os.environ['RUNNER']), 1); import time; time.sleep(0.3)"
    project.replace(
        "tests/adding/test_adding.py", "    assert add(1, 2)", f"    import os; {hangs_up}\n    assert add(1, 2)"
    )
    project.replace("devnet.yaml", "paths: [tests/adding], ", "paths: [tests/adding], environment: [RUNNER], ")
    assert below_shell(project, 'trap "" HUP; RUNNER=$$ exec "$0" "$@"').returncode == 0


TIMER = """\
import threading
from devnet_runner.cli import main
threading.Timer(600, int).start()
main()
"""


def test_a_timer_that_a_library_left_behind_does_not_hold_up_the_end(project, tmp_path):
    project.write({"tests/adding/test_adding.py": HANGS.format(mark=str(tmp_path / "mark"))})
    process = subprocess.Popen(
        [sys.executable, "-c", TIMER, "phase-1", "--step", "1"], cwd=project.root, env=project.environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for((tmp_path / "mark").exists)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    finally:
        process.kill()
        process.wait()
