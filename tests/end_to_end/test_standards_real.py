"""The verbs that run nothing, over the real plan tree as it is: every figure here was counted by reading it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared/devnet"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared plan repository is not beside this one")

TESTS = {
    "architecture/clean-architecture.md": 7,
    "development/local-quality.md": 19,
    "development/package-scripts.md": 11,
    "development/testing-strategy.md": 7,
    "security/authentication-patterns.md": 4,
    # All of them stand below a fence that is opened twice and closed once.
    "stack-specific/drizzle-patterns.md": 11,
}
VACUOUS = {
    "architecture/clean-architecture.md": [323, 335, 341, 353],
    "development/testing-strategy.md": [1154],
    "stack-specific/drizzle-patterns.md": [955],
}


def told(*words: str) -> tuple[int, dict]:
    argv = [sys.executable, "-m", "devnet_runner", "standards", *words, "--format", "json"]
    ran = subprocess.run(argv, cwd=SHARED, capture_output=True, text=True, timeout=120, check=False)
    return ran.returncode, json.loads(ran.stdout)


def test_check_finds_nothing_wrong_with_how_they_are_written():
    code, answer = told("check")
    assert (code, answer["total"], answer["findings"]) == (0, 59, [])


def test_list_shows_every_test_and_what_it_needs():
    code, answer = told("list")
    tests = answer["tests"]
    found = Counter(test["file"].removeprefix("docs/standards/") for test in tests)
    assert (code, dict(found)) == (0, TESTS)
    assert (sum(test["required"] for test in tests), sum(test["blocking"] for test in tests)) == (52, 52)
    assert sum(len(test["depends_on"]) for test in tests) == 28
    assert Counter(name for test in tests for name in test["variables"]) == {
        "PROJECT_TYPE": 5, "PROJECT_COVERAGE": 2, "PROJECT_PHASES": 1,
    }  # fmt: skip


def test_a_quoted_command_is_decoded():
    _, answer = told("list", "docs/standards/stack-specific")
    (command,) = [test["command"] for test in answer["tests"] if test["line"] == 967]
    assert command == "! rg 'sql`' packages/core --glob '*.ts' --glob '!**/__tests__/**' --glob '!**/*.test.ts'"


def test_a_variable_says_where_its_value_comes_from():
    _, answer = told("list")
    shown = {name: tuple(answer["variables"][name].values()) for name in ("PROJECT_TYPE", "PROJECT_COVERAGE")}
    assert shown == {"PROJECT_TYPE": ("greenfield", "default"), "PROJECT_COVERAGE": ("98", "default for greenfield")}


def test_lint_names_exactly_the_tests_that_cannot_fail():
    code, answer = told("lint")
    places = sorted(one["where"] for one in answer["findings"] if one["id"] == "standard-vacuous")
    expected = [f"docs/standards/{file}:{line}" for file, lines in VACUOUS.items() for line in lines]
    assert (code, places) == (1, sorted(expected))
    assert all("rewrite it: " in one["fix"] for one in answer["findings"] if one["id"] == "standard-vacuous")


def test_lint_tells_what_standards_and_phases_name_that_is_not_in_this_part_of_the_tree():
    _, answer = told("lint")
    missing = {one["what"] for one in answer["findings"] if one["id"] == "standard-reference-missing"}
    named = {what.split("'")[1].rsplit("/", 1)[1] for what in missing}
    assert named == {
        "standards.md", "infrastructure-patterns.md", "database-migrations.md", "billing-patterns.md",
        "resilience-patterns.md", "hono-api.md", "streaming-patterns.md", "api-security.md", "metrics.md",
    }  # fmt: skip
