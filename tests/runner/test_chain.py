"""What a command can end with is what shells make of it: how they join commands, and when a filter judges after all."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet_runner.shell import counterfactual, read_command

SHELLS = [shell for shell in (["/bin/sh"], ["bash", "--posix"]) if shutil.which(shell[0])]


def statuses(command, folder, environ=None):
    given = {"cwd": folder, "env": environ, "stdin": subprocess.DEVNULL, "capture_output": True}
    return [subprocess.run([*shell, "-c", command], check=False, **given).returncode for shell in SHELLS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("folder")
    (found / "f").write_text("here\nb a\n")
    return found


FAILS_HERE = [
    "test -d src && grep -r x src 2>/dev/null | head -1",
    "test -f g && find . -name f 2>/dev/null | wc -l",
    "! cat f <f && true",
    "cat <<E | grep -q x\ny\nE\n",
    "printf 'b\\na\\n' | sort -c",
    "cat f | sed -n '/here/q5'",
    "cat f | sed s/a",
    "cat f | head -n x",
    "cat f | cut",
    "cat f | wc --files0-from=nowhere",
    "find . -newer nowhere",
    "find . -name",
    "printf %d abc",
    ': "${nowhere:?must be set}"',
    "echo $((1/0))",
    "x=${nowhere?}",
    "echo() { false; }; echo x",
    "if false; test -f f; then exit 1; fi",
    "if test -f g; then true; elif test -f h; then true; else exit 1; fi; true",
    "[ x -eq x ]",
    "[ '\"' = \"'\" ]",
    "x=exit; $x 1; true",
    "command exit 1; true",
    "kill $$; true",
    "readonly x=1; x=2; true",
    ":>nowhere/x; true",
    "true >&9",
    "pwd -Q",
]  # fmt: skip


@pytest.mark.parametrize("command", FAILS_HERE)
def test_what_fails_in_a_shell_is_not_said_to_be_unable_to(folder, command):
    assert 0 not in statuses(command, folder)
    assert not read_command(command).cannot_fail


@pytest.mark.parametrize(
    "command", ["[ 01 -eq 1 ]", "! true <nowhere", "! cat f | exit 1", "! test -f f >&9", "if true; then false & fi"]
)
def test_what_passes_in_a_shell_is_not_said_to_be_unable_to(folder, command):
    assert set(statuses(command, folder)) == {0}
    assert not read_command(command).cannot_pass


@pytest.mark.parametrize(
    ("command", "rewrite"),
    [
        ("grep x f 2>/dev/null | head -1", "grep -q x f 2>/dev/null"),
        ("test -f a; grep x f >/dev/null | wc -l", "test -f a && grep -q x f >/dev/null"),
        ("grep -rL x . | head -3", "grep -rL x . | grep -q ."),
        ("cat f >/dev/null 2>/dev/null | sort", "cat f 2>/dev/null | grep -q ."),
        ("find . -name f 2>/dev/null", "find . -name f 2>/dev/null | grep -q ."),
        ("grep x f | cut -d ' ' -f 1", "grep -q x f"),
        ("grep x f | sed -e 's/^x: *//'", "grep -q x f"),
        ("test -f a; test -f b || test -f c; true", "test -f a && { test -f b || test -f c; }"),
        ("! cat f 2>/dev/null | grep x | tail -n +2", "! cat f 2>/dev/null | grep -q x"),
    ],
)
def test_a_rewrite_keeps_what_was_meant(command, rewrite):
    reading = read_command(command)
    assert (reading.cannot_fail or reading.cannot_pass, reading.rewrite) == (True, rewrite)


@pytest.mark.parametrize("inner", ["grep -q gone f || true", "grep -r x . | head -1", "exit 0"])
def test_what_cannot_fail_cannot_in_a_shell_of_its_own(folder, inner):
    command = f"sh -c '{inner}'"
    assert set(statuses(command, folder)) == {0}
    assert read_command(command).cannot_fail


@pytest.mark.parametrize("command", ["sh -c 'grep -q x f'", "sh -c 'grep x f | head -1' >nowhere/x", 'sh -c "$X"'])
def test_a_shell_of_its_own_may_fail_where_its_text_may(command):
    assert not read_command(command).cannot_fail


SIMPLE = st.sampled_from(
    ["true", "false", "echo x", "grep -q here f", "test -f g", "find . -name f", "exit 1", "exit 0", "cat f", "x=1",
     "[ a = b ]", ": ${u:?}", "cd nowhere", "! grep -q gone f", "return 1"]
)  # fmt: skip
FILTER = st.sampled_from(
    ["head -1", "wc -l", "sort", "sort -c", "cut -d: -f1", "cut", "sed 's/a/b/'", "sed s/a", "tr a b", "grep -q here"]
)
REDIRECT = st.sampled_from([">/dev/null", "2>/dev/null", "<f", "<nowhere", ">nowhere/x", "2>&1", ">&9"])
JOINED = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" && ", " || ", "; ", " | ", " & "]), inner).map("".join),
        st.tuples(inner, FILTER).map(" | ".join),
        st.tuples(inner, REDIRECT).map(" ".join),
        inner.map(lambda one: f"({one})"),
        st.tuples(inner, inner, inner, inner).map(
            lambda four: "if {}; then {}; elif {}; then true; else {}; fi".format(*four)
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(command=JOINED)
def test_no_shell_does_what_was_called_impossible(folder, command):
    reading = read_command(command)
    if reading.cannot_fail or reading.cannot_pass:
        assert {status == 0 for status in statuses(command, folder)} == {reading.cannot_fail}, command


@settings(max_examples=500, deadline=None)
@given(command=JOINED)
def test_whatever_is_rewritten_can_end_either_way(command):
    if rewrite := read_command(command).rewrite:
        reading = read_command(rewrite)
        assert (reading.fault, reading.cannot_fail, reading.cannot_pass) == ("", False, False), rewrite


@pytest.mark.parametrize(
    "command",
    [
        "for x in f; do grep -q here $x && continue; exit 1; done; test -f f",
        "for x in f; do grep -q here $x || break; done; ! grep -q gone f",
        "readonly x=1; ! grep -q gone f",
    ],
)
def test_an_honest_pass_with_a_word_of_the_shell_holds(folder, tmp_path, command):
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    other = counterfactual(command, read_command(command))
    assert other
    assert {*statuses(command, folder, environ), *statuses(other, folder, environ)} == {0}
