"""What lint knows of standards beyond whether they can be read: where they lead, what is missing, what is idle."""

from __future__ import annotations

from pathlib import Path

import pytest

from devnet_runner.commands.standards_choice import of_phase
from devnet_runner.phase import read_phase
from devnet_runner.plan_tree import find_document
from devnet_runner.settings import load
from devnet_runner.standards import StandardTest, read_standard
from devnet_runner.standards.links import Library, lint_links
from devnet_runner.standards.lint import lint_tests
from devnet_runner.standards.routing import mentioned, resolved, route
from devnet_runner.text import read_text

SHARED = Path(__file__).resolve().parents[2].parent / "shared/devnet"
ROOT = "docs/standards/standards.md"


def conditional(*asked: str, words: str = "sql", name: str = "db") -> str:
    lines = "\n".join(f'    REQUEST: "{one}"' for one in asked)
    return f'<conditional-block task-condition="{words}" context-check="{name}">\n{lines}\n</conditional-block>\n'


def tree(**files: str) -> dict[str, str]:
    return {f"docs/standards/{name.replace('__', '/')}.md": text for name, text in files.items()}


def linted(files, documents=(), *, root=ROOT, whole=True):
    findings = lint_links(root, documents, Library(files.get), whole=whole)
    return [(finding.id, str(finding.where).removeprefix("docs/standards/")) for finding in findings]


