"""The sandbox against commands that try to get out of it, in each of its backends that this machine has."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from devnet_runner.sandbox import Ending, Trial, open_sandbox
from devnet_runner.sandbox.opening import BACKENDS
from devnet_runner.standard_results import Level

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel's means are Linux's; elsewhere policy decides"
)

HELD = ("bubblewrap", "landlock")
SECRET = "s3cr3t-of-the-caller"


def everything(folder: Path) -> dict[str, tuple[object, ...]]:
    """What a folder holds: names, modes, times and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (status.st_mode, status.st_mtime_ns, status.st_uid, data)
    return found


def mark(number: int) -> str:
    """Seconds that nothing else on this machine sleeps: tests of other processes may run beside this one."""
    return f"{number}.{os.getpid()}"


def sleep(number: int) -> str:
    return f"sleep {mark(number)}"


def running(word: str) -> list[str]:
    """The ids of processes whose arguments hold a word."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(entry.name)
        except OSError:
            continue
    return found


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "folder").mkdir(parents=True)
    (root / "victim").write_text("as it was\n")
    (root / "folder/inner").write_text("inner\n")
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret").write_text(SECRET)
    return root


@pytest.fixture
def environ(tmp_path):
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "TOKEN": SECRET}


@pytest.fixture(params=HELD)
def sandbox(request, project, environ):
    with open_sandbox(project, environ, 1, (request.param,)) as opened:
        yield opened


def test_each_backend_is_enforced_by_its_own_self_test(sandbox):
    assert (sandbox.enforcement.level, sandbox.enforcement.leaks) == (Level.ENFORCED, ())


def test_without_the_kernel_the_self_test_finds_every_leak(project, environ):
    with open_sandbox(project, environ, 1, ("nothing",)) as opened:
        found = opened.enforcement
    assert found.level is Level.POLICY_ONLY
    assert set(found.leaks) >= {"write", "metadata", "connect", "local-sockets", "environment", "signal", "home"}


WRITES = [
    "echo x > mark",
    ": >> victim",
    "rm -f victim",
    "mv victim mark",
    "chmod 777 victim",
    "touch -d '2001-01-01' victim",
    "mkdir mark",
    "ln -s victim mark",
    "ln victim mark",
    "mkfifo mark",
    "cp victim mark",
    "dd if=/dev/zero of=victim count=1 conv=notrunc",
    "truncate -s 0 victim",
    "sed -i s/was/is/ victim",
    "sh -c 'echo x > folder/mark'",
    "python3 -c \"open('mark', 'w')\"",
    "perl -e 'unlink \"victim\"'",
    "awk 'BEGIN { print 1 > \"mark\" }'",
    "find . -name victim -delete",
    "exec 3<>victim; echo x >&3",
    "printf x | tee mark",
    "setfattr -n user.mark -v 1 victim",
    "git init -q .",
    "(setsid sh -c 'sleep 0.2; echo x > mark' &)",
    "echo x > /dev/shm/devnet-mark",
    "echo x > /var/tmp/devnet-mark",
    "echo x > /proc/self/fd/1/../../../mark",
    "unshare -Ur sh -c 'mount -t tmpfs none folder && touch folder/mark'",
]


@pytest.mark.parametrize("command", WRITES)
def test_nothing_is_written(sandbox, project, command):
    before = everything(project)
    sandbox.run(Trial(command, {}, 5))
    assert everything(project) == before
    assert not Path("/dev/shm/devnet-mark").exists()
    assert not Path("/var/tmp/devnet-mark").exists()


CONNECTS = [
    "bash -c 'echo x > /dev/tcp/127.0.0.1/$PORT'",
    "python3 -c \"import os, socket; socket.create_connection(('127.0.0.1', int(os.environ['PORT'])))\"",
    "python3 -c \"import os, socket; socket.socket(type=2).sendto(b'x', ('127.0.0.1', int(os.environ['PORT'])))\"",
    "perl -MIO::Socket::INET -e 'IO::Socket::INET->new(\"127.0.0.1:$ENV{PORT}\") or die'",
    "git ls-remote git://127.0.0.1:$PORT/x",
    "python3 -c \"import os, socket; socket.socket(socket.AF_UNIX).connect(os.environ['SOCKET'])\"",
]


@pytest.mark.parametrize("command", CONNECTS)
def test_nothing_is_reached(sandbox, project, command, tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.socket(socket.AF_UNIX) as local,
    ):
        port = listener.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        local.bind(str(tmp_path / "project/s"))
        local.listen()
        for one in (listener, datagrams, local):
            one.setblocking(False)
        ended = sandbox.run(Trial(command, {"PORT": str(port), "SOCKET": str(tmp_path / "project/s")}, 5))
        for accept in (listener.accept, lambda: datagrams.recv(1), local.accept):
            with pytest.raises(BlockingIOError):
                accept()
    assert (ended.ending, ended.exit_code != 0) == (Ending.ENDED, True)


@pytest.mark.parametrize(
    "command", ["env", "cat /proc/*/environ", "cat ~/secret", "cat $SECRETS/secret", "ps -eww -o args,user e"]
)
def test_no_secret_is_seen(sandbox, environ, command):
    ended = sandbox.run(Trial(command, {"SECRETS": environ["HOME"]}, 5))
    assert SECRET not in ended.output


def test_a_daemon_that_forks_twice_does_not_survive(sandbox):
    sandbox.run(Trial(f"(setsid sh -c '{sleep(98761)} & {sleep(98761)}' &) ; {sleep(98761)}", {}, 0.3))
    assert running(mark(98761)) == []


def test_a_background_process_ends_with_its_test(sandbox):
    ended = sandbox.run(Trial(f"nohup {sleep(98762)} & echo started", {}, 5))
    assert (ended.ending, ended.exit_code, ended.output) == (Ending.ENDED, 0, "started\n")
    assert running(mark(98762)) == []


@pytest.mark.parametrize(
    ("command", "ending"),
    [
        ("sleep 98763", Ending.TIMED_OUT),
        ("yes", Ending.TOO_MUCH_OUTPUT),
        ("f() { f | f & f; }; f", Ending.TOO_MANY_PROCESSES),
        ("python3 -c \"x = b'x' * (3 << 30); import time; time.sleep(9)\"", Ending.TOO_MUCH_MEMORY),
    ],
)
def test_what_passes_a_limit_is_ended(sandbox, command, ending):
    ended = sandbox.run(Trial(command, {}, 3 if ending is Ending.TIMED_OUT else 20))
    assert ended.ending is ending
    assert len(ended.output) < 1 << 17


def test_what_a_test_writes_is_bounded_in_all(sandbox):
    fill = 'for n in 1 2 3 4 5 6 7 8; do head -c 60000000 /dev/zero > "$TMPDIR/$n" || exit 1; done; sleep 2'
    ended = sandbox.run(Trial(fill, {}, 20))
    assert (ended.ending, ended.exit_code == 0) in {(Ending.TOO_MUCH_WRITTEN, False), (Ending.ENDED, False)}
    assert sandbox.run(Trial('ls -A "$TMPDIR"')).output == ""


def test_no_memory_is_taken_that_nobody_counts(sandbox):
    ended = sandbox.run(Trial("python3 -c \"import os; os.memfd_create('x')\"", {}, 20))
    assert (ended.ending, "Operation not permitted" in ended.output) == (Ending.ENDED, True)


def test_a_test_writes_in_its_own_folder_and_the_next_does_not_see_it(sandbox):
    first = sandbox.run(Trial('mkdir -m 000 "$TMPDIR/deep" && echo x > "$TMPDIR/x" && cat "$TMPDIR/x"'))
    second = sandbox.run(Trial('ls -A "$TMPDIR"'))
    assert (first.exit_code, first.output, second.exit_code, second.output) == (0, "x\n", 0, "")


def test_a_folder_too_deep_to_empty_costs_the_keeper_and_no_test(sandbox):
    dig = 'cd "$TMPDIR"; for n in $(seq 100); do mkdir d && cd d || exit 1; done'
    assert sandbox.run(Trial(dig)).exit_code == 0
    assert sandbox.run(Trial('ls -A "$TMPDIR"; echo again')).output == "again\n"


def test_variables_are_given_and_never_pasted(sandbox):
    ended = sandbox.run(Trial('printf "%s" "$NAME"', {"NAME": '"; echo pasted; "'}))
    assert ended.output == '"; echo pasted; "'


@pytest.mark.parametrize(
    ("command", "status"), [("true", 0), ("exit 3", 3), ("nowhere-to-be-found", 127), ("test -f victim", 0)]
)
def test_the_exit_status_is_the_commands_own(sandbox, command, status):
    ended = sandbox.run(Trial(command))
    assert (ended.ending, ended.exit_code) == (Ending.ENDED, status)


@pytest.mark.parametrize("command", ["echo \0", "echo " + "x" * 300_000])
def test_what_cannot_be_started_is_no_failure(sandbox, command):
    assert sandbox.run(Trial(command)).ending is Ending.NOT_STARTED


def test_a_keeper_that_is_killed_costs_one_test(project, environ):
    with open_sandbox(project, environ, 1) as sandbox:
        threading.Timer(0.3, sandbox.stop).start()
        assert sandbox.run(Trial(sleep(98764), {}, 20)).ending is Ending.LOST
        assert sandbox.run(Trial("true")).ending is Ending.LOST
    assert running(mark(98764)) == []


def test_a_bubblewrap_that_fails_is_told_and_landlock_takes_its_place(project, environ, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "bwrap").write_text("#!/bin/sh\necho 'No permissions to create a new namespace' >&2; exit 1\n")
    (folder / "bwrap").chmod(0o755)
    with open_sandbox(project, environ | {"PATH": f"{folder}:{environ['PATH']}"}, 1) as sandbox:
        found = sandbox.enforcement
    assert (found.backend, found.level) == ("landlock", Level.ENFORCED)
    assert "No permissions" in found.reasons[0]


def test_a_bubblewrap_inside_of_the_project_is_not_trusted(project, environ):
    (project / "bwrap").write_text("#!/bin/sh\ntouch victim\n")
    (project / "bwrap").chmod(0o755)
    with open_sandbox(project, environ | {"PATH": f"{project}:{environ['PATH']}"}, 1) as sandbox:
        assert sandbox.enforcement.level is Level.ENFORCED
    assert (project / "victim").read_text() == "as it was\n"


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_left_when_a_sandbox_closes(project, environ, backend, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sorted(tmp_path.iterdir())
    with open_sandbox(project, environ, 2, (backend,)) as sandbox:
        sandbox.run(Trial(f"{sleep(98765)} & echo x > $TMPDIR/left", {}, 5))
    assert sorted(tmp_path.iterdir()) == before
    assert running(mark(98765)) == []


def test_a_runner_that_is_killed_leaves_nothing(project, environ):
    program = (
        "import sys; from pathlib import Path; from devnet_runner.sandbox import *\n"
        "with open_sandbox(Path(sys.argv[1]), dict(PATH=sys.argv[2]), 1) as s:\n"
        " print('open', flush=True); s.run(Trial(sys.argv[3], {}, 60))"
    )
    argv = [sys.executable, "-c", program, str(project), environ["PATH"], f"setsid {sleep(98766)} & {sleep(98766)}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as runner:
        assert runner.stdout.readline() == b"open\n"
        deadline = time.monotonic() + 10
        while len(running(mark(98766))) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        runner.kill()
    while running(mark(98766)) and time.monotonic() < deadline + 10:
        time.sleep(0.01)
    assert running(mark(98766)) == []


WITHOUT_HANDLES = """
import os, sys
del os.pidfd_open
from devnet_runner.keeper.confinement import Confinement
from devnet_runner.keeper.kernel import SET_CHILD_SUBREAPER, prctl
from devnet_runner.keeper.trial import Trial
prctl(SET_CHILD_SUBREAPER, 1)
nothing = Confinement(None, None, kernel=False, inherited=False)
for command in sys.argv[1:]:
    trial = Trial({"argv": ["/bin/sh", "-c", command], "env": dict(os.environ), "timeout": 0.5}, nothing, None)
    print(trial.end(), trial.status)
"""


def test_a_trial_ends_also_where_the_system_has_no_handles_of_processes():
    commands = ["true", "exit 3", sleep(98767), f"{sleep(98767)} &", "exec >&-; sleep 0.1; exit 4"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_HANDLES, *commands], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["ended 0", "ended 3", "timed_out -9", "ended 0", "ended 4"]
    assert running(mark(98767)) == []
