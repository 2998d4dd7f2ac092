"""The gate of coverage: what is below, what is missing, and what the settings may say."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from devnet_runner.gates.coverage import coverage_findings, effective_minimum, stray_findings
from devnet_runner.measures import FileMeasure, by_layer
from devnet_runner.settings import Layer

if TYPE_CHECKING:
    from devnet_runner.findings import Finding


@pytest.mark.parametrize(
    ("own", "target", "minimum"),
    [
        ("97", "95", "97"),
        ("90", "95", "95"),
        (None, "95", "95"),
        ("90", None, "90"),
        (None, None, None),
        ("0", None, "0"),
    ],
)
def test_settings_may_only_raise_the_minimum(own: str | None, target: str | None, minimum: str | None) -> None:
    given = [Decimal(one) if one is not None else None for one in (own, target, minimum)]
    assert effective_minimum(given[0], given[1]) == given[2]


def measure(path: str, hits: str, branches: str = "") -> FileMeasure:
    """A file whose lines ran (`+`) or not (`-`), with branches that leave its first line."""
    lines = {number: sign == "+" for number, sign in enumerate(hits, 1)}
    return FileMeasure.of(path, lines, {(1, str(n)): sign == "+" for n, sign in enumerate(branches)})


def findings(minimum: str | None, *measures: FileMeasure) -> tuple[Finding, ...]:
    layer = Layer("web", ("src/**",), Decimal(minimum) if minimum else None, line=4)
    return coverage_findings(by_layer(measures, [layer]), (layer,), "devnet.yaml", "devnet-run phase-1")


def test_lines_and_branches_are_judged_each() -> None:
    half = measure("src/a.ts", "+-", "+-")
    assert findings("50", half) == ()
    lines, branches = findings("50.01", half)
    assert (lines.id, str(lines.where), lines.actual) == ("coverage-below", "src/a.ts:2", "1 of 2 lines")
    assert (branches.id, str(branches.where), branches.actual) == ("coverage-below", "src/a.ts:1", "1 of 2 branches")


def test_a_finding_names_the_three_worst_places_and_one_command() -> None:
    files = [measure(f"src/{name}.ts", hits) for name, hits in zip("abcd", ("+-", "---+", "+--", "+"), strict=True)]
    (finding,) = findings("95", *files)
    assert finding.fix == "test src/b.ts:1-3; also src/c.ts:2-3; also src/a.ts:2"
    assert (finding.command, finding.blocking) == ("devnet-run phase-1", True)
    assert finding.what == "layer web covers 40 % of its lines, less than 95 %"


def test_almost_enough_is_not_enough_and_does_not_look_so() -> None:
    (finding,) = findings("95", measure("src/a.ts", "+" * 94_999 + "-" * 5_001))
    assert "94.99 %" in finding.what


@pytest.mark.parametrize("files", [(), (measure("lib/a.ts", "++"),), (measure("src/a.ts", ""),)])
def test_no_data_blocks_whatever_the_minimum(files: tuple[FileMeasure, ...]) -> None:
    for minimum in ("95", "0", None):
        (finding,) = findings(minimum, *files)
        assert (finding.id, str(finding.where), finding.blocking) == ("coverage-no-data", "devnet.yaml:4", True)


def test_without_a_minimum_data_is_enough() -> None:
    assert findings(None, measure("src/a.ts", "---")) == ()


def test_a_minimum_that_nothing_can_reach_points_to_the_settings() -> None:
    (finding,) = findings("120", measure("src/a.ts", "++"))
    assert (finding.id, str(finding.where)) == ("coverage-below", "devnet.yaml:4")


def test_files_that_count_for_nothing_are_named_without_blocking() -> None:
    files = (measure("/x/a", "+"), measure("../b", "+"), *(measure(f"lib/{name}", "+") for name in "abcd"))
    outside, unclaimed = stray_findings(files, "devnet.yaml")
    assert outside.what == "/x/a, ../b were measured outside the repository, and count for nothing"
    assert unclaimed.what == "lib/a, lib/b, lib/c and 1 more were measured in no layer, and count for nothing"
    assert not outside.blocking
    assert stray_findings((), "devnet.yaml") == ()
