"""Examining: run the suites of a plan, count their coverage, and ask every gate for its findings."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner import git
from devnet_runner.commands.inputs import Inputs, take_digests
from devnet_runner.commands.standards_trial import keep_standards, not_kept
from devnet_runner.database import Database, open_database
from devnet_runner.database.folders import bases, run_folder, sweep
from devnet_runner.digest import Digest
from devnet_runner.findings import Finding, Place
from devnet_runner.gates.coverage import coverage_findings, stray_findings, unmeasured_findings
from devnet_runner.gates.deliverables import deliverable_findings, matrix, unknown_marks
from devnet_runner.gates.suites import suite_findings
from devnet_runner.measures import BadCoverage, FileMeasure, LayerMeasure, by_layer, read_coverage, strays, unmeasured
from devnet_runner.measures.layers import sources
from devnet_runner.process import run as run_process
from devnet_runner.record import Facts, Input
from devnet_runner.results import Outcome, SuiteResult
from devnet_runner.runner import Runner
from devnet_runner.suites import Site, run_suite

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping

    from devnet_runner.phase import Step
    from devnet_runner.reports.live import Live
    from devnet_runner.settings import Layer, Suite


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run needs of the world beside its inputs."""

    environ: Mapping[str, str]
    live: Live
    stop: threading.Event
    keep_going: bool


def examine(inputs: Inputs, around: Surroundings) -> tuple[Facts, tuple[Finding, ...]]:
    """What happened, and every reason that follows from it.

    In blocking mode nothing runs after a blocking finding unless `keep_going`; a database is started only where a
    suite that will run asks for one, and is gone when this returns.
    """
    facts = Facts(inputs.digests, inputs.repository, inputs.tools, inputs.includes)
    halts = inputs.mode == "blocking" and not around.keep_going
    if halts and any(finding.blocking for finding in inputs.findings):
        return facts, (*inputs.findings, *not_kept(inputs))
    facts, found = keep_standards(inputs, facts, around.environ, around.live.note)
    if halts and any(finding.blocking for finding in found):
        return facts, (*inputs.findings, *found)
    with ExitStack() as stack:
        scratch = _scratch(around, stack)
        database = _database(inputs, around, stack)
        facts = _tools(facts, database)
        site = Site(
            root=inputs.root,
            scratch=scratch,
            environ=around.environ,
            sources=sources(inputs.plan.layers),
            database_url=database.url if database else "",
            first_failure_stops=halts,
        )
        with around.live.shown():
            results = _results(inputs, around, site, halts=halts)
        facts, findings = _judged(inputs, replace(facts, suites=results), halts=halts)
        return facts, (*findings, *found)


def _scratch(around: Surroundings, stack: ExitStack) -> Path:
    """A private folder of the run's own; what a run that was killed left of its own is swept first."""
    base = bases(around.environ, None)[-1]
    sweep(base)
    folder = stack.enter_context(run_folder(base)).path / "scratch"
    folder.mkdir(mode=0o700)
    return folder


def _database(inputs: Inputs, around: Surroundings, stack: ExitStack) -> Database | None:
    if not inputs.plan.needs_database:
        return None
    around.live.note("starting the database")
    return stack.enter_context(open_database(environ=around.environ))


def _tools(facts: Facts, database: Database | None) -> Facts:
    named = (("postgresql", f"{database.version} ({database.source})"),) if database else ()
    return replace(facts, tools=(*facts.tools, *named))


def _results(inputs: Inputs, around: Surroundings, site: Site, *, halts: bool) -> tuple[SuiteResult, ...]:
    execute = partial(run_process, stop=around.stop)

    def start(suite: Suite) -> SuiteResult:
        around.live.tell(suite.id, 0, 0)
        return run_suite(suite, site, execute, around.live.tell)

    # A suite waits for its database and its processes about half of its time.
    runner = Runner(start, around.stop, halts, 2 * (os.cpu_count() or 1))
    found = []
    for result in runner.run(inputs.plan.suites):
        around.live.finished(result)
        found.append(result)
    order = [suite.id for suite in inputs.plan.suites]
    return tuple(sorted(found, key=lambda result: order.index(result.suite)))


