"""The tests of standards tried in a real sandbox: every outcome, in document order, and none lost."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from devnet_runner.results import Outcome
from devnet_runner.sandbox import open_sandbox
from devnet_runner.standards import StandardTest, check_graph
from devnet_runner.trials import Terms, run_all, run_tests

PASSED, FAILED, SKIPPED, ERRORED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.ERRORED
TIMED_OUT, DENIED, VACUOUS = Outcome.TIMED_OUT, Outcome.DENIED, Outcome.VACUOUS


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    (root / "here").write_text("LATER\n")
    return root


@pytest.fixture(scope="module")
def sandbox(project):
    with open_sandbox(project, {"PATH": os.environ["PATH"], "HOME": str(project)}, 2) as opened:
        yield opened


def trials(*commands, **fields):
    return tuple(
        StandardTest("s.md", "b", f"t{number}", number, command, **fields) for number, command in enumerate(commands, 1)
    )


def outcomes(sandbox, given, variables=None, timeout=20.0):
    return [one.outcome for one in run_tests(given, sandbox, Terms(variables or {}, timeout))]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("grep -q LATER here", PASSED),
        ("! grep -q DONE here", PASSED),
        ("test -f nowhere || test -f here", PASSED),
        ("grep -q DONE here", FAILED),
        ("test -f nowhere", FAILED),
        ("grep -q x nowhere", FAILED),
        ("exit 200; test -f here", FAILED),
        ("! grep LATER here | head -1", FAILED),
        ("nosuchprogram here", ERRORED),
        ("grep 'unclosed here", ERRORED),
        ("kill -SEGV $$; sh -c 'kill -SEGV $$'; exit $?", ERRORED),
        ("yes", ERRORED),
        ("sleep 30", TIMED_OUT),
        ("echo x > here", DENIED),
        ("touch mark && test -f mark", DENIED),
        ("python3 -c 'import socket; socket.socket()'", DENIED),
        ("grep -r LATER . | head -1", VACUOUS),
        ("grep -q DONE here || echo none", VACUOUS),
        ("! grep -rq x nowhere", VACUOUS),
        ("! nosuchprogram x", VACUOUS),
        ('[ -z "$(find nowhere -name x)" ]', VACUOUS),
    ],
)
def test_each_end_is_what_it_is(sandbox, command, expected):
    timeout = 0.5 if expected is TIMED_OUT else 20.0
    assert outcomes(sandbox, trials(command), timeout=timeout) == [expected]


def test_a_vacuous_test_is_told_with_what_was_missing_or_a_rewrite(sandbox):
    given = trials("! grep -rq x nowhere", "grep -r LATER . | head -1")
    missing, sure = run_tests(given, sandbox, Terms({}, 20))
    assert "nowhere" in missing.reason
    assert sure.rewrite == "grep -q -r LATER ."


def chain(*specs):
    return tuple(
        StandardTest("s.md", "b", name, line, command, depends_on=tuple(needs))
        for line, (name, command, needs) in enumerate(specs, 1)
    )


CHAINS = [
    ([("a", "true && test -f here", []), ("b", "test -f here", ["a"])], [PASSED, PASSED]),
    ([("a", "test -f no", []), ("b", "test -f here", ["a"]), ("c", "test -f here", ["b"])], [FAILED, SKIPPED, SKIPPED]),
    ([("b", "test -f here", ["a"]), ("a", "test -f no", [])], [SKIPPED, FAILED]),
    ([("a", "echo", []), ("b", "test -f here", ["a"])], [VACUOUS, SKIPPED]),
    ([("a", "x", ["b"]), ("b", "x", ["a"]), ("c", "test -f here", ["a"])], [ERRORED, ERRORED, SKIPPED]),
    ([("a", "test -f here", ["nowhere"]), ("b", "test -f here", [])], [ERRORED, PASSED]),
    ([("a", "test -f here", []), ("a", "test -f here", []), ("b", "test -f here", [])], [ERRORED, ERRORED, PASSED]),
]


@pytest.mark.parametrize(("specs", "expected"), CHAINS)
def test_what_depends_on_a_test_that_did_not_pass_is_skipped_and_counted(sandbox, specs, expected):
    checked, _ = check_graph(chain(*specs))
    assert outcomes(sandbox, checked) == expected


def test_a_dependency_runs_first_wherever_it_stands(sandbox):
    specs = [
        ("late", 'test -f here && test "$(date +%s%N)" -gt 0', ["early"]),
        ("early", "sleep 0.2; test -f here", []),
    ]
    told = []
    run_tests(chain(*specs), sandbox, Terms({}, 20), lambda result: told.append(result.name))
    assert told == ["early", "late"]


def test_results_stand_in_document_order_and_add_up(sandbox):
    given = trials(*(["sleep 0.05; test -f here", "test -f here", "test -f nowhere"] * 10))
    results = run_tests(given, sandbox, Terms({}, 20))
    assert [one.name for one in results] == [one.name for one in given]
    assert Counter(one.outcome for one in results) == {PASSED: 20, FAILED: 10}


def test_a_variable_is_given_where_it_is_declared_and_also_in_single_quotes(sandbox):
    values = {"WORD": "LATER", "EVIL": "'; echo x > mark; '"}
    given = trials("grep -q '${WORD}' here", 'grep -q "${WORD}" here', variables=("WORD",))
    assert outcomes(sandbox, given, values) == [PASSED, PASSED]
    assert outcomes(sandbox, trials("grep -q '${EVIL}' here", variables=("EVIL",)), values) == [FAILED]
    assert outcomes(sandbox, trials('test -n "$WORD"'), values) == [FAILED]


def test_where_the_kernel_holds_nothing_the_policy_denies_what_it_cannot_hold(project):
    with open_sandbox(project, {"PATH": os.environ["PATH"]}, 1, ("nothing",)) as weak:
        given = trials("grep -q LATER here", "touch here", "npm run lint", "! grep -q DONE here")
        assert outcomes(weak, given) == [PASSED, DENIED, DENIED, PASSED]


def test_nothing_is_tried_where_less_is_held_than_demanded(project):
    given = trials("test -f here", "touch here")
    run = run_all(given, project, {"PATH": os.environ["PATH"]}, Terms({}, 20, "partly"), backends=("nothing",))
    assert [one.outcome for one in run.tests] == [DENIED, DENIED]
    assert "the settings demand partly" in run.tests[0].reason


def test_a_fix_command_is_never_run(sandbox, project):
    before = sorted(project.iterdir())
    (result,) = run_tests(trials("test -f nowhere", fix_command="touch nowhere"), sandbox, Terms({}, 20))
    assert (result.outcome, result.fix) == (FAILED, "touch nowhere")
    assert sorted(project.iterdir()) == before
