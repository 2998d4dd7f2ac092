"""The gate of coverage: integers against a minimum, lines and branches alike; no data blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from decimal import Decimal

    from devnet_runner.measures import LayerMeasure, Ratio
    from devnet_runner.settings import Layer


def effective_minimum(settings: Decimal | None, target: Decimal | None) -> Decimal | None:
    """What a layer must reach: the phase's target, which settings may only raise."""
    return max((one for one in (settings, target) if one is not None), default=None)


def coverage_findings(
    measures: tuple[LayerMeasure, ...], layers: tuple[Layer, ...], settings_path: str, rerun: str
) -> tuple[Finding, ...]:
    """A finding for each layer without data, and for each ratio below its layer's minimum."""
    lines = {layer.name: layer.line for layer in layers}
    findings: list[Finding] = []
    for measure in measures:
        place = Place(settings_path, lines.get(measure.layer, 0))
        if measure.lines.total == 0:
            findings.append(_no_data(measure, place, rerun))
        elif measure.minimum is not None:
            pairs = (("lines", measure.lines), ("branches", measure.branches))
            findings += [_below(measure, *pair, rerun) for pair in pairs if not pair[1].meets(measure.minimum)]
    return tuple(findings)


def _no_data(measure: LayerMeasure, place: Place, rerun: str) -> Finding:
    return Finding(
        "coverage-no-data",
        place,
        f"layer {measure.layer} has no coverage data",
        "check that its paths name source files and that a suite of this phase runs them",
        expected="lines that were measured",
        actual="none",
        command=rerun,
    )


def _below(measure: LayerMeasure, what: str, ratio: Ratio, rerun: str) -> Finding:
    path, _, numbers = (measure.gaps[0] if measure.gaps else measure.layer).partition(":")
    first = numbers.split(",")[0].split("-")[0]
    others = f"; also {', '.join(measure.gaps[1:])}" if len(measure.gaps) > 1 else ""
    return Finding(
        "coverage-below",
        Place(path, int(first) if first.isdigit() else 0),
        f"layer {measure.layer} covers {ratio.percent()} of its {what}, less than {measure.minimum} %",
        f"test {path}:{numbers}{others}" if numbers else "test what no blocking test reaches",
        expected=f"at least {measure.minimum} %",
        actual=f"{ratio.covered} of {ratio.total} {what}",
        command=rerun,
    )
