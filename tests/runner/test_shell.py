"""What can be said of a command without running it, held against what /bin/sh does."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet_runner.shell import counterfactual, expansions, opened, read_command, refused

SHARED = Path(__file__).resolve().parents[2].parent / "shared/devnet/docs/standards"

CANNOT_FAIL = [
    ("grep -r x a | head -1", "grep -q -r x a"),
    ("grep -rn 'x' a 2>/dev/null | head -20", "grep -q -rn 'x' a 2>/dev/null"),
    ("rg x a | tail -n 3", "rg -q x a"),
    ("grep -q x a | head -1", "grep -q x a"),
    ("grep x a | sort | uniq | wc -l", "grep -q x a"),
    ("find . -name '*.ts' | head -1", "find . -name '*.ts' | grep -q ."),
    ("find . -name '*.ts'", "find . -name '*.ts' | grep -q ."),
    ("ls x 2>/dev/null | head -5", "ls x 2>/dev/null"),
    ("grep x a || echo none", "grep x a"),
    ("grep -q x a && echo yes || echo no", "grep -q x a"),
    ("grep x a >/dev/null 2>&1 || true", "grep x a >/dev/null 2>&1"),
    ("test -f a; true", "test -f a"),
    ("test -f a; echo done", "test -f a"),
    ("test -d a || find . -name b | head -1", "test -d a || find . -name b | grep -q ."),
    ("(cd a && ls) | cat", "(cd a && ls) | grep -q ."),
    ("test -f a; exit 0", "test -f a"),
    ("if test -f a; then echo yes; fi", ""),
    ("true", ""),
    (":", ""),
    ("echo fine", ""),
    ("exit 0", ""),
    ("test 1 = 1", ""),
    ("[ -n text ]", ""),
    ("! false", ""),
    ("grep x a &", "grep x a"),
]


@pytest.mark.parametrize(("command", "rewrite"), CANNOT_FAIL)
def test_what_cannot_fail_is_told_with_a_rewrite(command, rewrite):
    reading = read_command(command)
    assert (reading.cannot_fail, reading.cannot_pass, reading.rewrite) == (True, False, rewrite)
    assert reading.reason


@pytest.mark.parametrize("rewrite", [rewrite for _, rewrite in CANNOT_FAIL if rewrite])
def test_a_rewrite_can_end_either_way(rewrite):
    reading = read_command(rewrite)
    assert (reading.fault, reading.cannot_fail, reading.cannot_pass) == ("", False, False)


@pytest.mark.parametrize(
    ("command", "rewrite"),
    [
        ("! grep -r x a | head -1", "! grep -q -r x a"),
        ("false", ""),
        ("exit 3", ""),
        ("! true", ""),
        ("test a = b", ""),
    ],
)
def test_what_cannot_pass_is_told(command, rewrite):
    reading = read_command(command)
    assert (reading.cannot_pass, reading.rewrite) == (True, rewrite)


OPEN = [
    "grep -q x a",
    "! grep -q x a",
    "test -f a || test -f b",
    "test -f a && grep -q x a",
    "grep x a | grep -v y",
    "cat a | wc -l < b",
    "test -f a || exit 1; true",
    "[ \"$(ls | wc -l)\" -gt 3 ]",
    "find src -name x",
    "find . -name x -exec grep -q y {} +",
    "test \"${X}\" != y || grep -q z a",
    "set -o pipefail; grep x a | head -1",
    "case $X in a) true;; esac",
    "for f in *.md; do grep -q x $f || exit 1; done",
    "wc -l a",
    "sed -n 1p a",
    "x=$(grep y a)",
]  # fmt: skip


@pytest.mark.parametrize("command", OPEN)
def test_nothing_is_claimed_of_what_depends_on_files(command):
    reading = read_command(command)
    assert (reading.fault, reading.cannot_fail, reading.cannot_pass) == ("", False, False)


WORDS = st.sampled_from(
    ["true", "false", "echo x", "grep -q here f", "grep -q gone f", "test -f f", "test -f g", "find . -name f",
     "exit 0", "exit 1", "cat f", "ls g"]
)  # fmt: skip
COMMANDS = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" && ", " || ", "; ", " | "]), inner).map("".join),
        inner.map(lambda one: f"! {{ {one}; }}"),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"! ({one})"),
        inner.map(lambda one: f"{one} | head -1"),
        st.tuples(inner, inner, inner).map(lambda three: "if {}; then {}; else {}; fi".format(*three)),
    ),
    max_leaves=6,
)


def status(command, folder):
    return subprocess.run(["/bin/sh", "-c", command], cwd=folder, capture_output=True, check=False).returncode


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("folder")
    (found / "f").write_text("here\n")
    return found


@settings(max_examples=300, deadline=None)
@given(command=COMMANDS)
def test_the_shell_never_does_what_was_called_impossible(folder, command):
    reading = read_command(command)
    ended = status(command, folder)
    assert not (reading.cannot_fail and ended != 0), command
    assert not (reading.cannot_pass and ended == 0), command


RESTS_ON_NOTHING = [
    "! grep -rq x nowhere",
    "! nosuchprogram x f",
    "[ -z \"$(find nowhere -name '*.ts')\" ]",
    "! find nowhere | grep js",
    "! cat nowhere | grep -q x",
    "! grep -r password nowhere | grep -v 'hash\\|encrypt'",
    "test $(grep -c x nowhere) = '' || ! grep -q here nowhere",
    "[ \"$(find nowhere | wc -l)\" -lt 5 ]",
    "! find nowhere -type f | xargs grep -l x",
    "! ls nowhere | grep -q x",
    '[ -z "$(ls nowhere 2>/dev/null)" ]',
]  # fmt: skip
HONEST = [
    "! grep -q gone f",
    "test ! -f forbidden",
    "grep -q x nowhere || grep -q here f",
    "test -f f && ! grep -q gone f",
    "[ -z \"$(find . -name '*.ts')\" ]",
    "! cat f | grep -q gone",
    "find . -name f | grep -q f",
    "[ \"$(grep -c here f)\" = 1 ]",
    "test -f nowhere || test -f f",
    "! ls nowhere",
    "! git rev-parse --verify nobranch",
    "! grep -rq gone . nowhere",
    "! grep -rqE 'gone' nowhere f",
    "! ls nowhere 2>/dev/null",
    "! stat nowhere >/dev/null 2>&1",
    "! nl -x f || test -f f",
]  # fmt: skip


def supposed(command, folder, tmp_path):
    other = counterfactual(command, read_command(command))
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    argv = ["/bin/sh", "-c", other or command]
    done = subprocess.run(argv, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode


@pytest.mark.parametrize("command", RESTS_ON_NOTHING)
def test_a_pass_that_rests_on_something_missing_does_not_hold(folder, tmp_path, command):
    assert status(command, folder) == 0
    assert supposed(command, folder, tmp_path) != 0


@pytest.mark.parametrize("command", HONEST)
def test_an_honest_pass_holds(folder, tmp_path, command):
    assert status(command, folder) == 0
    assert supposed(command, folder, tmp_path) == 0


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ('test "${A}" = "$B"', ["A", "B"]),
        (r"grep '\${A}' \$B $C", ["A", "C"]),
        ("echo $(echo \"$A\" '$B')", ["A", "B"]),
        ("printf $'\\t$A' $1 $? ${B:-x}", ["A", "B"]),
        ("echo 'it'\"'\"'s $A", ["A"]),
    ],
)
def test_variables_are_found(command, names):
    assert [one.name for one in expansions(command)] == names


def test_single_quotes_are_opened_around_a_declared_variable_only(folder):
    command = opened("printf '%s|%s' 'a ${X} b' '${Y}'", ("X",))
    environ = {"X": "'; echo $Y"}
    done = subprocess.run(["/bin/sh", "-c", command], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "a '; echo $Y b|${Y}"


@pytest.mark.parametrize(
    "command",
    ["grep 'unclosed", "if true", "x" * 30_000, "(" * 2000 + ")" * 2000, "a &&", "\x00", "$(" * 500],
    ids=lambda command: f"{len(command)} {command[:8]!a}",
)
def test_what_cannot_be_read_is_told_and_nothing_is_claimed(command):
    reading = read_command(command)
    assert (reading.valid, reading.cannot_fail, reading.cannot_pass) == (False, False, False)
    assert refused(command)


@given(st.text(alphabet="agx |&;!(){}'\"$`<>\\\n1=[]", max_size=60))
def test_any_text_can_be_read(command):
    read_command(command)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared plan repository is not beside this one")
def test_the_real_standards_are_read():
    found = [
        match[1]
        for path in sorted(SHARED.rglob("*.md"))
        for match in re.finditer(r"^ +TEST: (.*)$", path.read_text(), re.MULTILINE)
    ]
    readings = {command: read_command(command) for command in found}
    ending = [command for command in found if re.search(r"\| head -\d+$", command)]
    assert ending
    assert all(readings[command].cannot_fail and readings[command].rewrite for command in ending)
