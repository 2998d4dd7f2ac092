"""What is refused where the kernel holds nothing, each way around it seen to work in the shell that is named."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from devnet_runner.shell import refused
from tests.runner.bypasses import READING, SUBTLE

NAMED = [pytest.param(shell, command, id=name) for name, shell, command in SUBTLE]


def contents(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture
def project(tmp_path):
    """A repository with a victim, a far remote and a program of its own that is called like a reader."""
    (tmp_path / "victim").write_text("as it was\n")
    (tmp_path / "ls").write_text(f"#!/bin/sh\n{shutil.which('touch')} mark\nexec {shutil.which('cat')}\n")
    (tmp_path / "ls").chmod(0o755)
    for words in (["init", "-q"], ["remote", "add", "far", "far.git"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize(("shell", "command"), NAMED)
def test_it_is_refused(shell, command):
    assert refused(command)


@pytest.mark.parametrize(("shell", "command"), NAMED)
def test_it_would_get_through_in_its_shell(project, shell, command):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    before = contents(project)
    environ = {"PATH": os.environ["PATH"], "HOME": str(project)}
    given = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": 60}
    subprocess.run([shell, "-c", command], cwd=project, env=environ, check=False, **given)
    assert contents(project) != before


@pytest.mark.parametrize(
    "command",
    [
        "cat <'/dev/tcp/127.0.0.1/1'",
        "git remote -v show far",
        "git log --outp mark",
        "git log --show-signature",
        "git log --format=%G?",
        "git rev-list --outp mark HEAD",
        "cd sub && git log",
        "x=--pre=./ls; rg a $x .",
        "HOME=. git log",
        "awk {-f,evil}",
        "awk 1 /inet/tcp/0/127.0.0.1/1",
        "printf 'x%n' PATH; ls",
        "test $x 'a[$(touch mark)]'",
        "test ! \"$x\" 'a[$(touch mark)]'",
        "ls & wait",
        "echo a\u00a0#; touch mark",
    ],
)
def test_what_depends_on_the_machine_is_refused_as_well(command):
    assert refused(command)


@pytest.mark.parametrize("command", READING)
def test_a_reader_may_run(command):
    assert refused(command) == ""
