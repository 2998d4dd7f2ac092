"""What a survey sees in a repository, as tables over trees that are written here."""

from __future__ import annotations

import json

import pytest

from devnet_runner.settings import read_settings
from devnet_runner.survey import Tree, look, render

BLOCK = "<!-- @include-from: {path}#rules, hash: " + "0" * 64 + " -->\nx\n<!-- @end-include -->\n"
TEST = "def test_a():\n    assert 1 + 1 == 2\n"
MARKED = "import pytest\n\n\n@pytest.mark.blocking\n" + TEST
SHOP = {"shop/__init__.py": ""}


def tree(files: dict[str, str]) -> Tree:
    """The same tree that a folder with these files would be."""

    def names(folder: str) -> tuple[str, ...]:
        base = f"{folder}/" if folder else ""
        below = [path.removeprefix(base) for path in files if path.startswith(base)]
        return tuple(sorted({f"{one.partition('/')[0]}/" if "/" in one else one for one in below}))

    return Tree(files.get, names)


def survey(files: dict[str, str]):
    return look(tree(files), "shop")


def settings(files: dict[str, str]):
    return read_settings(render(survey(files)))


MINIMUMS = [
    ({"pyproject.toml": "[tool.coverage.report]\nfail_under = 91\n"}, "91"),
    ({"pyproject.toml": "[tool.coverage.report]\nfail_under = 90.0\n"}, "90"),
    ({"pyproject.toml": "[tool.coverage.report]\nfail_under = 99.99999\n"}, "99.99999"),
    ({".coveragerc": "[report]\nfail_under = 77\n"}, "77"),
    ({"setup.cfg": "[coverage:report]\nfail_under = 66\n"}, "66"),
    ({"tox.ini": "[coverage:report]\nfail_under = 55\n"}, "55"),
    ({".coveragerc": "[report]\nfail_under = 77\n", "setup.cfg": "[coverage:report]\nfail_under = 66\n"}, "77"),
    ({"vitest.config.ts": "test: {coverage: {thresholds: {lines: 88}}}"}, "88"),
    ({"packages/a/vitest.config.ts": "thresholds: {lines: 88}"}, "88"),
    *(({"pyproject.toml": f"[tool.coverage.report]\nfail_under = {value}\n"}, None)
      for value in ("true", "200", "-1", "0", "nan", "inf", "'much'", "[1]", "2020-01-01")),
    ({"pyproject.toml": "[tool]\ncoverage = 3\n"}, None),
    ({".coveragerc": "no section\n"}, None),
    ({".coveragerc": "[report]\nfail_under = %(x)s\n"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("files", "minimum"), MINIMUMS)
def test_the_minimum_is_what_the_projects_own_tools_ask_for(files, minimum):
    found = settings(SHOP | files).layers[0].minimum
    assert (None if found is None else str(found)) == minimum


def test_tools_that_ask_for_different_minimums_are_told_and_neither_is_taken():
    found = survey(
        {"packages/a/vitest.config.ts": "thresholds: {lines: 80}", "vitest.config.ts": "thresholds: {lines: 90}"}
    )
    assert found.minimum.percent == ""
    assert any("80 in packages/a" in one and "90 in vitest" in one for one in found.undecided)


PYTESTS = [
    ({"tests/test_a.py": TEST}, ("tests",), "all"),
    ({"tests/test_a.py": MARKED}, ("tests",), "blocking"),
    ({"tests/test_a.py": TEST, "conftest.py": "# adds the mark blocking"}, ("tests",), "blocking"),
    ({"tests/a/b/c/test_a.py": TEST}, ("tests",), "all"),
    ({"tests/a_test.py": TEST}, ("tests",), "all"),
    ({"test_a.py": TEST}, (".",), "all"),
    ({"pytest.ini": "[pytest]\ntestpaths = checks more\n", "checks/test_a.py": TEST}, ("checks",), "all"),
    ({"tox.ini": "[pytest]\ntestpaths = checks\n", "checks/test_a.py": MARKED}, ("checks",), "blocking"),
    ({"setup.cfg": "[tool:pytest]\ntestpaths =\n  checks\n", "checks/test_a.py": TEST}, ("checks",), "all"),
    ({"pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = 'checks'\n", "checks/test_a.py": TEST},
     ("checks",), "all"),
    ({"pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['/etc', '../x', 'gone']\n", "test/test_a.py": TEST},
     ("test",), "all"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "paths", "select"), PYTESTS)
def test_pytest_runs_where_the_project_says_and_counts_every_test_where_none_is_marked(files, paths, select):
    (suite,) = settings(files).suites
    assert (suite.paths, suite.select) == (paths, select)


def package(**more):
    return json.dumps({"name": "a", **more})


VITEST = package(devDependencies={"vitest": "3", "@vitest/coverage-v8": "3"})
VITESTS = [
    ({"packages/a/package.json": VITEST}, {"packages-a"}),
    ({"modules/a/package.json": VITEST, "package.json": package(workspaces=["modules/*"])}, {"modules-a"}),
    (
        {"modules/a/package.json": VITEST, "package.json": package(workspaces={"packages": ["./modules/*"]})},
        {"modules-a"},
    ),
    ({"modules/a/package.json": VITEST, "pnpm-workspace.yaml": "packages:\n  - 'modules/*'\n"}, {"modules-a"}),
    ({"modules/a/package.json": VITEST, "package.json": package(workspaces=["../*", "/etc/*", 3, "**"])}, set()),
    ({"packages/a/package.json": package(devDependencies=["vitest"])}, set()),
]


@pytest.mark.parametrize(("files", "suites"), VITESTS)
def test_vitest_is_found_in_the_packages_of_a_workspace(files, suites):
    assert {suite.id for suite in settings(files).suites} == suites


@pytest.mark.parametrize(("needs", "measured"), [(VITEST, True), (package(devDependencies={"vitest": "3"}), False)])
def test_coverage_is_asked_of_vitest_where_it_can_measure_and_else_said_to_be_undecided(needs, measured):
    found = survey({"package.json": needs})
    (suite,) = read_settings(render(found)).suites
    assert bool(suite.coverage) == ("--coverage" in suite.command) == measured
    assert any("@vitest/coverage-v8" in one for one in found.undecided) is not measured


def test_packages_of_one_name_are_one_layer_that_loses_neither():
    (layer,) = settings({"packages/core/src/a.ts": "", "apps/core/src/b.ts": ""}).layers
    assert layer.paths == ("packages/core/src/**", "apps/core/src/**")


QUOTES = [
    ({"docs/old/includes/a.md": ""}, (), False),
    ({"includes/a.md": ""}, (("docs/old/includes", "includes"),), False),
    ({"old/includes/a.md": ""}, (("docs/old", "old"),), False),
    ({"a.md": ""}, (), True),
]


@pytest.mark.parametrize(("files", "pairs", "lost"), QUOTES)
def test_the_path_map_leads_to_where_quoted_files_are(files, pairs, lost):
    document = {"phases/phase-1-x.md": "# Phase 1: X\n\n" + BLOCK.format(path="docs/old/includes/a.md")}
    found = survey(document | files)
    assert read_settings(render(found)).include_paths == pairs
    assert any("docs/old/includes/a.md lies" in one for one in found.undecided) == lost


def test_templates_are_no_phases_and_do_not_hide_the_plan():
    found = survey({"phases/phase-template.md": "", "phases/phase-1.markdown": "", "docs/phases/phase-2-x.md": ""})
    assert (found.plan, found.phases) == ("docs/phases", 1)


IGNORES = [("", True), ("__pycache__/\n", False), ("*.py[cod]\n", False), ("*.pyc\n", False)]


@pytest.mark.parametrize(("ignored", "told"), IGNORES)
def test_what_suites_leave_in_the_tree_is_told_where_git_does_not_ignore_it(ignored, told):
    found = survey({"tests/test_a.py": TEST, ".gitignore": ignored})
    assert any(".gitignore" in one for one in found.undecided) == told


HOSTILE = [
    {"pyproject.toml": "[tool]\npytest = 'x'\n"},
    {"pyproject.toml": "tool = 3\nproject = 4\n"},
    {"pyproject.toml": "[project]\nname = ['a']\n"},
    {"package.json": package(dependencies=3, workspaces=3)},
    {"package.json": json.dumps({"name": "a\0b\x1bc\nd: e"})},
    {"package.json": json.dumps({"name": "x" * 100_000})},
    {"package.json": json.dumps({"name": "\u2028 # \ufeff"})},
    {"docs/standards": "a file", "packages": "a file", "packages/core": "a file"},
    {"pytest.ini": "\0\0", "setup.cfg": "[a\n", "tox.ini": "[pytest]\n[pytest]\n"},
]


@pytest.mark.parametrize("files", HOSTILE)
def test_whatever_files_hold_the_settings_can_be_used(files):
    found = settings(files)
    assert found.project.isprintable()
    assert 0 < len(found.project) <= 200
    assert found.standards.folders == ()


GOLDEN = """\
# What `devnet-run` needs to know of this project; docs/formats.md of devnet-runner explains every key.
#
# Left for you to decide:
#  - which suite proves which step: those below count for every step; bind them with `phase` and `step`

project: shop
plan: phases  # 1 phase documents here

includes:
  paths:  # where documents say that quoted files are, and where they are
    old/includes: includes

standards:
  folders: [docs/standards]
  waivers: waivers
  # Make the standards that a phase needs a part of its verdict: `routed`, `all`, or paths.
  # phases: {phase-1: routed}

layers:  # the coverage that a phase's document asks for holds for each of them
  shop:
    paths: ['shop/**']
    minimum: 77  # as .coveragerc asks

suites:  # of pytest, the tests with the mark `blocking` are run, or all with `select: all`
  - id: pytest  # seen in tests
    runner: pytest
    paths: [tests]
    select: all  # no test is marked `blocking`: every one counts
    # phase: phase-1
    # step: 1
"""


def test_the_written_file_reads_like_this():
    files = SHOP | {
        "phases/phase-1-x.md": "# Phase 1: X\n\n" + BLOCK.format(path="old/includes/a.md"),
        "includes/a.md": "", "docs/standards/a.md": "", "waivers/a.yaml": "", "tests/test_a.py": TEST,
        ".coveragerc": "[report]\nfail_under = 77\n", ".gitignore": "__pycache__/\n",
    }  # fmt: skip
    assert render(survey(files)) == GOLDEN
