"""Variables, routing and waivers of standards, each over plain values."""

from __future__ import annotations

import json
from datetime import date

import pytest

from devnet_runner.errors import InputError
from devnet_runner.settings.waivers import read_waiver
from devnet_runner.standards import StandardTest
from devnet_runner.standards.routing import reachable, requests, route
from devnet_runner.standards.variables import Variable, check_variables, variables_of
from devnet_runner.standards.waivers import Waiver, check_waivers

TODAY = date(2026, 3, 1)


def among(files):
    return files.get


def values(files=None, given=None, *, phases=True):
    found = variables_of(among(files or {}), "folder", given or {}, phases=phases)
    return {name: one.value for name, one in found.items()}


def package(**keys):
    return {"package.json": json.dumps(keys)}


COVERAGE = [
    (package(scripts={"coverage": "vitest run --threshold=91"}), "91"),
    (package(scripts={"coverage": "vitest --coverage.thresholds.lines=92"}), "92"),
    (package(jest={"coverageThreshold": {"global": {"branches": 10, "lines": 93}}}), "93"),
    ({"vitest.config.ts": "test: {\n coverage: {\n thresholds: {\n  branches: 10,\n  lines: 94,\n },\n },\n}"}, "94"),
    ({"vitest.config.ts": "thresholds: {\n  // thresholds: { lines: 1 }\n  lines: 97.5,\n}"}, "97.5"),
    ({"vitest.config.ts": "// thresholds: { lines: 1 }\n", "jest.config.js": "coverageThreshold: 90"}, "90"),
    ({"vitest.config.ts": "thresholds: { lines: 400 }"}, "98"),
    ({"eslint.config.mjs": ""}, "80"),
    ({"jest.config.js": "coverageThreshold: { global: { lines: 95 } }"}, "95"),
    ({"package.json": "{", "vitest.config.mts": "thresholds: { lines: 96 }"}, "96"),
    ({"package.json": "[1]"}, "98"),
    ({}, "98"),
    ({".eslintrc.json": "{}"}, "80"),
    ({"MIGRATION.md": ""}, "70"),
]


@pytest.mark.parametrize(("files", "expected"), COVERAGE)
def test_the_coverage_asked_for_is_found(files, expected):
    assert values(files)["PROJECT_COVERAGE"] == expected


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("PROJECT_NAME", package(name="shop"), "shop"),
        ("PROJECT_NAME", {"pyproject.toml": '[project]\nname = "shop"\n'}, "shop"),
        ("PROJECT_NAME", {}, "folder"),
        ("PROJECT_TYPE", {}, "greenfield"),
        ("PROJECT_TYPE", {".eslintrc": "", "biome.json": "{}"}, "greenfield"),
        ("PACKAGE_MANAGER", package(packageManager="yarn@4.1.0"), "yarn"),
        ("PACKAGE_MANAGER", {"package-lock.json": ""}, "npm"),
        ("NODE_VERSION", {".nvmrc": "v20.11.0\n"}, "20"),
        ("NODE_VERSION", package(engines={"node": ">=18"}), "18"),
        ("TESTING_FRAMEWORK", package(devDependencies={"jest": "1"}), "jest"),
        ("TEST_FRAMEWORK", {"pyproject.toml": "[tool.pytest.ini_options]"}, "pytest"),
        ("GIT_HOOKS", {".husky/pre-commit": ""}, "husky"),
        ("PORT_WEB", {}, "4000"),
    ],
)
def test_a_project_tells_about_itself(name, files, expected):
    assert values(files)[name] == expected


def test_settings_take_precedence_and_the_rest_follows_them():
    found = values({".eslintrc": ""}, {"PROJECT_TYPE": "legacy", "MINE": "1"}, phases=False)
    assert (found["PROJECT_TYPE"], found["PROJECT_COVERAGE"], found["MINE"]) == ("legacy", "70", "1")
    assert found["PROJECT_PHASES"] == "false"


def a_test(command="true", **fields):
    return StandardTest("s.md", "b", "t", 7, command, **fields)


KNOWN = {name: Variable(name, "1", "default") for name in ("PORT_WEB", "PROJECT_TYPE")}


@pytest.mark.parametrize(
    ("command", "declared", "expected"),
    [
        ('test "${PORT_WEB}" = 1', ("PORT_WEB",), ""),
        ('test "$PORT_WEB" = 1', (), "standard-variable-undeclared"),
        ("true", ("PORT_NOWHERE",), "standard-variable-unknown"),
        (r"grep '\${.*}' a", (), ""),
        ("grep '${PORT_WEB}' a", (), ""),
        ("X=$(ls | wc -l); test $X -gt 1", (), ""),
        ("for F in *.md; do cat $F; done", (), ""),
        ("ls $HOME $1 $? $'\\t'", (), ""),
        ("test $lower = x", (), ""),
    ],
)
def test_variables_are_declared_and_known(command, declared, expected):
    (test,), findings = check_variables([a_test(command, variables=declared)], KNOWN)
    assert [finding.id for finding in findings] == ([expected] if expected else [])
    assert bool(test.faults) == bool(expected)


ROOT = """\
# Standards

<conditional-block task-condition="database|sql" context-check="db">
REQUEST: "Get database rules from architecture/standards.md"
</conditional-block>
<conditional-block context-check="login" task-condition="Login|password">
REQUEST: "Get security rules from security/auth.md#rules"
</conditional-block>

```
REQUEST: "Get an example from nowhere.md"
```
"""
TREE = {
    "docs/standards.md": ROOT,
    "docs/architecture/standards.md": 'REQUEST: "Get one from repositories.md"\nREQUEST: "Get more from deep/1.md"',
    "docs/architecture/repositories.md": "x",
    "docs/security/auth.md": "x",
    "docs/architecture/deep/1.md": "REQUEST: \"Get two from 2.md\"",
    "docs/architecture/deep/2.md": "REQUEST: \"Get three from 3.md\"",
    "docs/architecture/deep/3.md": "REQUEST: \"Get one from 1.md\"",
}  # fmt: skip


