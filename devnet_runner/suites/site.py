"""Where a suite runs: the values that every kind of suite is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Tell = Callable[[str, int, int], None]
"""Called with a suite's id, how many of its tests are done, and how many there are (0: not known yet)."""


@dataclass(frozen=True, slots=True)
class Site:
    """The project's root, a folder of the run's own, the environment to pass on, and what to measure.

    `sources` are folders whose coverage is measured. `database_url` is set where the run has a database.
    `first_failure_stops` ends a suite at its first failing test.
    """

    root: Path
    scratch: Path
    environ: Mapping[str, str]
    sources: tuple[str, ...] = ()
    database_url: str = ""
    first_failure_stops: bool = True
