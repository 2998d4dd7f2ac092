"""Measures: counts that add up, compared exactly, gathered into layers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from devnet_runner.measures import FileMeasure, LayerMeasure, Ratio, by_layer, sources, strays
from devnet_runner.measures.layers import ranges
from devnet_runner.settings import Layer

ROOT = Path("/project")


@pytest.mark.parametrize(
    ("covered", "total", "minimum", "enough"),
    [
        (95, 100, "95", True),
        (94_999, 100_000, "95", False),
        (975, 1000, "97.5", True),
        (974, 1000, "97.5", False),
        (2, 3, "66.66", True),
        (2, 3, "66.67", False),
        # More digits than Decimal keeps in a product.
        (95, 100, "95.00000000000000000000000000000001", False),
        (10**30 - 1, 10**30, "100", False),
        (0, 0, "1", True),  # no data is its own finding, before any minimum
    ],
)
def test_a_minimum_is_compared_in_integers(covered: int, total: int, minimum: str, enough: bool) -> None:
    assert Ratio(covered, total).meets(Decimal(minimum)) is enough


@pytest.mark.parametrize(
    ("covered", "total", "text"),
    [
        (1, 1, "100 %"),
        (99_999, 100_000, "99.99 %"),
        (10**9 - 1, 10**9, "99.99 %"),
        (0, 9, "0 %"),
        (1, 100_000, "< 0.01 %"),
        (0, 0, "no data"),
        (1, 2, "50 %"),
        (949_999, 1_000_000, "94.99 %"),
        (105, 1000, "10.50 %"),
    ],
)
def test_percentages_are_rounded_down(covered: int, total: int, text: str) -> None:
    assert Ratio(covered, total).percent() == text


def measure(path: str, lines: dict[int, bool], branches: dict[int, tuple[bool, ...]] | None = None) -> FileMeasure:
    """A file's measure, its branches by the line that they leave."""
    taken = {(line, str(n)): hit for line, hits in (branches or {}).items() for n, hit in enumerate(hits)}
    return FileMeasure.of(path, lines, taken)


def test_a_line_ran_if_it_ran_in_either_of_two_measures() -> None:
    one = measure("a", {1: True, 2: False, 3: False}, {1: (True, False)})
    other = measure("a", {2: True, 3: False, 4: True}, {1: (False, False), 4: (True,)})
    both = one.merged(other)
    assert both == other.merged(one)
    assert (both.line_ratio(), both.branch_ratio()) == (Ratio(3, 4), Ratio(2, 3))
    assert (both.missing_lines(), both.missing_branches(), both.missing()) == ((3,), (1,), [1, 3])


@pytest.mark.parametrize(
    ("path", "outside"), [("a/b", False), ("..", True), ("../a", True), ("/a", True), ("..a/b", False)]
)
def test_a_file_knows_whether_it_is_outside(path: str, outside: bool) -> None:
    assert measure(path, {1: True}).outside is outside


FILES = (
    measure("src/a.py", {1: True, 2: False, 3: False}, {1: (True, True)}),
    measure("src/deep/b.py", {1: True, 2: True}, {2: (True, False)}),
    measure("lib/c.py", {7: False}),
    measure("/elsewhere/src/d.py", {1: True}),
    measure("../src/e.py", {1: True}),
)


def layered(*patterns: str, minimum: str | None = None) -> LayerMeasure:
    """The measure of a layer with these paths."""
    (layer,) = by_layer(FILES, [Layer("one", patterns, Decimal(minimum) if minimum else None)])
    return layer


def test_a_layer_adds_up_its_files_and_names_where_most_is_missing() -> None:
    layer = layered("src/**")
    assert (layer.lines, layer.branches, layer.files) == (Ratio(3, 5), Ratio(3, 4), 2)
    assert [str(gap) for gap in layer.gaps] == ["src/a.py:2-3"]
    assert [str(gap) for gap in layer.branch_gaps] == ["src/deep/b.py:2"]


def test_files_outside_count_for_no_layer_even_if_it_names_everything() -> None:
    assert layered("**").files == 3


def test_a_layer_is_enough_where_lines_and_branches_both_reach_it() -> None:
    assert layered("src/**", minimum="60").enough
    assert not layered("src/**", minimum="61").enough
    assert not layered("src/deep/**", minimum="51").enough
    assert not layered("nowhere/**").enough


def test_what_may_be_claimed_is_the_lower_of_the_two() -> None:
    assert layered("src/deep/**").worst() == Ratio(1, 2)
    assert layered("src/**").worst() == Ratio(3, 5)
    assert layered("lib/**").worst() == Ratio(0, 1)


def test_a_layer_is_summed_up_in_one_line() -> None:
    assert layered("src/**", minimum="95").summary() == "one: 60 % lines, 75 % branches in 2 files, at least 95 %"
    assert layered("lib/**").summary() == "one: 0 % lines, no branches in 1 files"


def test_a_layer_as_json_holds_counts_and_gaps() -> None:
    value = layered("src/**", minimum="95.50").to_json()
    assert value["lines"] == {"covered": 3, "total": 5}
    assert (value["minimum"], value["gaps"]) == ("95.50", ["src/a.py:2-3", "src/deep/b.py:2"])


def test_strays_are_the_files_that_count_nowhere() -> None:
    found = strays(FILES, [Layer("one", ("src/**",)), Layer("two", ("other",))])
    assert [one.path for one in found] == ["../src/e.py", "/elsewhere/src/d.py", "lib/c.py"]


@pytest.mark.parametrize(
    ("pattern", "path", "named"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("src", "src/a.py", True),
        ("src/", "src/a.py", True),
        ("./src", "src/a.py", True),
        ("src", "srcs/a.py", False),
        ("**/infra/*.ts", "packages/x/infra/a.ts", True),
        ("**/infra/*.ts", "infra/a.ts", True),
        ("**/**/**/a.ts", "a.ts", True),
        ("src/**/a.py", "src/a.py", True),
        ("src/a.py", "src/a.py", True),
        ("src/?.py", "src/a.py", True),
        ("src/?.py", "src//.py", False),
        ("src/a.py", "src/aXpy", False),
        (".", "src/a.py", True),
        ("**", "src/a.py", True),
        ("src/[id]/*.ts", "src/[id]/a.ts", True),
    ],
)
def test_patterns_name_files(pattern: str, path: str, named: bool) -> None:
    assert bool(by_layer([measure(path, {1: True})], [Layer("l", (pattern,))])[0].files) is named


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("src/infra/**", "src/infra"), ("src/infra/*.py", "src/infra"), ("lib/x.py", "lib"), ("x.py", "."),
        ("src", "src"), ("src/foo*.py", "src"), ("**/*.py", "."), ("./src/", "src"), (".", "."), ("src/a?/**", "src"),
    ],
)  # fmt: skip
def test_the_source_of_a_layer_is_the_folder_that_holds_it(pattern: str, folder: str) -> None:
    assert sources([Layer("a", (pattern, "z/**"))]) == (folder, "z")


def test_lines_are_shown_as_ranges() -> None:
    assert ranges([3, 7, 8, 9]) == "3,7-9"
    assert ranges([1, 3, 5, 7, 9]) == "1,3,5,7,…"
