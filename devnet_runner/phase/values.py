"""The values of a phase. Every `line` is 1-based."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from devnet_runner.digest import Digest
    from devnet_runner.findings import Finding


@dataclass(frozen=True, slots=True)
class Item:
    """A bullet or a sentence."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class OverviewField:
    """A named value of the overview, such as the duration."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Deliverable:
    """What a step must deliver. `coverage` is the percentage it asks for, where it is about test coverage."""

    text: str
    line: int
    coverage: Decimal | None = None
    standards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectedCheck:
    """An expected verification item. `name` is its test's name, where it has one."""

    text: str
    line: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command to an agent, without its slash; the argument may span lines."""

    name: str
    argument: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """A step with everything that is declared in its section."""

    number: str
    title: str
    line: int
    deliverables: tuple[Deliverable, ...] = ()
    commands: tuple[SlashCommand, ...] = ()
    expected: tuple[ExpectedCheck, ...] = ()
    coverage_target: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CommitPoint:
    """Where to commit, with the message. `step` is empty where the document ties it to none."""

    number: str
    label: str
    line: int
    step: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """The tag of the finished phase."""

    name: str
    message: str
    line: int


@dataclass(frozen=True, slots=True)
class CheckpointTemplate:
    """The keys and values that the checkpoint file is to have."""

    path: str
    line: int
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NextPhase:
    """The phase that follows; any part may be empty."""

    number: str
    title: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class StandardReference:
    """A standards document that the phase names."""

    path: str
    anchor: str
    line: int


@dataclass(frozen=True, slots=True)
class CoverageTarget:
    """A test coverage in percent that the document asks for, and the sentence that asks."""

    percent: Decimal
    subject: str
    line: int


@dataclass(frozen=True, slots=True)
class Phase:
    """Everything that a phase document declares, with the faults of the document."""

    number: str
    title: str
    path: str
    line: int
    digest: Digest
    overview: tuple[OverviewField, ...] = ()
    acceptance: tuple[Item, ...] = ()
    steps: tuple[Step, ...] = ()
    commit_points: tuple[CommitPoint, ...] = ()
    tag: Tag | None = None
    checkpoint: CheckpointTemplate | None = None
    progress: Item | None = None
    context_clears: tuple[Item, ...] = ()
    next_phase: NextPhase | None = None
    success_metrics: tuple[Item, ...] = ()
    standards: tuple[StandardReference, ...] = ()
    coverage_targets: tuple[CoverageTarget, ...] = ()
    coverage_target: Decimal | None = None
    repository: Item | None = None
    directories: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
