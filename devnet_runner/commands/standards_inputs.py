"""What the standards commands start from: the documents that are meant, their tests, variables and waivers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from devnet_runner.commands.refusal import rooted
from devnet_runner.commands.standards_choice import every_standard, folders, named, of_phase, reader, text_of
from devnet_runner.commands.standards_settings import lost
from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import top_of
from devnet_runner.phase import read_phase
from devnet_runner.plan_tree import candidates, find_document
from devnet_runner.settings import find_root, load
from devnet_runner.settings.waivers import read_waiver
from devnet_runner.standards import check_graph, read_standard
from devnet_runner.standards.variables import Variable, check_variables, variables_of
from devnet_runner.standards.waivers import Waiver, check_waivers
from devnet_runner.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from devnet_runner.phase import Phase
    from devnet_runner.settings import Settings
    from devnet_runner.standards import StandardTest
    from devnet_runner.standards.variables import Read


@dataclass(frozen=True, slots=True)
class Standards:
    """The standards that a command is about. `files` hold tests, `findings` is what is wrong before any of them runs.

    `waivers` are those that hold, by the name of the test that each of them lets not pass.
    """

    files: tuple[str, ...]
    tests: tuple[StandardTest, ...]
    findings: tuple[Finding, ...]
    variables: dict[str, Variable]
    waivers: dict[str, Waiver]
    inputs: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, str]:
        """The values of the variables, by name."""
        return {name: one.value for name, one in self.variables.items()}


def open_standards(start: Path, paths: tuple[str, ...], phase: str) -> tuple[Path, Settings, Standards]:
    """The standards that paths name, that a phase needs, or that there are. Raises InputError where there is none."""
    root = find_root(start) or top_of(start) or rooted(start)
    settings = load(root)
    if phase:
        document = find_document(phase, root, settings.plan, start)
        files = of_phase(root, settings, read_phase(read_text(root / document, document)))
    else:
        files = named(root, start, paths) if paths else every_standard(root, settings)
    standards = read_standards(root, settings, files)
    if not standards.tests and not standards.findings:
        where = ", ".join(paths) or phase or ", ".join(folders(root, settings)) or "this project"
        what = f"{where} holds no verification block: nothing is no proof"
        fix = "name documents that hold some, or set `standards.folders` in devnet.yaml"
        raise InputError(Finding("standards-none", Place(settings.path), what, fix))
    return root, settings, standards


def read_standards(root: Path, settings: Settings, files: Iterable[str]) -> Standards:
    """The tests of documents, with everything that is wrong with them; what cannot be read is a finding."""
    tests: list[StandardTest] = []
    findings: list[Finding] = []
    holding = []
    for file in files:
        try:
            found, faults = read_standard(text_of(root, file), file)
        except InputError as error:
            found, faults = (), error.findings
        tests += found
        findings += faults
        holding += [file] if found or faults else []
    read = reader(root)
    phases = bool(candidates(root, settings.plan))
    variables = variables_of(read, root.name, settings.standards.variables, phases=phases)
    checked, of_graph = check_graph(tests)
    checked, of_variables = check_variables(checked, variables)
    values = {name: one.value for name, one in variables.items()}
    checked = tuple(test.explained(values) for test in checked)
    waivers, of_waivers, used = _waivers(root, settings, checked)
    findings += [*of_graph, *of_variables, *of_waivers, *lost(root, settings)]
    ordered = tuple(sorted(findings, key=lambda finding: finding.where))
    return Standards(tuple(holding), checked, ordered, variables, waivers, used)


def phase_standards(root: Path, settings: Settings, phase: Phase) -> tuple[Standards | None, tuple[Finding, ...]]:
    """The standards that settings make part of a phase, and the findings about there being none."""
    if phase.number not in settings.standards.phases:
        named = {one.path.removeprefix("@") for one in phase.standards} if folders(root, settings) else set()
        what = f"the phase names {len(named)} standards, and the settings make none of them part of it"
        fix = f"add `standards: {{phases: {{phase-{phase.number}: routed}}}}` to {settings.path}"
        note = Finding("standards-not-chosen", Place(phase.path, min((one.line for one in phase.standards), default=0)),
                       what, fix, blocking=False)  # fmt: skip
        return None, (note,) if named else ()
    standards = read_standards(root, settings, of_phase(root, settings, phase))
    if standards.tests:
        return standards, ()
    what = f"no standard with a test was found for phase {phase.number}, and the settings ask for them"
    fix = "name documents under `standards.phases`, or take the entry out"
    return standards, (*standards.findings, Finding("standards-none", Place(settings.path), what, fix))


def _waivers(
    root: Path, settings: Settings, tests: tuple[StandardTest, ...]
) -> tuple[dict[str, Waiver], tuple[Finding, ...], tuple[str, ...]]:
    """The waivers that hold, what is wrong with the others, and the files that they were read from."""
    found, findings = [], list[Finding]()
    folder = root / settings.standards.waivers
    names = sorted(path for path in folder.glob("*.y*ml") if path.is_file()) if folder.is_dir() else []
    paths = [str(path.relative_to(root)) for path in names]
    for path in paths:
        try:
            waiver, faults = read_waiver(text_of(root, path), path)
        except InputError as error:
            findings += error.findings
            continue
        findings += faults
        found += [] if faults else [waiver]
    read, today = reader(root), datetime.now(UTC).date()
    known = (*tests, *_elsewhere(found, tests, read))
    held, wrong = check_waivers(found, known, today, lambda path: read(path) is not None)
    decisions = [waiver.decision for waiver in held.values()]
    return held, (*findings, *wrong), tuple(dict.fromkeys((*paths, *decisions)))


def _elsewhere(waivers: list[Waiver], tests: tuple[StandardTest, ...], read: Read) -> Iterator[StandardTest]:
    """The tests of documents that waivers name and this run is not about: their waivers are not wrong for that."""
    named = {test.partition("#")[0] for waiver in waivers for test in waiver.tests}
    for path in sorted(named - {test.file for test in tests}):
        yield from read_standard(read(path) or "", path)[0]
