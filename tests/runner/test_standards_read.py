"""Verification blocks as they really stand in documents: every dialect, and every trap of the original reader."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet_runner.standards import check_graph, read_standard
from devnet_runner.standards.fields import encoded

SHARED = Path(__file__).resolve().parents[2].parent / "shared/devnet/docs/standards"


def block(*tests: str, opening: str = '<verification-block context-check="b">') -> str:
    inner = "\n".join(tests)
    end = "</verification-block>"
    return f"# Title\n\n{opening}\n  <verification_definitions>\n{inner}\n  </verification_definitions>\n{end}\n"


def one(*fields: str, name: str = "t") -> str:
    lines = "\n".join(f"      {field}" for field in fields)
    return f'    <test name="{name}">\n{lines}\n    </test>'


def read(content: str):
    return read_standard(content, "doc.md")


def ids(findings) -> list[str]:
    return [finding.id for finding in findings]


def test_a_test_is_read_with_every_field():
    text = one(
        "TEST: grep -q '<x>' a && b", "REQUIRED: true", "BLOCKING: false", 'ERROR: "no \\"x\\""',
        'FIX_COMMAND: "add x"', 'DESCRIPTION: "says x"', 'DEPENDS_ON: ["u"]', 'VARIABLES: ["PORT_WEB"]',
        "BYPASS_REQUIRES: docs/adr/1.md",
    )  # fmt: skip
    (test,), findings = read(block(text))
    assert findings == ()
    assert (test.file, test.block, test.name, test.line) == ("doc.md", "b", "t", 5)
    assert (test.command, test.required, test.blocking) == ("grep -q '<x>' a && b", True, False)
    assert (test.error, test.fix_command, test.description) == ('no "x"', "add x", "says x")
    assert (test.depends_on, test.variables, test.bypass_requires) == (("u",), ("PORT_WEB",), "docs/adr/1.md")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((), (True, True)),
        (("REQUIRED: true",), (True, True)),
        (("REQUIRED: false",), (False, False)),
        (("REQUIRED: true", "BLOCKING: false"), (True, False)),
        (("REQUIRED: false", "BLOCKING: true"), (False, True)),
        (('REQUIRED: "false"',), (False, False)),
        (("REQUIRED: FALSE",), (False, False)),
    ],
)
def test_blocking_is_what_required_is_where_nothing_is_said(fields, expected):
    (test,), _ = read(block(one("TEST: true", *fields)))
    assert (test.required, test.blocking) == expected


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("test -f a", "test -f a"),
        ('"test -f a"', "test -f a"),
        (r'"grep \"a\\|b\" f"', r'grep "a\|b" f'),
        (r'"say "it" \$1 \'x\'"', r"""say "it" \$1 \'x\'"""),
        (r'"\."', r"\."),
        ("'a'", "'a'"),
        ('"', '"'),
        ('test "$A" = "b"', 'test "$A" = "b"'),
    ],
)
def test_values_are_decoded_in_each_of_their_styles(written, meant):
    (test,), findings = read(block(one(f"TEST: {written}")))
    assert (test.command, findings) == (meant, ())


@pytest.mark.parametrize(
    "opening",
    [
        '<verification-block context-check="b">',
        "<verification-block context-check='b'>",
        '<verification-block kind="x" context-check="b">',
        '<verification-block  context-check = "b"  kind=x>',
        '  <verification-block context-check="b">',
    ],
)
def test_attributes_are_read_in_any_order_and_with_any_quotes(opening):
    (test,), findings = read(block(one("TEST: true"), opening=opening))
    assert (test.block, findings) == ("b", ())


def test_a_test_may_carry_other_attributes():
    text = "    <test kind='x' name='t'>\n      TEST: true\n    </test>"
    (test,), findings = read(block(text))
    assert (test.name, findings) == ("t", ())


LIVE = block(one("TEST: true"))
DEAD = [
    f"```xml\n{LIVE}```\n",
    f"````md\n```\n{LIVE}```\n````\n",
    f"~~~\n{LIVE}",
    f"<!--\n{LIVE}-->\n",
    '<!-- <verification-block context-check="b"> -->\n',
    "".join(f"> {line}\n" for line in LIVE.splitlines()),
    "".join(f"    {line}\n" for line in LIVE.splitlines()),
    "A `<verification-block>` holds `<test>` parts.\n",
]


@pytest.mark.parametrize("content", DEAD)
def test_an_example_is_not_live(content):
    assert read(content) == ((), ())


def test_a_block_below_a_fence_that_was_opened_twice_is_live():
    tests, findings = read(f"```typescript\nlet a;\n\n### Next\n```typescript\nlet b;\n```\n\n{LIVE}")
    assert (len(tests), findings) == (1, ())


