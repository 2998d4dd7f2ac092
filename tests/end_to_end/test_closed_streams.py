"""A stream that is closed: no verdict passes that nobody could read, and nothing ends in a fault of the tool."""

from __future__ import annotations

import subprocess

import pytest


def closing(project, stream, *words):
    argv = ["sh", "-c", f'exec "$@" {stream}>&-', "sh", *project.command(*words)]
    return subprocess.run(
        argv, cwd=project.root, env=project.environment(), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", [("status",), ("includes", "check"), ("standards", "run"), ("init", "--dry-run")])
def test_a_closed_output_is_told_and_is_no_pass(project, words):
    done = closing(project, 1, *words)
    assert (done.returncode, "standard output is closed" in done.stderr) == (3, True)


def test_a_closed_error_stream_changes_nothing(project):
    done = closing(project, 2, "includes", "check")
    assert (done.returncode, "1 of 1 verified" in done.stdout) == (0, True)
