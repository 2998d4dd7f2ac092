"""A plan arranges checks: which suites, layers and deliverables decide on a phase or on one of its steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.gates.coverage import effective_minimum

if TYPE_CHECKING:
    from decimal import Decimal

    from devnet_runner.phase import Phase, Step
    from devnet_runner.settings import Layer, Settings, Suite


@dataclass(frozen=True, slots=True)
class Plan:
    """The checks of one run, in order. `step` is empty for a whole phase; every layer has its effective minimum."""

    phase: Phase
    step: str
    steps: tuple[Step, ...]
    suites: tuple[Suite, ...]
    layers: tuple[Layer, ...]
    findings: tuple[Finding, ...]

    @property
    def command(self) -> str:
        """The command that makes this run again."""
        return f"devnet-run phase-{self.phase.number}" + (f" --step {self.step}" if self.step else "")

    @property
    def needs_database(self) -> bool:
        """Whether a suite asks for a database."""
        return any(suite.database for suite in self.suites)


def arrange(phase: Phase, settings: Settings, step: str = "") -> Plan:
    """The plan of a phase, or of one step of it. Raises InputError for a step that the phase does not have."""
    steps = _steps(phase, step)
    numbers = {one.number for one in steps}
    suites = tuple(suite for suite in settings.suites if _bound(suite, phase, numbers))
    layers = tuple(_judged(layer, phase) for layer in settings.layers if _bound(layer, phase, numbers))
    findings = (
        *_empty_steps(phase, steps),
        *_steps_without_suite(phase, steps, suites, settings),
        *_lost_suites(phase, settings),
        *_layer_faults(phase, layers, settings),
    )
    return Plan(phase, step, steps, suites, layers, findings)


def _steps(phase: Phase, step: str) -> tuple[Step, ...]:
    chosen = tuple(one for one in phase.steps if not step or one.number.casefold() == step.casefold())
    if chosen or not step:
        return chosen
    known = [one.number for one in phase.steps]
    near = ", ".join(get_close_matches(step, known, n=3, cutoff=0.1) or known) or "none"
    what = f"phase {phase.number} has no step '{step}'"
    raise InputError(Finding("step-unknown", Place(phase.path), what, f"name one of its steps: {near}"))


def _bound(one: Suite | Layer, phase: Phase, steps: set[str]) -> bool:
    """Whether a suite or layer belongs to the steps of a phase; what names neither belongs everywhere."""
    if one.phase and one.phase.casefold() != phase.number.casefold():
        return False
    return not one.step or one.step in steps


def _judged(layer: Layer, phase: Phase) -> Layer:
    return replace(layer, minimum=effective_minimum(layer.minimum, _target(layer, phase)))


def _target(layer: Layer, phase: Phase) -> Decimal | None:
    own = next((step.coverage_target for step in phase.steps if layer.step and step.number == layer.step), None)
    return own if own is not None else phase.coverage_target


def _empty_steps(phase: Phase, steps: tuple[Step, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "step-unprovable",
            Place(phase.path, step.line),
            f"step {step.number} promises nothing, so nothing can prove it",
            "add `**Expected Deliverables:**` and a list below it",
        )
        for step in steps
        if not step.deliverables
    )


def _steps_without_suite(
    phase: Phase, steps: tuple[Step, ...], suites: tuple[Suite, ...], settings: Settings
) -> tuple[Finding, ...]:
    blocking = [suite for suite in suites if suite.blocking]
    everywhere = any(not suite.step for suite in blocking)
    bound = {suite.step for suite in blocking}
    return tuple(
        Finding(
            "step-without-suite",
            Place(phase.path, step.line),
            f"no blocking suite is bound to step {step.number} ({step.title})",
            f"add a suite with `phase: phase-{phase.number}` and `step: {step.number}` to {settings.path}",
            expected="at least one blocking suite",
            actual=f"none; {len(step.deliverables)} deliverables stay unproved",
        )
        for step in steps
        if not everywhere and step.number not in bound
    )


def _lost_suites(phase: Phase, settings: Settings) -> tuple[Finding, ...]:
    """Suites of this phase that are bound to a step which it does not have: nothing would ever run them."""
    numbers = {step.number for step in phase.steps}
    return tuple(
        Finding(
            "suite-step-unknown",
            Place(settings.path, suite.line),
            f"suite {suite.id} is bound to step {suite.step}, which phase {phase.number} does not have",
            f"bind it to one of its steps: {', '.join(sorted(numbers))}",
        )
        for suite in settings.suites
        if suite.phase.casefold() == phase.number.casefold() and suite.step and suite.step not in numbers
    )


def _layer_faults(phase: Phase, layers: tuple[Layer, ...], settings: Settings) -> tuple[Finding, ...]:
    if not layers and phase.coverage_target is not None:
        what = f"the phase asks for {phase.coverage_target} % coverage and no layer is measured for it"
        fix = f"add the layer's paths under `layers:` in {settings.path}"
        return (Finding("coverage-no-layer", Place(settings.path), what, fix),)
    original = {layer.name: layer.minimum for layer in settings.layers}
    return tuple(
        Finding(
            "coverage-minimum-lowered",
            Place(settings.path, layer.line),
            f"layer {layer.name} asks for {original[layer.name]} %, less than the phase's {layer.minimum} %",
            "raise it or leave it out: settings may only raise what the phase asks for",
            blocking=False,
        )
        for layer in layers
        if original[layer.name] not in {None, layer.minimum}
    )
