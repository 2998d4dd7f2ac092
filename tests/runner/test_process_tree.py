"""No process of a command outlives it, whatever it does to get away and whoever dies first.

Every process of a command holds the writing end of a named pipe. While one of them lives, a read that does not block
finds no data; when the last is gone, it finds the end. So also a process that no list ever shows is noticed.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from devnet_runner.process import Command, Ending, run, start

ROOT = Path(__file__).resolve().parents[2]
LONG = 60

START = """
import os, sys, time
witness = os.open(sys.argv[1], os.O_WRONLY)
here, there = os.pipe()

def live():
    os.write(there, b"x")
    time.sleep(300)

def fork(run):
    if os.fork() == 0:
        run()
        os._exit(0)

def daemon(run):
    def middle():
        os.setsid()
        fork(run)
    fork(middle)
    os.wait()

def silent():
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    live()

def session():
    os.setsid()
    live()

def flee():
    os.write(there, b"x")
    while True:
        if os.fork():
            os._exit(0)
        time.sleep(0.001)

def deaf():
    import signal
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    live()
"""

ESCAPES = {
    "a child in the background": "fork(live)",
    "a child in a session of its own": "fork(session)",
    "a daemon that holds the output": "daemon(live)",
    "a daemon that closed the output": "daemon(silent)",
    "a daemon that is a new process each millisecond": "daemon(flee)",
    "a child that ignores signals": "fork(deaf)",
    "a child of a child of a child": "fork(lambda: fork(lambda: fork(live)))",
}
END = "\nos.read(here, 1)\nprint('up', flush=True)\n"
STAY = END + "time.sleep(300)\n"


@dataclass(frozen=True)
class Witness:
    """The reading end of the pipe whose writing end every process of a command holds."""

    path: Path
    descriptor: int

    def command(self, escape: str, then: str, **how: object) -> Command:
        script = START + escape + then
        return Command((sys.executable, "-c", script, str(self.path)), self.path.parent, dict(os.environ), **how)

    def nobody_left(self) -> bool:
        try:
            return os.read(self.descriptor, 1) == b""
        except BlockingIOError:
            return False

    def nobody_left_soon(self) -> bool:
        poll = select.poll()
        poll.register(self.descriptor, select.POLLHUP)
        return bool(poll.poll(LONG * 1000)) and self.nobody_left()


@pytest.fixture
def witness(tmp_path):
    path = tmp_path / "witness"
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield Witness(path, descriptor)
    os.close(descriptor)


@pytest.fixture(params=ESCAPES.values(), ids=ESCAPES.keys())
def escape(request) -> str:
    return request.param


def test_nothing_outlives_a_program_that_ends(witness, escape):
    completed = run(witness.command(escape, END, timeout=LONG))
    assert (completed.exit_code, completed.ending, completed.output) == (0, Ending.ENDED, b"up\n")
    assert witness.nobody_left()


def test_nothing_outlives_a_stop_from_another_thread(witness, escape):
    stop = threading.Event()
    completed = run(witness.command(escape, STAY, timeout=LONG), lambda _: stop.set(), stop=stop)
    assert (completed.exit_code, completed.ending) == (-signal.SIGKILL, Ending.STOPPED)
    assert witness.nobody_left()


def test_nothing_outlives_a_timeout(witness):
    everything = "\nos.read(here, 1)\n".join(ESCAPES.values())
    completed = run(witness.command(everything, STAY, timeout=3))
    assert (completed.exit_code, completed.ending, completed.output) == (-signal.SIGKILL, Ending.TIMED_OUT, b"up\n")
    assert witness.nobody_left()


RUNNER = """
import sys
from pathlib import Path
from devnet_runner.process import Command, run
run(Command(tuple(sys.argv[1:]), Path.cwd(), {}), lambda line: print(line, flush=True))
"""


@pytest.fixture
def runner(witness):
    """Start a runner of its own for a command, and wait until the command is up."""
    started = []

    def begin(escape: str) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-c", RUNNER, *witness.command(escape, STAY).argv]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)
        started.append(process)
        assert process.stdout.readline() == b"up\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_nothing_outlives_a_killed_runner(witness, runner, escape):
    os.kill(runner(escape).pid, signal.SIGKILL)
    assert witness.nobody_left_soon()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_outlives_a_runner_that_a_signal_ends(witness, runner, number):
    # To the whole process group, as a terminal does.
    os.killpg(runner("daemon(live)").pid, number)
    assert witness.nobody_left_soon()


def test_ctrl_c_leaves_the_command_to_the_runner(witness, runner):
    process = runner("fork(deaf)")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(LONG) == -signal.SIGINT
    assert witness.nobody_left()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_supervisor_is_a_stop(witness, number):
    running = start(witness.command("daemon(live)", STAY), lambda _: os.kill(running.supervisor, number))
    assert running.wait().ending is Ending.STOPPED
    assert witness.nobody_left()


@pytest.mark.skipif(sys.platform != "linux", reason="a system that does not tell a process of its parent's death")
def test_the_program_dies_with_a_killed_supervisor(witness):
    alone = "os.write(there, b'x')"
    running = start(witness.command(alone, STAY), lambda _: os.kill(running.supervisor, signal.SIGKILL))
    completed = running.wait()
    assert (completed.exit_code, completed.ending) == (-signal.SIGKILL, Ending.LOST)
    assert witness.nobody_left_soon()


def test_commands_at_the_same_time_do_not_hold_each_other_open(witness, tmp_path):
    """A second supervisor that inherited the first one's orders would hide the runner's death from it."""
    up = threading.Event()
    sleep = Command(("sleep", "300"), tmp_path, {"PATH": os.defpath})
    with start(witness.command("fork(live)", STAY), lambda _: up.set()) as first, start(sleep) as second:
        assert up.wait(LONG)
        first._control.close()
        assert first.wait().ending is Ending.STOPPED
        assert witness.nobody_left()
        assert second.alive()
