"""What a run is given: the document, its includes, the settings and the repository, each with its digest."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner import __version__, git
from devnet_runner.commands.refusal import rooted
from devnet_runner.commands.standards_inputs import Standards, phase_standards
from devnet_runner.digest import Digest
from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import Checker, Include, Jail
from devnet_runner.includes.check import DRIFT
from devnet_runner.phase import Phase, read_phase
from devnet_runner.plan import Plan, arrange
from devnet_runner.plan_tree import find_document
from devnet_runner.record import Input
from devnet_runner.settings import Settings, load
from devnet_runner.text import damage_finding, read_text
from devnet_runner.workspace import workspace_findings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that a run starts from. `findings` are the reasons that exist before any suite runs."""

    root: Path
    settings: Settings
    plan: Plan
    mode: str
    includes: tuple[Include, ...]
    repository: git.GitState
    digests: tuple[Input, ...]
    findings: tuple[Finding, ...]
    standards: Standards | None = None

    @property
    def blocking(self) -> frozenset[str]:
        """The ids of the suites that the verdict rests on."""
        return frozenset(suite.id for suite in self.plan.suites if suite.blocking)

    @property
    def tools(self) -> tuple[tuple[str, str], ...]:
        """The versions that a record names."""
        system = f"{platform.system()} {platform.release()} {platform.machine()}"
        return (("devnet-run", __version__), ("python", platform.python_version()), ("system", system))


def open_inputs(target: str, step: str, mode: str, start: Path) -> Inputs:
    """Read and check everything. Raises InputError, with all faults, where a document or the settings are wrong."""
    root = rooted(start)
    settings = load(root)
    path = find_document(target, root, settings.plan, start)
    text = read_text(root / path, path)
    phase = read_phase(text)
    includes, about_includes = Checker(Jail(root, settings.include_paths)).check(text.data, path)
    found = tuple(dict.fromkeys((*damage_finding(text), *phase.findings, *about_includes)))
    wrong = [finding for finding in found if finding.blocking and finding.id not in DRIFT]
    if wrong:
        raise InputError(wrong)
    plan = arrange(phase, settings, step)
    repository = git.state(root, (settings.records, settings.checkpoint, settings.progress))
    place = Place(settings.path)
    workspace = workspace_findings(settings.workspace, root, repository.origin, place)
    standards, about_standards = phase_standards(root, settings, phase)
    findings = (*found, *workspace, *_repository_findings(repository), *plan.findings, *about_standards)
    # The document's own digest is of the bytes that were parsed: an edit right after counts as one during the run.
    _, *others = take_digests(root, phase, settings, includes, standards)
    digests = (Input("document", phase.path, phase.digest), *others)
    return Inputs(root, settings, plan, mode or settings.mode, includes, repository, digests, findings, standards)


def take_digests(
    root: Path, phase: Phase, settings: Settings, includes: tuple[Include, ...], standards: Standards | None
) -> Iterable[Input]:
    """The files that the verdict speaks about, as they are now."""
    yield Input("document", phase.path, _digest(root / phase.path))
    yield Input("settings", settings.path, _digest(root / settings.path))
    jail = Jail(root, settings.include_paths)
    for source in sorted({jail.mapped(one.source) for one in includes}):
        yield Input("include", source, _digest(root / source))
    if standards is not None:
        yield from (Input("standard", path, _digest(root / path)) for path in standards.files)
        yield from (Input("waiver", path, _digest(root / path)) for path in standards.inputs)


def _digest(path: Path) -> Digest:
    return Digest.of(path.read_bytes() if path.is_file() else b"")


def _repository_findings(state: git.GitState) -> tuple[Finding, ...]:
    """What the repository's state means for a verdict: none of it blocks, each is said."""
    notes = []
    if state == git.NO_REPOSITORY:
        notes.append(
            ("git-none", "there is no git repository: the record cannot say which commit it speaks of", "git init")
        )
    elif state.tree is None:
        what = "git cannot read the whole work tree: whether it changes during the run stays unknown"
        notes.append(("git-unreadable", what, "make every file of it readable"))
    if state.unborn:
        notes.append(("git-unborn", "nothing has been committed yet", "commit when the verdict has passed"))
    if state.detached and not state.unborn:
        notes.append(("git-detached", "HEAD is detached: a commit made now belongs to no branch", "git switch -c NAME"))
    if state.operation:
        notes.append(("git-operation", f"{state.operation} is in progress", "finish it before you commit"))
    return tuple(Finding(kind, Place("."), what, fix, blocking=False) for kind, what, fix in notes)
