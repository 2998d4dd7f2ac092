"""A phase: what a document declares, as values with their lines."""

from devnet_runner.phase.read import read_phase
from devnet_runner.phase.values import (
    CheckpointTemplate,
    CommitPoint,
    CoverageTarget,
    Deliverable,
    ExpectedCheck,
    Item,
    NextPhase,
    OverviewField,
    Phase,
    SlashCommand,
    StandardReference,
    Step,
    Tag,
)

__all__ = [
    "CheckpointTemplate",
    "CommitPoint",
    "CoverageTarget",
    "Deliverable",
    "ExpectedCheck",
    "Item",
    "NextPhase",
    "OverviewField",
    "Phase",
    "SlashCommand",
    "StandardReference",
    "Step",
    "Tag",
    "read_phase",
]
