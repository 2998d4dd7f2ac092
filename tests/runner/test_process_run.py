"""What a command says, how it ends, what it sees, and how it is stopped."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devnet_runner.process import Command, Completed, Ending, minimal_environment, run, start

ENV = {"PATH": os.environ["PATH"]}


@pytest.fixture
def shell(tmp_path):
    """A command of the shell, in a folder of its own."""
    return lambda script, **how: Command(("sh", "-c", script), tmp_path, ENV, **{"timeout": 60, **how})


def facts(completed: Completed) -> tuple[int, str, bytes]:
    return completed.exit_code, str(completed.ending), completed.output


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("true", (0, "ended", b"")),
        ("echo out; echo err >&2", (0, "ended", b"out\nerr\n")),
        ("exit 3", (3, "ended", b"")),
        ("exit 127", (127, "ended", b"")),
        ("kill -TERM $$", (-15, "ended", b"")),
        ("printf '\\377'", (0, "ended", b"\xff")),
        ("cat; readlink /proc/self/fd/0 || echo /dev/null", (0, "ended", b"/dev/null\n")),
        ("exec >&- 2>&-; sleep 0.1; exit 4", (4, "ended", b"")),
        ("kill -9 $PPID; sleep 60", (-9, "lost", b"")),
        ("trap '' TERM; kill -TERM $PPID; sleep 60", (-9, "stopped", b"")),
    ],
)
def test_how_a_command_ends_and_what_it_says(shell, script, expected):
    assert facts(run(shell(script))) == expected


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("no-such-program",), b"no-such-program: No such file or directory"),
        (("./folder",), b"./folder: Permission denied"),
        (("./script",), b"./script: Exec format error"),
        (("./interpreted",), b"./interpreted: No such file or directory"),
        (("", "a"), b": execve: argv first element cannot be empty"),
        (("in-the-folder-but-not-on-the-path",), b"in-the-folder-but-not-on-the-path: No such file or directory"),
        (("echo", "a\0b"), b"echo: embedded null byte"),
    ],
)
def test_what_cannot_be_started_is_told_from_what_failed(tmp_path, argv, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "script").write_text("echo hello\n")
    (tmp_path / "interpreted").write_text("#!/no/such/program\n")
    (tmp_path / "in-the-folder-but-not-on-the-path").write_text("#!/bin/sh\n")
    for name in ("script", "interpreted", "in-the-folder-but-not-on-the-path"):
        (tmp_path / name).chmod(0o755)
    assert facts(run(Command(argv, tmp_path, ENV))) == (127, "not_started", reason)


def test_a_relative_entry_of_the_path_means_the_folder_of_the_command(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "greet").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "bin" / "greet").chmod(0o755)
    assert run(Command(("greet",), tmp_path, {"PATH": f"bin:{os.defpath}"})).output == b"hello\n"


def test_a_missing_folder_is_named(tmp_path):
    completed = run(Command(("true",), tmp_path / "missing", ENV))
    reason = f"{tmp_path / 'missing'}: No such file or directory".encode()
    assert facts(completed) == (127, "not_started", reason)


def test_a_command_sees_its_own_environment_and_nothing_else(tmp_path):
    environ = {"A": "1", "PATH": os.defpath, "LC_CTYPE": "C"}
    completed = run(Command(("env",), tmp_path, environ))
    assert dict(line.split("=", 1) for line in completed.text.splitlines()) == environ


@pytest.mark.skipif(sys.platform != "linux", reason="the environment of a parent is read through /proc here")
def test_a_command_finds_no_more_in_the_environment_of_its_parent(shell, monkeypatch):
    monkeypatch.setenv("A_SECRET", "hidden")
    completed = run(shell("tr '\\0' '\\n' </proc/$PPID/environ"))
    assert completed.text.startswith("PATH=")
    assert "A_SECRET" not in completed.text


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="there is no list of open descriptors")
def test_a_command_inherits_three_descriptors(shell):
    completed = run(shell("ls /dev/fd"))
    # The fourth is the folder that `ls` reads.
    assert completed.text.split() == ["0", "1", "2", "3"]


def test_minimal_environment_passes_on_what_is_named():
    environ = {"PATH": "/bin", "LC_ALL": "C", "HOME": "/h", "SECRET": "s", "TERM": "xterm", "NAMED": "n"}
    expected = {"PATH": "/bin", "LC_ALL": "C", "HOME": "/h", "TERM": "dumb", "NAMED": "n"}
    assert minimal_environment(environ, ("NAMED", "ABSENT")) == expected
    assert minimal_environment({}) == {"PATH": os.defpath, "TERM": "dumb"}


@pytest.mark.parametrize("limit", [1, 10, 1000, 1 << 20])
def test_a_flood_of_output_keeps_its_head_and_tail(shell, limit):
    completed = run(shell("echo first; yes | head -c 3000000; echo last", output_limit=limit))
    assert completed.exit_code == 0
    head, _, tail = completed.output.partition(b" bytes of output left out]\n")
    assert b"first\n".startswith(head[:6].partition(b"\n[")[0])
    assert tail.endswith(b"last\n"[-max(limit // 2, 1) :])
    assert len(completed.output) <= limit + 60


def test_output_at_its_limit_is_whole(shell):
    assert run(shell("head -c 1000 /dev/zero", output_limit=1000)).output == bytes(1000)


def test_lines_come_as_they_are_written(shell, tmp_path):
    """The program goes on only when its line has been heard."""
    os.mkfifo(tmp_path / "heard")
    lines = []

    def hear(line: str) -> None:
        lines.append(line)
        if line == "first":
            (tmp_path / "heard").write_text("x")

    assert run(shell("echo first; cat heard >/dev/null; printf 'sec\\377ond\\r\\nlast'"), hear).exit_code == 0
    assert lines == ["first", "sec\\xffond", "last"]


def test_a_line_without_an_end_comes_in_pieces(shell):
    pieces = []
    run(shell("head -c 300000 /dev/zero"), pieces.append)
    assert len(pieces) > 1
    assert "".join(pieces) == "\0" * 300_000


def test_what_a_listener_raises_ends_the_command(shell):
    def refuse(line: str) -> None:
        raise LookupError(line)

    with pytest.raises(LookupError, match="up"):
        run(shell("echo up; sleep 60"), refuse)


def test_a_timeout_is_told(shell):
    completed = run(shell("echo up; sleep 60", timeout=0.3))
    assert facts(completed) == (-9, "timed_out", b"up\n")
    assert 0.3 <= completed.duration < 60


def test_a_stop_gives_the_program_its_grace(shell):
    script = "trap 'echo bye; exit 5' INT; echo up; while :; do sleep 0.05; done"
    running = start(shell(script, stop_signal=signal.SIGINT, grace=60), lambda line: line == "up" and running.stop())
    assert facts(running.wait()) == (5, "stopped", b"up\nbye\n")


def test_a_second_stop_may_shorten_the_grace(shell):
    answers = {"up": None, "no": 0}
    script = "trap 'echo no' TERM; echo up; while :; do sleep 0.05; done"
    running = start(shell(script, grace=60), lambda line: running.stop(answers[line]))
    completed = running.wait()
    assert (completed.exit_code, completed.ending) == (-9, Ending.STOPPED)


def test_any_number_of_threads_may_wait_and_stop(shell):
    running = start(shell("sleep 60"))
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(running.wait) for _ in range(6)]
        for _ in range(2):
            pool.submit(running.stop)
        assert {future.result() for future in waiting} == {running.wait()}
    running.stop()
    assert not running.alive()


def test_a_stop_that_was_asked_for_before_the_start_counts(shell):
    stop = threading.Event()
    stop.set()
    assert run(shell("sleep 60"), stop=stop).ending is Ending.STOPPED


def test_many_commands_at_once_keep_their_own_ends(shell):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(run, [shell(f"echo {number}; exit {number}") for number in range(24)]))
    assert [facts(one) for one in found] == [(number, "ended", f"{number}\n".encode()) for number in range(24)]


def test_folders_go_when_the_tree_is_gone(shell, tmp_path):
    kept, gone = tmp_path / "kept", tmp_path / "gone"
    (gone / "a" / "b").mkdir(parents=True)
    kept.mkdir()
    (gone / "a" / "link").symlink_to(kept)
    (kept / "file").touch()
    assert run(shell("touch gone/a/late; (sleep 60; touch gone/x) &", remove=(gone,))).output == b""
    assert not gone.exists()
    assert (kept / "file").exists()


def test_a_held_lock_outlives_the_caller_but_not_the_tree(shell, tmp_path):
    path = tmp_path / "lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with path.open() as other:
        with start(shell("sleep 60", held=(lock,))):
            os.close(lock)
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_root_may_run_a_command_as_somebody_else(tmp_path):
    completed = run(Command(("sh", "-c", "id -u; id -g; id -G"), Path("/"), ENV, user=(65534, 65534)))
    assert completed.text.split() == ["65534"] * 3


def test_a_big_request_arrives_whole(shell):
    words = [str(number) for number in range(30_000)]
    command = Command(("sh", "-c", 'echo "$#"', "sh", *words), Path("/"), ENV)
    assert run(command).output == b"30000\n"


def test_no_more_processes_is_an_error_of_the_system(shell, monkeypatch):
    def none_left(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", none_left)
    with pytest.raises(BlockingIOError):
        run(shell("true"))