def routed(words):
    return [one.path for one in route("docs/standards.md", words, among(TREE))]


def test_a_task_is_led_to_the_standards_of_its_words():
    assert routed("a LOGIN page") == ["docs/security/auth.md"]
    assert routed("garden") == []


def test_what_wins_comes_first_and_three_requests_are_followed():
    assert routed("SQL for the login") == [
        "docs/security/auth.md",
        "docs/architecture/deep/1.md",
        "docs/architecture/deep/2.md",
        "docs/architecture/repositories.md",
        "docs/architecture/standards.md",
    ]


def test_a_route_says_which_way_it_went():
    (found,) = [one for one in route("docs/standards.md", "sql", among(TREE)) if one.path.endswith("repositories.md")]
    assert found.via == ("docs/standards.md", "docs/architecture/standards.md")


def test_what_no_task_is_led_to_is_not_reachable():
    assert "docs/architecture/deep/3.md" not in reachable("docs/standards.md", among(TREE))
    assert "docs/architecture/deep/2.md" in reachable("docs/standards.md", among(TREE))


def test_a_request_in_other_words_is_a_finding():
    asked, findings = requests('REQUEST: "Fetch rules"\n', "d.md")
    assert (asked, [(one.id, one.where.line) for one in findings]) == ((), [("standard-request-wrong", 1)])


WAIVER = Waiver("waivers/w.yaml", 1, "Ada", "vendor bug", ("s.md#b/t",), "2026-06-30", "docs/adr/1.md")


def waived(waiver, tests=None, exists=lambda _: True):
    held, findings = check_waivers([waiver], tests or [a_test()], TODAY, exists)
    return list(held), [finding.id for finding in findings]


def changed(**fields):
    names = ("path", "line", "who", "why", "tests", "until", "decision")
    return Waiver(**{name: fields.get(name, getattr(WAIVER, name)) for name in names})


@pytest.mark.parametrize(
    ("waiver", "expected"),
    [
        (WAIVER, []),
        (changed(until="2026-03-01"), []),
        (changed(until="2026-02-28"), ["waiver-expired"]),
        (changed(until="soon"), ["waiver-incomplete"]),
        (changed(until="2028-01-01"), ["waiver-too-broad"]),
        (changed(who=""), ["waiver-incomplete"]),
        (changed(why=""), ["waiver-incomplete"]),
        (changed(decision=""), ["waiver-incomplete"]),
        (changed(tests=()), ["waiver-incomplete"]),
        (changed(tests=("s.md#b/*",)), ["waiver-too-broad"]),
        (changed(tests=("s.md",)), ["waiver-too-broad"]),
        (changed(tests=("s.md#b",)), ["waiver-too-broad"]),
        (changed(tests=("s.md#b/u",)), ["waiver-unknown-test"]),
        (changed(tests=("s.md#b/t",) * 21), ["waiver-too-broad"]),
    ],
)
def test_a_waiver_holds_only_where_all_of_it_is_right(waiver, expected):
    assert waived(waiver) == ([] if expected else ["s.md#b/t"], expected)


def test_a_waiver_rests_on_a_decision_that_exists_and_that_the_test_asks_for():
    asks = [a_test(bypass_requires="ADR-7")]
    assert waived(WAIVER, exists=lambda _: False)[1] == ["waiver-decision-missing"]
    assert waived(WAIVER, asks)[1] == ["waiver-decision-missing"]
    assert waived(changed(decision="docs/adr/adr-7-login.md"), asks)[1] == []


@pytest.mark.parametrize(
    ("required", "decision", "holds"),
    [
        ("", "notes/x.md", True),
        ("docs/adr/7.md", "docs/adr/7.md", True),
        ("docs/adr/7.md", "./docs/adr/7.md", True),
        ("ADR-7", "docs/adr/adr-7-login.md", True),
        ("an ADR in docs/adr/, signed", "docs/adr/7.md", True),
        ("docs/adr/7.md", "adr", False),
        ("docs/adr/7.md", "7.md", False),
        ("an ADR in docs/adr/", "docs/adrift.md", False),
        ("an ADR in docs/adr/", "docs/adr/../x.md", False),
        ("approval by the owners", "docs/adr/7.md", False),
    ],
)
def test_only_the_document_that_a_test_asks_for_decides(required, decision, holds):
    held, _ = waived(changed(decision=decision), [a_test(bypass_requires=required)])
    assert bool(held) == holds


def test_a_waiver_is_read_from_its_file():
    text = "who: Ada\nwhy: vendor bug\ntests: ['s.md#b/t']\nuntil: 2026-06-30\ndecision: docs/adr/1.md\n"
    assert read_waiver(text, "waivers/w.yaml") == (WAIVER, ())


@pytest.mark.parametrize("text", ["who: [1]\n", "whom: Ada\n", "- who\n", ""])
def test_a_waiver_that_is_written_wrong_holds_nothing(text):
    waiver, faults = read_waiver(text, "w.yaml")
    assert faults or waived(waiver)[1] == ["waiver-incomplete"]


def test_a_waiver_that_is_no_yaml_is_refused():
    with pytest.raises(InputError):
        read_waiver("who: [", "w.yaml")
