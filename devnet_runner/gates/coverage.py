"""The gate of coverage: integers against a minimum, lines and branches alike; no data blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from devnet_runner.measures import FileMeasure, LayerMeasure
    from devnet_runner.settings import Layer

NAMED = 3
"""How many stray files a finding names."""


def effective_minimum(settings: Decimal | None, target: Decimal | None) -> Decimal | None:
    """What a layer must reach: the phase's target, which settings may only raise."""
    return max((one for one in (settings, target) if one is not None), default=None)


def coverage_findings(
    measures: tuple[LayerMeasure, ...], layers: tuple[Layer, ...], settings_path: str, rerun: str
) -> tuple[Finding, ...]:
    """A finding for each layer without data, and for each ratio below its layer's minimum.

    `rerun` is the command that makes the run again; it is offered with each finding.
    """
    lines = {layer.name: layer.line for layer in layers}
    findings: list[Finding] = []
    for measure in measures:
        place = Place(settings_path, lines.get(measure.layer, 0))
        if measure.lines.total == 0:
            findings.append(_no_data(measure, place))
        elif measure.minimum is not None:
            findings += _below(measure, measure.minimum, place)
    return tuple(replace(finding, command=rerun) for finding in findings)


def unmeasured_findings(left_out: tuple[tuple[str, str], ...], rerun: str) -> tuple[Finding, ...]:
    """A finding for each layer with source files that nobody measured, at the first of them."""
    by_layer: dict[str, list[str]] = {}
    for layer, path in left_out:
        by_layer.setdefault(layer, []).append(path)
    return tuple(
        Finding(
            "coverage-unmeasured",
            Place(paths[0]),
            f"layer {layer} has source files that no coverage file speaks of: {_named(tuple(paths))}",
            "let the suites measure them (coverage's `omit`, `pragma` lines and folders without `__init__.py` hide "
            "files; vitest needs `coverage.include`), or leave them out of the layer's paths",
            expected="every source file of the layer measured",
            actual=f"{len(paths)} without a measure",
            command=rerun,
        )
        for layer, paths in by_layer.items()
    )


def stray_findings(strays: tuple[FileMeasure, ...], settings_path: str) -> tuple[Finding, ...]:
    """Advisory findings on files that were measured and count for no layer; at most one for each reason."""
    outside = tuple(one.path for one in strays if one.outside)
    unclaimed = tuple(one.path for one in strays if not one.outside)
    found = (
        ("coverage-outside", outside, "outside the repository", "check the paths that the coverage tool writes"),
        ("coverage-unclaimed", unclaimed, "in no layer", "add them to the paths of a layer, or measure less"),
    )
    return tuple(
        Finding(id_, Place(settings_path), f"{_named(paths)} {why}, and count for nothing", fix, blocking=False)
        for id_, paths, why, fix in found
        if paths
    )


def _named(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return f"{', '.join(paths[:NAMED])}{more} were measured"


def _no_data(measure: LayerMeasure, place: Place) -> Finding:
    return Finding(
        "coverage-no-data",
        place,
        f"layer {measure.layer} has no coverage data",
        "check that its paths name source files and that a suite of this phase runs them",
        expected="lines that were measured",
        actual="none",
    )


def _below(measure: LayerMeasure, minimum: Decimal, place: Place) -> Iterator[Finding]:
    parts = (("lines", measure.lines, measure.gaps), ("branches", measure.branches, measure.branch_gaps))
    for noun, ratio, gaps in parts:
        if not ratio.meets(minimum):
            yield Finding(
                "coverage-below",
                # A minimum above 100 leaves no gap to point to.
                Place(gaps[0].path, gaps[0].lines[0]) if gaps else place,
                f"layer {measure.layer} covers {ratio.percent()} of its {noun}, less than {minimum} %",
                f"test {'; also '.join(str(gap) for gap in gaps)}" if gaps else "ask for at most 100 %",
                expected=f"at least {minimum} % of {noun}",
                actual=f"{ratio.covered} of {ratio.total} {noun}",
            )
