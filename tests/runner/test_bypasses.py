"""Not one way around a list of words writes, connects or survives: the kernel holds it, or the policy refuses it."""

from __future__ import annotations

import os
import shutil
import socket
import sys

import pytest

from devnet_runner.sandbox import Trial, open_sandbox
from devnet_runner.shell import refused
from tests.runner.bypasses import BYPASSES, HARMLESS, KNOWN, OWN

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's means are Linux's; elsewhere policy decides")


def named(table):
    return [pytest.param(command, id=name) for name, command in table]


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "victim").write_text("as it was\n")
    return root


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as one:
        one.setblocking(False)
        yield one


def state(root, listener):
    """What a command may have done: the names, modes, times and bytes there, and whether somebody called."""
    found = {
        str(path.relative_to(root)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.is_file() and path.read_bytes(),
        )
        for path in sorted(root.rglob("*"))
        if path.lstat().st_mode & 0o400
    }
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return found, False
    return found, True


def tried(root, listener, command, backend):
    environ = {"PATH": os.environ["PATH"], "HOME": str(root)}
    before = state(root, listener)
    with open_sandbox(root, environ, 1, (backend,)) as sandbox:
        sandbox.run(Trial(command, {"PORT": str(listener.getsockname()[1])}, 10))
    return before, state(root, listener)


def test_the_table_is_as_long_as_it_must_be():
    assert (len(KNOWN), len(OWN) >= 20, len(dict(BYPASSES))) == (36, True, len(KNOWN) + len(OWN))


@LINUX
@pytest.mark.parametrize("backend", ["bubblewrap", "landlock"])
@pytest.mark.parametrize("command", named(BYPASSES))
def test_the_kernel_holds_it(project, listener, command, backend):
    before, after = tried(project, listener, command, backend)
    assert after == before


@pytest.mark.parametrize("command", named(BYPASSES))
def test_the_policy_refuses_it(command):
    assert refused(command)


@LINUX
@pytest.mark.parametrize("command", named(BYPASSES))
def test_it_would_get_through_where_nothing_holds_it(project, listener, command):
    program = next((name for name in ("node", "npm") if name in command.split()[0]), "sh")
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed, so that the command can do nothing here")
    before, after = tried(project, listener, command, "nothing")
    assert after != before


@pytest.mark.parametrize("command", HARMLESS)
def test_the_policy_lets_a_reader_run(command):
    assert refused(command) == ""
