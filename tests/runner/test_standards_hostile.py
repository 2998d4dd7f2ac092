"""Standards written to harm, or by mistake: all of it is read, in time, and nothing is left out in silence."""

from __future__ import annotations

import json

import pytest

from devnet_runner.standards import StandardTest, check_graph, read_standard
from devnet_runner.standards.fields import LONGEST
from devnet_runner.standards.read import MAX_TESTS
from devnet_runner.standards.routing import requests
from devnet_runner.standards.tags import attributes
from devnet_runner.standards.variables import check_variables, variables_of

# At this size what is read in its length squared takes hours.
LONG = 2_000_000


def block(text: str) -> str:
    return f'<verification-block context-check="b">\n{text}\n</verification-block>\n'


def one(*fields: str, name: str = "t") -> str:
    return "\n".join([f'<test name="{name}">', *fields, "</test>"])


def ids(findings) -> list[str]:
    return [finding.id for finding in findings]


@pytest.mark.parametrize(
    "tag",
    ["a" * LONG, "a " * (LONG // 2), 'a="' * (LONG // 3), "a='\"" * (LONG // 4), "a" + " " * LONG + "b", "=" * LONG],
    ids=["word", "words", "quotes", "mixed", "blanks", "signs"],
)
def test_a_tag_of_any_length_is_read(tag):
    attributes(f"<test {tag} ")
    read_standard(block(f'<test {tag} name="t">\nTEST: true\n</test>'), "d.md")


@pytest.mark.parametrize(
    "asked", ["x" + " " * LONG + "y", "Get" + " from" * (LONG // 5), '"' * LONG, " from " + "#" * LONG]
)
def test_a_request_of_any_length_is_read(asked):
    requests(f"REQUEST: {asked}\n", "d.md")


def test_a_value_over_very_many_lines_is_read():
    (test,), findings = read_standard(block(one("TEST: |", *["  true"] * (LONG // 10))), "d.md")
    assert ids(findings) == ["standard-too-much"]
    assert (len(test.command) <= LONGEST, bool(test.faults)) == (True, True)


def chain(count, needs):
    return tuple(StandardTest("d.md", "b", f"t{n}", n, "x", depends_on=needs(n)) for n in range(count))


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        (lambda n: (f"t{n + 1}",) if n < MAX_TESTS - 1 else (), 0),
        (lambda n: (f"t{(n + 1) % MAX_TESTS}", "t0"), MAX_TESTS),
        (lambda n: (f"nowhere{n}",), MAX_TESTS),
    ],
    ids=["chain", "ring", "unknown"],
)
def test_as_many_tests_as_may_be_are_put_in_order(needs, expected):
    _, findings = check_graph(chain(MAX_TESTS, needs))
    assert len(findings) == expected
    assert all(len(finding.what) < 200 for finding in findings)


def test_more_tests_than_may_be_are_told_not_left_out_in_silence():
    many = "\n".join(one("TEST: true", name=f"t{n}") for n in range(MAX_TESTS + 1))
    tests, findings = read_standard(block(many), "d.md")
    assert (len(tests), ids(findings)) == (MAX_TESTS, ["standard-too-much"])
    assert findings[0].where.line == 2 + 3 * MAX_TESTS


def test_very_many_variables_in_a_command_are_looked_up():
    command = " ".join(f"$A{n}" for n in range(2500))
    (test,), findings = check_variables([StandardTest("d.md", "b", "t", 1, command)], {})
    assert (len(findings), len(test.faults)) == (2500, 2500)


CIRCLE = {"a": ["b"], "b": ["c", "d"], "c": ["a"], "d": ["c"], "e": ["a"], "f": ["f"]}


def test_every_member_of_a_circle_is_told_the_way_that_leads_back_to_it():
    tests = [StandardTest("d.md", "b", name, 1, "x", depends_on=tuple(needs)) for name, needs in CIRCLE.items()]
    told = {test.name: test.faults[0].what for test in check_graph(tests)[0] if test.faults}
    assert sorted(told) == ["a", "b", "c", "d", "f"]
    assert told["d"] == "d depends on itself: d → c → a → b → d"
    assert told["f"] == "f depends on itself: f → f"


@pytest.mark.parametrize("text", [r'"a\u0000b"', r'"a\ud800b"'])
def test_what_no_program_can_be_given_keeps_a_test_from_running(text):
    (test,), findings = read_standard(block(one(f"TEST: {text}")), "d.md")
    assert (test.command, ids(findings)) == ("ab", ["standard-value-wrong"])
    assert test.faults


@pytest.mark.parametrize("name", ["shop\0", "\ud800"])
def test_a_value_that_no_program_can_be_given_is_none(name):
    files = {"package.json": json.dumps({"name": name})}
    assert "PROJECT_NAME" not in variables_of(files.get, "folder", {}, phases=True)


PART = '<test name="t">\nTEST: true\n</test>\n'
OUTSIDE = [
    '<verification_block context-check="b">\n',
    '<Verification-Block context-check="b">\n',
    '<verificationblock context-check="b">\n',
    "<verification_definitions>\n",
    "</verification-block>\n",
    PART,
]


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_part_whose_block_is_not_open_is_told(text):
    tests, findings = read_standard(f"# Title\n\n{text}", "d.md")
    assert (tests, ids(findings)) == ((), ["standard-part-outside"])
    assert findings[0].where.line == 3


@pytest.mark.parametrize("text", ["<test>\n", "<verified/>\n", "    </verification-block>\n", "`<test name='x'>`\n"])
def test_what_means_no_part_of_a_block_is_prose(text):
    assert read_standard(text, "d.md") == ((), ())


STYLES = [
    (["TEST: |", "  if test -f a; then", "    true", "  fi"], "if test -f a; then\n  true\nfi"),
    (["TEST: >", "  test -f a &&", "  test -f b"], "test -f a && test -f b"),
    (["TEST: |", "  cat <<E", "  REQUIRED: no", "  E"], "cat <<E\nREQUIRED: no\nE"),
    (["TEST: |", "", "  true", "", "REQUIRED: false"], "true"),
]


@pytest.mark.parametrize(("fields", "command"), STYLES)
def test_what_is_indented_deeper_belongs_to_the_value(fields, command):
    (test,), findings = read_standard(block(one(*fields)), "d.md")
    assert (test.command, findings) == (command, ())


def test_a_value_over_several_lines_that_is_not_indented_is_a_fault():
    (test,), findings = read_standard(block(one("TEST: |", "test -f a")), "d.md")
    assert ids(findings) == ["standard-test-empty", "standard-line-unknown"]
    assert test.faults