FAULTS = [
    (block(one("TEST:", "REQUIRED: true")), ["standard-test-empty"]),
    (block(one("REQUIRED: true")), ["standard-test-empty"]),
    (block(one("TEST: a", "TEST: b")), ["standard-field-twice"]),
    (block(one("TEST: a", "REQUIRED: perhaps")), ["standard-value-wrong"]),
    (block(one("TEST: a", "DEPENDS_ON: u, v")), ["standard-value-wrong"]),
    (block(one("TEST: a", "VARIABLES: [1]")), ["standard-value-wrong"]),
    (block(one("TEST: a", "and more")), ["standard-line-unknown"]),
    (block(one("TEST: a", "REQUIRE: true")), ["standard-field-unknown"]),
    (block("    <test>\n      TEST: a\n    </test>"), ["standard-test-unnamed"]),
    (block('    <test name="t">TEST: a</test>'), ["standard-test-malformed"]),
    (block('    <test name="t">\n      TEST: a'), ["standard-test-unclosed"]),
    (block("    TEST: a"), ["standard-block-empty", "standard-line-unknown"]),
    (block(one("TEST: a"), opening="<verification-block>"), ["standard-block-unnamed"]),
    (LIVE.replace("</verification-block>", ""), ["standard-block-unclosed"]),
    (LIVE.replace("</verification-block>", "## Next"), ["standard-block-unclosed"]),
]


@pytest.mark.parametrize(("content", "expected"), FAULTS)
def test_what_is_wrong_is_a_finding_with_its_line(content, expected):
    _, findings = read(content)
    assert sorted(ids(findings)) == sorted(expected)
    assert all(finding.where.line for finding in findings)


@pytest.mark.parametrize("content", [content for content, expected in FAULTS[:7]])
def test_a_test_with_a_fault_cannot_be_judged(content):
    (test,), _ = read(content)
    assert test.faults


def test_a_fault_in_one_test_leaves_the_others():
    tests, _ = read(block(one("TEST:", name="a"), one("TEST: true", name="b")))
    assert [(test.name, bool(test.faults)) for test in tests] == [("a", True), ("b", False)]


def test_a_command_over_several_lines_is_one_command():
    (test,), findings = read(block(one("TEST: |", "  test -f a", "  test -f b", "REQUIRED: false")))
    assert (test.command, test.required, findings) == ("test -f a\ntest -f b", False, ())


GRAPHS = [
    ([("a", []), ("b", ["a"])], {}),
    ([("b", ["a"]), ("a", [])], {}),
    ([("a", ["nowhere"])], {"a": "standard-dependency-unknown"}),
    ([("a", ["a"])], {"a": "standard-dependency-cycle"}),
    ([("a", ["b"]), ("b", ["c"]), ("c", ["a"]), ("d", ["a"])], dict.fromkeys("abc", "standard-dependency-cycle")),
    ([("a", []), ("b", ["a"]), ("c", ["a"]), ("d", ["b", "c"])], {}),
]


@pytest.mark.parametrize(("graph", "expected"), GRAPHS)
def test_dependencies_are_checked(graph, expected):
    tests, _ = read(block(*(one("TEST: x", f"DEPENDS_ON: {json.dumps(needs)}", name=name) for name, needs in graph)))
    checked, findings = check_graph(tests)
    assert {test.name: test.faults[0].id for test in checked if test.faults} == expected
    assert len(findings) == len(expected)


def test_two_tests_of_one_name_in_one_block_are_both_wrong_and_in_two_blocks_neither():
    twice, _ = read(block(one("TEST: x"), one("TEST: y")))
    apart, _ = read(block(one("TEST: x")) + block(one("TEST: y"), opening='<verification-block context-check="c">'))
    assert ids(check_graph(twice)[1]) == ["standard-name-twice"] * 2
    assert check_graph(apart)[1] == ()


def test_a_deep_chain_of_dependencies_is_followed():
    chain = [one("TEST: x", f'DEPENDS_ON: ["t{n + 1}"]', name=f"t{n}") for n in range(3000)]
    tests, _ = read(block(*chain, one("TEST: x", name="t3000")))
    assert check_graph(tests)[1] == ()


NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=40).filter(str.strip)


@given(name=NAMES, command=TEXTS, error=TEXTS, required=st.booleans(), needs=st.lists(NAMES, max_size=3))
def test_what_is_written_reads_back(name, command, error, required, needs):
    text = one(
        f"TEST: {encoded(command.strip())}", f"ERROR: {encoded(error)}", f"REQUIRED: {str(required).lower()}",
        f"DEPENDS_ON: {json.dumps(needs)}", name=name,
    )  # fmt: skip
    (test,), findings = read(block(text))
    assert findings == ()
    assert (test.name, test.command, test.error) == (name, command.strip(), error)
    assert (test.required, test.depends_on) == (required, tuple(needs))


@given(st.lists(st.sampled_from([*LIVE.splitlines(), "```", "<!--", "-->", "> x", "</test>", "TEST: |", "# H"])))
def test_any_order_of_lines_can_be_read(lines):
    tests, _ = read("\n".join(lines))
    assert all(test.line <= len(lines) for test in tests)


@pytest.mark.parametrize("piece", ["<verification-block\n", '<test name="a">\n', "<test> TEST: ", "```\n", "<!-- "])
def test_openers_without_ends_are_read(piece):
    read(f'<verification-block context-check="b">\n{piece * 20_000}')


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared plan repository is not beside this one")
def test_every_live_test_of_the_real_standards_is_read():
    for path in sorted(SHARED.rglob("*.md")):
        tests, findings = read_standard(path.read_text(), path.name)
        names = re.findall(r'^    <test name="(\w+)">$', path.read_text(), re.MULTILINE)
        assert ([test.name for test in tests], findings) == (names, ())
        assert all(test.command and not test.faults for test in check_graph(tests)[0])
