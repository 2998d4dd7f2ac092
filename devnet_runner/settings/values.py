"""The values that settings consist of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

DEFAULT_TIMEOUT = 600
TRIAL_TIMEOUT = 30


@dataclass(frozen=True, slots=True)
class Workspace:
    """What the repository must look like: its name (or one of several) and folders below its root."""

    repository: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of the code whose coverage is judged. `minimum` in percent; empty `phase` or `step`: every one."""

    name: str
    paths: tuple[str, ...]
    minimum: Decimal | None = None
    phase: str = ""
    step: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Proof:
    """Tests, by a shell-style pattern of their names, that prove a deliverable named by its text."""

    deliverable: str
    tests: str


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that a phase or step depends on, and how to run them.

    `runner` is `pytest` or `command`. `select` says which tests of pytest count: those marked `blocking`, or `all`.
    `timeout` is in seconds. `environment` names the variables that are passed on. `coverage` names the files a
    command leaves (for pytest it is collected by the tool). `database` asks for a PostgreSQL database of the run's
    own, given as `DATABASE_URL`. `concurrency` are the libraries whose switches coverage follows, where those of the
    project's own settings are too many.
    """

    id: str
    runner: str
    phase: str = ""
    step: str = ""
    paths: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    directory: str = "."
    junit: str = ""
    coverage: tuple[str, ...] = ()
    blocking: bool = True
    timeout: int = DEFAULT_TIMEOUT
    environment: tuple[str, ...] = ()
    database: bool = False
    python: str = ""
    select: str = "blocking"
    concurrency: tuple[str, ...] = ()
    proves: tuple[Proof, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class StandardsSettings:
    """What `standards` says. `sandbox` is the level demanded (empty: none), `timeout` in seconds a test.

    `phases` gives, for the number of a phase, `routed`, `all`, or the paths of the standards that it needs.
    """

    folders: tuple[str, ...] = ()
    dispatcher: str = ""
    waivers: str = "waivers"
    sandbox: str = ""
    timeout: int = TRIAL_TIMEOUT
    variables: Mapping[str, str] = field(default_factory=dict)
    phases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that `devnet.yaml` says; the defaults serve a repository that has none."""

    project: str = ""
    path: str = "devnet.yaml"
    plan: str = "phases"
    include_paths: tuple[tuple[str, str], ...] = ()
    workspace: Workspace = Workspace()
    standards: StandardsSettings = StandardsSettings()
    layers: tuple[Layer, ...] = ()
    suites: tuple[Suite, ...] = ()
    records: str = ".devnet/records"
    checkpoint: str = "DEVNET-CHECKPOINT.txt"
    progress: str = "DEVNET-PROGRESS.md"
    mode: str = "blocking"
