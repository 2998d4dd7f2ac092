from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devnet_runner.errors import EnvironmentStopped
from devnet_runner.locks import repository_lock

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from devnet_runner.locks import repository_lock
with repository_lock(Path(sys.argv[1]), Path(sys.argv[1]), 5):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def take(root: Path, common: Path | None, wait: float = 0) -> str:
    with repository_lock(root, common, wait) as path:
        return str(path)


def test_a_second_run_is_told_who_holds_the_lock(tmp_path, holder):
    with pytest.raises(EnvironmentStopped) as caught:
        take(tmp_path, tmp_path)
    finding = caught.value.findings[0]
    assert finding.id == "lock-held"
    assert f"process {holder.pid} " in finding.what
    assert finding.command == f"ps -fp {holder.pid}"


def test_a_holder_that_was_killed_holds_nothing(tmp_path, holder):
    holder.kill()
    holder.wait(timeout=10)
    assert take(tmp_path, tmp_path, 5)


def test_a_waiting_run_goes_on_when_the_first_ends(tmp_path, holder):
    holder.stdin.close()
    assert take(tmp_path, tmp_path, 10)


COUNT = """
import sys
from pathlib import Path
from devnet_runner.files import File, read_bytes, write_all
from devnet_runner.locks import repository_lock
root = Path(sys.argv[1])
for _ in range(20):
    with repository_lock(root, root / "git", 60):
        before = read_bytes(root / "count", limit=9)
        write_all((File(root / "count", b"%d" % (int(before) + 1), before),), root)
"""


def test_what_two_runs_write_at_the_same_time_is_all_there(tmp_path):
    (tmp_path / "git").mkdir()
    (tmp_path / "count").write_bytes(b"0")
    runs = [subprocess.Popen([sys.executable, "-c", COUNT, tmp_path], cwd=ROOT) for _ in range(3)]
    assert [run.wait(timeout=120) for run in runs] == [0, 0, 0]
    assert (tmp_path / "count").read_bytes() == b"60"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["count", "git"]


def test_the_lock_is_given_back_after_an_error(tmp_path):
    with pytest.raises(KeyboardInterrupt), repository_lock(tmp_path, tmp_path, 0):
        raise KeyboardInterrupt
    assert take(tmp_path, tmp_path) == str(tmp_path / "devnet-run.lock")
    assert not (tmp_path / "devnet-run.pid").exists()


def test_without_git_the_lock_lies_outside_the_root_and_is_one_per_root(tmp_path, monkeypatch):
    folder = tmp_path / "temp"
    roots = [tmp_path / "a", tmp_path / "b"]
    for one in (folder, *roots):
        one.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    first, second = (take(root, None) for root in roots)
    assert first != second
    assert take(tmp_path / "b/../a", None) == first
    assert [Path(one).parent for one in (first, second)] == [folder] * 2
    assert [list(root.iterdir()) for root in roots] == [[], []]


@pytest.mark.parametrize("note", [b"", b"no number", b"-1", "link", "folder"])
def test_a_note_that_says_nothing_is_not_believed(tmp_path, note):
    path = tmp_path / "devnet-run.pid"
    with repository_lock(tmp_path, tmp_path, 0):
        assert path.read_text() == str(os.getpid())
        path.unlink()
        {"link": lambda: path.symlink_to(tmp_path), "folder": path.mkdir}.get(note, lambda: path.write_bytes(note))()
        with pytest.raises(EnvironmentStopped, match="another process"):
            take(tmp_path, tmp_path)


def test_a_lock_that_cannot_be_signed_holds_all_the_same(tmp_path):
    (tmp_path / "devnet-run.pid").mkdir()
    with repository_lock(tmp_path, tmp_path, 0), pytest.raises(EnvironmentStopped, match="another process"):
        take(tmp_path, tmp_path)


def test_a_lock_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentStopped) as caught:
        take(tmp_path, tmp_path / "file")
    assert caught.value.findings[0].id == "lock-failed"


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"kept")
    (tmp_path / "devnet-run.lock").symlink_to(victim)
    with pytest.raises(EnvironmentStopped):
        take(tmp_path, tmp_path)
    assert victim.read_bytes() == b"kept"
