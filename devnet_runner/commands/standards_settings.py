"""What the settings of standards name, and is not there: nothing of it would ever be run or waived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place
from devnet_runner.plan_tree import candidates
from devnet_runner.settings.standards import ALL, ROUTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devnet_runner.settings import Settings


def lost(root: Path, settings: Settings) -> Iterator[Finding]:
    """A finding for each folder, document or phase that the settings name in vain."""
    standards, place = settings.standards, Place(settings.path)
    named = [("folders", path) for path in standards.folders]
    named += [("dispatcher", standards.dispatcher)] if standards.dispatcher else []
    named += [(f"phases.{phase}", path) for phase, path in _documents(settings)]
    for key, path in named:
        if not (root / path).exists():
            what = f"`standards.{key}` names '{path}', which does not exist"
            yield Finding("standards-lost", place, what, "correct the path, or take it out")
    known = {one.number for one in candidates(root, settings.plan)}
    for phase in standards.phases:
        if known and phase not in known:
            what = f"`standards.phases` names phase {phase}, which the plan does not have"
            yield Finding("standards-lost", place, what, f"known here: {', '.join(sorted(known))}")


def _documents(settings: Settings) -> Iterator[tuple[str, str]]:
    """The documents that are chosen for phases by their paths."""
    for phase, chosen in settings.standards.phases.items():
        if chosen not in {(ROUTED,), (ALL,)}:
            yield from ((phase, path) for path in chosen)