RULES = "# Rules\n\n## Names of tables\n"
LINKS = [
    (conditional("Get rules from db/rules.md#names-of-tables"), []),
    (conditional("Get rules from docs/standards/db/rules.md"), []),
    (conditional("Get rules from @docs/standards/db/rules.md"), []),
    (conditional("Get rules from db/rulez.md"), [("standard-reference-missing", "standards.md:2")]),
    (conditional("Get rules from db/rules.md#names"), [("standard-anchor-missing", "standards.md:2")]),
    (conditional("Load rules from db/rules.md"), [("standard-request-wrong", "standards.md:2")]),
    (conditional("Get rules"), [("standard-request-wrong", "standards.md:2")]),
    (conditional("Get rules from db/rules.md", "Get more from db/rules.md#names-of-tables"), []),
    (conditional("Get a from db/rules.md") * 2, [("standard-context-twice", "standards.md:4")]),
    (conditional("Get a from db/rules.md").partition("</")[0], [("standard-condition-unclosed", "standards.md:1")]),
    (conditional("Get a section from standards.md#title") + "# Title\n", []),
    (conditional("Get all from standards.md"), [("standard-route-cycle", "standards.md:2")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LINKS)
def test_what_a_dispatcher_asks_for_is_looked_up(text, expected):
    assert linted(tree(standards=text, db__rules=RULES)) == expected


def test_a_circle_over_dispatchers_is_told_once():
    files = tree(
        standards=conditional("Get a from one/a.md", name="x"),
        one__a=conditional("Get b from two/b.md", name="y"),
        two__b=conditional("Get a from one/a.md", name="z"),
    )
    assert linted(files) == [("standard-route-cycle", "two/b.md:2")]


def test_documents_that_no_request_leads_to_are_told_where_the_whole_is_meant():
    files = tree(standards=conditional("Get rules from db/rules.md"), db__rules=RULES, db__lost=RULES)
    documents = [path for path in files if path != ROOT]
    assert linted(files, documents) == [("standard-unreachable", "db/lost.md")]
    assert linted(files, documents, whole=False) == []
    assert linted(files, documents, root="") == []


def test_without_a_dispatcher_the_requests_of_standards_are_still_looked_up():
    files = tree(db__rules=conditional("Get more from db/metrics.md") + RULES)
    assert linted(files, files, root="") == [("standard-reference-missing", "db/rules.md:2")]


def test_very_many_requests_are_looked_up():
    many = "".join(conditional(*["Get b from two/b.md", "Get a from one/a.md"] * 2500, name="n"))
    files = tree(standards=many, one__a=many, two__b=many)
    found = {kind for kind, _ in linted(files)}
    assert found == {"standard-context-twice", "standard-route-cycle"}


@pytest.mark.parametrize(
    ("dispatcher", "target", "expected"),
    [
        ("docs/standards/db/standards.md", "rules.md", "docs/standards/db/rules.md"),
        ("docs/standards/db/standards.md", "db/rules.md", "docs/standards/db/rules.md"),
        ("docs/standards/db/standards.md", "docs/standards/db/rules.md", "docs/standards/db/rules.md"),
        ("docs/standards/standards.md", "./db/rules.md", "docs/standards/db/rules.md"),
        ("docs/standards/standards.md", "nowhere.md", "nowhere.md"),
        ("../other/standards.md", "rules.md", "rules.md"),
        ("/other/standards.md", "rules.md", "rules.md"),
    ],
)
def test_a_path_is_meant_from_the_dispatcher_or_a_folder_above_it(dispatcher, target, expected):
    assert resolved(target, dispatcher, tree(db__rules=RULES).get) == expected


def test_a_standard_of_a_category_is_routed_by_its_path_below_the_standards():
    files = tree(
        standards=conditional("Get database standards from db/standards.md"),
        db__standards=conditional("Load rules from db/rules.md#names-of-tables", words="table|sql"),
        db__rules=RULES,
    )
    found = {one.path: one for one in route(ROOT, "make an SQL table", files.get)}
    rules = found["docs/standards/db/rules.md"]
    assert (rules.anchor, rules.condition) == ("names-of-tables", "table|sql")
    assert rules.via == (ROOT, "docs/standards/db/standards.md")


KNOWN = [f"docs/standards/{name}.md" for name in ("db/rules", "db/overview", "web/overview", "web/pages")]
MENTIONS = [
    ("see @docs/standards/db/rules.md (root)", ["db/rules"]),
    ("[rules](db/rules.md#names), `web/pages.md`", ["db/rules", "web/pages"]),
    ("```claude\nrules.md: names\n```", ["db/rules"]),
    ("overview.md", []),
    ("db/overview.md.", ["db/overview"]),
    ("xrules.md and rules.mdx and elsewhere/rules.md", []),
    ("> rules.md\n<!-- rules.md -->\n<!--\nrules.md\n-->", []),
]


@pytest.mark.parametrize(("text", "expected"), MENTIONS)
def test_a_phase_names_standards_by_the_end_of_their_paths(text, expected):
    assert mentioned(text, "p.md", KNOWN) == tuple(f"docs/standards/{name}.md" for name in expected)


def test_a_document_of_any_length_is_asked_for_names():
    assert mentioned("a.md/" * 400_000, "p.md", KNOWN) == ()


def a_test(command="grep -q x a", **fields):
    told = {"fields": ("TEST", "REQUIRED", "ERROR", "DESCRIPTION")} | fields
    return StandardTest("s.md", "b", told.pop("name", "t"), 7, command, **told)


TESTS = [
    (a_test(), []),
    (a_test(fields=("TEST",)), ["standard-field-missing"]),
    (a_test(name="organizeImports"), ["standard-name-style"]),
    (a_test(name="has__two"), ["standard-name-style"]),
    (a_test(variables=("PORT_WEB",)), ["standard-variable-unused"]),
    (a_test("grep -q ${PORT_WEB} a", variables=("PORT_WEB",)), []),
    (a_test("node -e 'process.env.PORT_WEB'", variables=("PORT_WEB",)), ["standard-does-more"]),
    (a_test("grep -q '${PORT_WEB}' a", variables=("PORT_WEB",)), ["standard-variable-quoted"]),
    (a_test("grep -r x . | head -1"), ["standard-vacuous"]),
    (a_test("test -f a || echo none"), ["standard-vacuous"]),
    (a_test("! grep -r x . | head -1"), ["standard-cannot-pass"]),
    (a_test("touch a"), ["standard-does-more"]),
]


@pytest.mark.parametrize(("test", "expected"), TESTS)
def test_a_test_is_looked_at_without_running_it(test, expected):
    assert [finding.id for finding in lint_tests([test])] == expected


def test_a_vacuous_test_blocks_where_the_test_does():
    found = [lint_tests([a_test("ls | head -1", blocking=blocking)])[0].blocking for blocking in (True, False)]
    assert found == [True, False]


def test_two_blocks_of_one_name_are_told_in_one_document_and_over_two():
    text = '<verification-block context-check="b">\n<test name="{}">\nTEST: true\n</test>\n</verification-block>\n'
    _, findings = read_standard(text.format("t") + text.format("u"), "d.md")
    assert [(one.id, one.where.line) for one in findings] == [("standard-block-twice", 6)]
    apart = [a_test(), StandardTest("t.md", "b", "t", 1, "true", fields=("REQUIRED", "ERROR", "DESCRIPTION"))]
    assert "standard-block-twice" in [one.id for one in lint_tests(apart)]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared plan repository is not beside this one")
def test_the_real_standards_lead_where_they_say_but_for_one():
    paths = [str(path.relative_to(SHARED)) for path in sorted((SHARED / "docs/standards").rglob("*.md"))]
    files = {path: (SHARED / path).read_text() for path in paths}
    found = linted(files, paths, root="")
    assert [one for one in found if one[0] != "standard-request-wrong"] == [
        ("standard-reference-missing", "development/local-quality.md:434")
    ]
    assert len(found) == 5


ROUTED = [
    ("1", ["architecture/clean-architecture", "development/testing-strategy"]),
    ("3", ["security/authentication-patterns", "stack-specific/drizzle-patterns"]),
]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared plan repository is not beside this one")
@pytest.mark.parametrize(("number", "expected"), ROUTED)
def test_the_real_phases_are_led_to_the_standards_that_they_name(number, expected):
    settings = load(SHARED)
    document = find_document(number, SHARED, settings.plan, SHARED)
    phase = read_phase(read_text(SHARED / document, document))
    assert of_phase(SHARED, settings, phase) == tuple(f"docs/standards/{name}.md" for name in expected)
