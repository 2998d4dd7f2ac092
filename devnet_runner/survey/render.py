"""Settings with comments, out of a survey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.survey.values import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.survey.values import Survey


def render(survey: Survey) -> str:
    """The text of `devnet.yaml`: it can be used as it is, and says what is left to decide."""
    return "\n".join([*_lines(survey), ""])


def _lines(survey: Survey) -> Iterator[str]:
    yield "# What `devnet-run` needs to know of this project; docs/formats.md of devnet-runner explains every key."
    if survey.undecided:
        yield "#"
        yield "# Left for you to decide:"
        yield from (f"#  - {one}" for one in survey.undecided)
    yield ""
    yield f"project: {quoted(survey.project)}"
    yield f"plan: {quoted(survey.plan)}  # {_plan(survey)}"
    yield from _includes(survey)
    yield from _standards(survey)
    yield from _layers(survey)
    yield from _suites(survey)


def _plan(survey: Survey) -> str:
    beside = "; devnet-plan/manifest.json names others" if survey.manifest else ""
    return f"{survey.phases} phase documents here{beside}"


def _includes(survey: Survey) -> Iterator[str]:
    if not survey.include_paths:
        return
    yield ""
    yield "includes:"
    yield "  paths:  # where documents say that quoted files are, and where they are"
    yield from (f"    {quoted(old)}: {quoted(new)}" for old, new in survey.include_paths)


def _standards(survey: Survey) -> Iterator[str]:
    if not survey.standards:
        return
    yield ""
    yield "standards:"
    yield f"  folders: [{', '.join(map(quoted, survey.standards))}]"
    yield from ([f"  waivers: {quoted(survey.waivers)}"] if survey.waivers else [])
    yield "  # Make the standards that a phase needs a part of its verdict: `routed`, `all`, or paths."
    yield "  # phases: {phase-1: routed}"


def _layers(survey: Survey) -> Iterator[str]:
    yield ""
    if not survey.layers:
        yield "# layers:"
        yield "#   core: {paths: ['src/**']}"
        return
    yield "layers:  # the coverage that a phase's document asks for holds for each of them"
    for name, paths in survey.layers:
        yield f"  {quoted(name)}:"
        yield f"    paths: [{', '.join(map(quoted, paths))}]"
        if survey.minimum.percent:
            yield f"    minimum: {survey.minimum.percent}  # as {survey.minimum.origin} asks"


def _suites(survey: Survey) -> Iterator[str]:
    yield ""
    if not survey.suites:
        yield "# suites:"
        yield "#   - {id: tests, runner: command, command: [make, test], junit: out/junit.xml}"
        return
    yield "suites:  # of pytest, the tests with the mark `blocking` are run, or all with `select: all`"
    for suite in survey.suites:
        yield f"  - id: {quoted(suite.id)}  # seen in {suite.origin}"
        yield from (f"    {line}" for line in suite.lines)
        yield "    # phase: phase-1"
        yield "    # step: 1"