def _judged(inputs: Inputs, facts: Facts, *, halts: bool) -> tuple[Facts, tuple[Finding, ...]]:
    plan, settings = inputs.plan, inputs.settings
    suites = {suite.id: suite for suite in plan.suites}
    findings = [*inputs.findings]
    for result in facts.suites:
        findings += suite_findings(suites[result.suite], result, settings.path, plan.command)
    data, measures, faults = _coverage(inputs, facts.suites)
    layers = by_layer(measures, plan.layers)
    proofs = matrix(plan.steps, facts.suites, _steps_of(inputs), partial(_layers_of, plan.layers, layers))
    facts = replace(facts, layers=layers, coverage=data, proofs=proofs)
    findings += [*faults, *unknown_marks(plan.phase, facts.suites), *_changed(inputs)]
    findings += stray_findings(strays(measures, plan.layers), settings.path)
    # A halted run has not measured and proved the rest: to list all of that as missing would bury the reason.
    if not (
        halts and any(result.outcome is not Outcome.PASSED for result in facts.suites if suites[result.suite].blocking)
    ):
        about = coverage_findings(layers, plan.layers, settings.path, plan.command)
        about += unmeasured_findings(unmeasured(measures, plan.layers, inputs.root), plan.command)
        # A layer that is too low explains every deliverable that rests on it.
        proofs = tuple(proof for proof in proofs if not about or proof.kind != "coverage")
        findings += [*about, *deliverable_findings(plan.phase, proofs)]
    return facts, tuple(findings)


def _steps_of(inputs: Inputs) -> dict[str, str]:
    """The step that each blocking suite is bound to, empty for every step."""
    return {suite.id: suite.step for suite in inputs.plan.suites if suite.blocking}


def _layers_of(layers: tuple[Layer, ...], measures: tuple[LayerMeasure, ...], step: Step) -> tuple[LayerMeasure, ...]:
    """The layers whose coverage a step's deliverable speaks about: its own, else those of every step."""
    own = {layer.name for layer in layers if layer.step == step.number}
    names = own or {layer.name for layer in layers if not layer.step}
    return tuple(measure for measure in measures if measure.layer in names)


def _coverage(
    inputs: Inputs, results: tuple[SuiteResult, ...]
) -> tuple[tuple[Input, ...], list[FileMeasure], list[Finding]]:
    """The coverage files of all blocking suites: their digests, their measures, and what is wrong with them."""
    data, measures, faults = [], list[FileMeasure](), list[Finding]()
    directories = {suite.id: suite.directory for suite in inputs.plan.suites}
    for suite, name in _files(inputs, results):
        path = Path(name)
        content = path.read_bytes()
        shown = str(path.relative_to(inputs.root)) if path.is_relative_to(inputs.root) else path.name
        data.append(Input("coverage", f"{suite}:{shown}", Digest.of(content)))
        try:
            measures += read_coverage(content, path.name, inputs.root, directories[suite])
        except BadCoverage as error:
            what = f"the coverage file of suite {suite} cannot be used: {error}"
            faults.append(Finding("coverage-unreadable", Place(shown), what, "make the suite write it anew"))
    return tuple(data), measures, faults


def _files(inputs: Inputs, results: tuple[SuiteResult, ...]) -> Iterator[tuple[str, str]]:
    for result in results:
        for name in result.coverage if result.suite in inputs.blocking else ():
            yield result.suite, name


def _changed(inputs: Inputs) -> Iterator[Finding]:
    """A verdict speaks about the bytes that were tested: a file that changed meanwhile takes it away."""
    now = tuple(take_digests(inputs.root, inputs.plan.phase, inputs.settings, inputs.includes, inputs.standards))
    settings = inputs.settings
    fix = "run again when nothing edits it; list what suites write in .gitignore"
    for before, after in zip(inputs.digests, now, strict=True):
        if before != after:
            yield Finding("changed-during-run", Place(before.path), "the file changed while the run was going on", fix)
    state = git.state(inputs.root, (settings.records, settings.checkpoint, settings.progress))
    if state.tree != inputs.repository.tree:
        names = sorted(set(state.changed) ^ set(inputs.repository.changed)) or list(state.changed)
        what = "the work tree changed while the run was going on"
        yield Finding("changed-during-run", Place(names[0] if names else "."), what, fix, actual=", ".join(names[:5]))


def layer_claims(layers: tuple[LayerMeasure, ...]) -> tuple[tuple[str, str], ...]:
    """What may be claimed of each layer: the lower of its lines and branches, rounded down."""
    return tuple((layer.layer, layer.worst().percent().replace(" %", "%")) for layer in layers if layer.lines.total)
