"""Measures: counts that add up, recounted from lines, compared exactly."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from devnet_runner.gates.coverage import coverage_findings, effective_minimum
from devnet_runner.measures import BadCoverage, Ratio, by_layer, read_coverage
from devnet_runner.measures.layers import sources
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
        (0, 0, "1", True),  # no data is its own finding, before any minimum
    ],
)
def test_a_minimum_is_compared_in_integers(covered, total, minimum, enough):
    assert Ratio(covered, total).meets(Decimal(minimum)) is enough


@pytest.mark.parametrize(
    ("covered", "total", "text"),
    [
        (1, 1, "100 %"),
        (99_999, 100_000, "99.99 %"),
        (0, 9, "0 %"),
        (1, 100_000, "< 0.01 %"),
        (0, 0, "no data"),
        (1, 2, "50 %"),
    ],
)
def test_percentages_are_rounded_down(covered, total, text):
    assert Ratio(covered, total).percent() == text


LCOV = "TN:\nSF:src/a.ts\nDA:1,5\nDA:2,0\nBRDA:1,0,0,3\nBRDA:1,0,1,-\nLF:99\nLH:99\nend_of_record\n"


def test_lcov_is_recounted_from_its_lines():
    (measure,) = read_coverage(LCOV.encode(), "lcov.info", ROOT)
    assert (measure.path, measure.line_ratio(), measure.branch_ratio()) == ("src/a.ts", Ratio(1, 2), Ratio(1, 2))


def test_lcov_of_a_file_seen_twice_is_one_measure():
    twice = LCOV + LCOV.replace("DA:2,0", "DA:2,1")
    (layer,) = by_layer(read_coverage(twice.encode(), "lcov.info", ROOT), [Layer("web", ("src/**",))])
    assert layer.lines == Ratio(2, 2)


def test_files_outside_the_project_do_not_count():
    text = LCOV.replace("src/a.ts", "../other/a.ts") + LCOV.replace("src/a.ts", "/elsewhere/a.ts")
    assert read_coverage(text.encode(), "lcov.info", ROOT) == ()


def test_absolute_paths_below_the_root_are_relative_to_it():
    (measure,) = read_coverage(LCOV.replace("src/", "/project/src/").encode(), "lcov.info", ROOT)
    assert measure.path == "src/a.ts"


@pytest.mark.parametrize(
    ("old", "new"),
    [("DA:1,5", "DA:1,-5"), ("DA:1,5", "DA:x,5"), ("DA:1,5", "DA:99999999999,1"), ("BRDA:1,0,0,3", "BRDA:1,3"),
     ("end_of_record\n", ""), ("DA:1,5", "SF:again"), ("DA:1,5", "DA:1")],
)  # fmt: skip
def test_lcov_with_impossible_content_is_refused(old, new):
    with pytest.raises(BadCoverage):
        read_coverage(LCOV.replace(old, new).encode(), "lcov.info", ROOT)


COBERTURA = """<?xml version="1.0"?><coverage line-rate="1.0"><sources><source>/project/src</source></sources><packages>
<package><classes><class filename="a.py"><lines><line number="1" hits="1"/><line number="2" hits="0"/>
<line number="3" hits="2" branch="true" condition-coverage="50% (1/2)"/></lines></class></classes></package></packages></coverage>"""


def test_cobertura_is_recounted_from_its_lines():
    (measure,) = read_coverage(COBERTURA.encode(), "coverage.xml", ROOT)
    assert (measure.path, measure.line_ratio(), measure.branch_ratio()) == ("src/a.py", Ratio(2, 3), Ratio(1, 2))


@pytest.mark.parametrize(
    "text",
    ["<coverage", COBERTURA.replace('hits="1"', 'hits="-1"'), COBERTURA.replace("(1/2)", "(3/2)"), COBERTURA.replace('number="1"', ""),
     '<!DOCTYPE a [<!ENTITY b "x">]><coverage>&b;</coverage>', "<a>" * 5000],
)  # fmt: skip
def test_cobertura_with_impossible_content_is_refused(text):
    with pytest.raises(BadCoverage):
        read_coverage(text.encode(), "coverage.xml", ROOT)


def test_coverage_py_is_read_with_branches_and_exclusions():
    files = {"a.py": {"executed_lines": [1, 2], "missing_lines": [3], "excluded_lines": [9],
                      "executed_branches": [[1, 2]], "missing_branches": [[1, -1]]}}  # fmt: skip
    (measure,) = read_coverage(json.dumps({"files": files}).encode(), "coverage.json", ROOT)
    assert (measure.line_ratio(), measure.branch_ratio(), measure.excluded) == (Ratio(2, 3), Ratio(1, 2), 1)
    assert measure.missing() == [1, 3]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {"a": {}}}', '{"files": [1]}', "{", "[" * 100_000])
def test_json_that_is_no_coverage_is_refused(text):
    with pytest.raises(BadCoverage):
        read_coverage(text.encode(), "coverage.json", ROOT)


@pytest.mark.parametrize(
    ("pattern", "path", "named"),
    [("src/**", "src/a/b.py", True), ("src/*.py", "src/a/b.py", False), ("src", "src/a.py", True), ("src", "srcs/a.py", False),
     ("**/infra/*.ts", "packages/x/infra/a.ts", True), ("src/a.py", "src/a.py", True), ("src/?.py", "src/a.py", True)],
)  # fmt: skip
def test_patterns_name_files(pattern, path, named):
    measure = read_coverage(LCOV.replace("src/a.ts", path).encode(), "lcov.info", ROOT)
    assert bool(by_layer(measure, [Layer("l", (pattern,))])[0].files) is named


def test_sources_are_the_folders_of_layers():
    assert sources([Layer("a", ("src/infra/**", "lib/x.py")), Layer("b", ("src/infra/*.py",))]) == ("src/infra", "lib")


@pytest.mark.parametrize(
    ("own", "target", "minimum"), [("97", "95", "97"), ("90", "95", "95"), (None, "95", "95"), ("90", None, "90")]
)
def test_settings_may_only_raise_the_minimum(own, target, minimum):
    assert effective_minimum(own and Decimal(own), target and Decimal(target)) == Decimal(minimum)


def findings(minimum: str, text: str = LCOV) -> list[str]:
    layer = Layer("web", ("src/**",), Decimal(minimum), line=4)
    measured = by_layer(read_coverage(text.encode(), "lcov.info", ROOT), [layer])
    return [f"{one.id} {one.where}" for one in coverage_findings(measured, (layer,), "devnet.yaml", "again")]


def test_lines_and_branches_are_judged_each():
    assert findings("50") == []
    assert findings("51") == ["coverage-below src/a.ts:1", "coverage-below src/a.ts:1"]


def test_no_data_blocks():
    assert findings("0", LCOV.replace("src/", "lib/")) == ["coverage-no-data devnet.yaml:4"]
