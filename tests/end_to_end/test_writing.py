"""What is written is whole, or nothing is: rights, full disks, links, line endings and modes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess

import pytest

CHECKPOINT, PROGRESS = "DEVNET-CHECKPOINT.txt", "DEVNET-PROGRESS.md"
STEP = ("phase-1", "--step", "1")


def run_below(project, prefix: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as the child of another one."""
    return subprocess.run(
        [*prefix, *project.command(*words)], cwd=project.root, env=project.environment(), capture_output=True,
        text=True, timeout=120, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


@pytest.fixture
def unprivileged() -> list[str]:
    """What makes a command obey the rights of files also where root runs it."""
    if os.geteuid() != 0:
        return []
    prefix = ["setpriv", "--bounding-set=-all"]
    if not shutil.which("setpriv") or subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        pytest.skip("root cannot lay down its powers here: setpriv is missing or refused")
    return prefix


@pytest.fixture
def spaces() -> list[str]:
    """What runs a shell line in a mount namespace of its own."""
    prefix = ["unshare", "-Urm", "sh", "-c"]
    probe = [*prefix, "mount -t tmpfs -o size=16k none /mnt"]
    if not shutil.which("unshare") or subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system of their own")
    return prefix


def test_a_read_only_folder_is_an_error_of_the_environment(project, unprivileged):
    project.root.chmod(0o555)
    try:
        before = project.tree()
        answer = run_below(project, unprivileged, *STEP)
    finally:
        project.root.chmod(0o755)
    assert (answer.returncode, "may not write here" in answer.stderr) == (3, True), answer
    assert "Traceback" not in answer.stderr
    assert project.tree() == before


def test_what_writes_nothing_needs_no_right_to_write(project, unprivileged):
    project.root.chmod(0o555)
    try:
        answer = run_below(project, unprivileged, *STEP, "--no-write")
    finally:
        project.root.chmod(0o755)
    assert answer.returncode == 0, answer


def test_a_full_disk_leaves_every_file_as_it_was(project, spaces):
    records = project.root / ".devnet" / "records"
    records.mkdir(parents=True)
    before = project.tree()
    fill = "mount -t tmpfs -o size=8k none .devnet/records && (cat /dev/zero > .devnet/records/all 2>&-; true)"
    answer = run_below(project, [*spaces, f'{fill} && exec "$0" "$@"'], *STEP)
    assert (answer.returncode, "the disk is full" in answer.stderr) == (3, True), answer
    assert project.tree() == before


def test_line_endings_mode_and_every_other_byte_stay(project):
    steps = "- [ ] **Step 1**: Adding\r\n- [ ] **Step 2**: Naming\r\n"
    old = f"# Progress\r\n\r\nmine  \r\n\r\n## Phase 1: Counting Layer\r\n{steps}"
    for name, text in ((PROGRESS, old), (CHECKPOINT, "LAST_COMPLETED: none\r\n")):
        (project.root / name).write_bytes(text.encode())
        (project.root / name).chmod(0o640)
    assert project.run(*STEP).code == 0
    new = project.tree()
    assert new[PROGRESS] == old.replace("[ ] **Step 1", "[x] **Step 1").encode()
    assert new[CHECKPOINT].count(b"\r\n") == new[CHECKPOINT].count(b"\n") > 4
    assert {stat.S_IMODE((project.root / name).stat().st_mode) for name in (PROGRESS, CHECKPOINT)} == {0o640}


@pytest.mark.parametrize("name", [CHECKPOINT, PROGRESS, ".devnet"])
def test_something_else_in_the_place_of_a_file_stops_before_anything_is_written(project, name):
    if name == ".devnet":
        (project.root / name).write_text("a file")
    else:
        (project.root / name).mkdir()
    before = project.tree()
    answer = project.run(*STEP, "--format", "json")
    assert (answer.code, answer.json["verdict"]) in {(2, "error"), (3, "error")}
    assert answer.json["findings"][0]["where"].startswith(name)
    assert project.tree() == before


def test_a_second_run_of_a_proved_step_keeps_what_is_written(project):
    project.run(*STEP)
    first = project.tree()
    assert project.run(*STEP).code == 0
    second = project.tree()
    assert second[PROGRESS] == first[PROGRESS]
    assert set(first) < set(second), "each run has its own record"
