"""What a progress file says: the phases, their steps, and which of them are ticked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from devnet_runner.progress.live_lines import live_lines

HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*)")
PHASE = re.compile(r"Phase[ \t]+([A-Za-z0-9][\w.]*)[ \t]*(?:[:—–-][ \t]*(.*))?", re.IGNORECASE)
ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\][ \t]+(.*)")
STEP = re.compile(
    r"(?:\*\*|__)?(?:Step|Wave)[ \t]+([A-Za-z]*\d[A-Za-z0-9.]*)(?:\*\*|__)?[ \t]*[:—–-](?:\*\*|__)?[ \t]*(.*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One step in the file: its number as written there, its title, whether it is ticked, its 1-based line."""

    number: str
    title: str
    done: bool
    line: int


@dataclass(frozen=True, slots=True)
class PhaseProgress:
    """One phase's section: its number (`3`, `A`), title, steps and 1-based lines from heading to end."""

    number: str
    title: str
    steps: tuple[StepProgress, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """What a progress file says, phase by phase."""

    phases: tuple[PhaseProgress, ...]


def read(data: bytes) -> Progress:
    """The phases and steps of a progress file. Fences and comments hold no steps; damaged UTF-8 is kept as it is."""
    phases: list[tuple[int, PhaseProgress, list[StepProgress]]] = []
    level = 0
    for number, text in live_lines(data)[0]:
        heading = HEADING.fullmatch(text)
        if heading:
            named = PHASE.fullmatch(heading[2].rstrip(" \t#"))
            if named:
                level = len(heading[1])
                phases.append((level, PhaseProgress(named[1], (named[2] or "").strip(), line=number), []))
            elif len(heading[1]) <= level:
                level = 0
        elif level and (step := _step(text, number)):
            phases[-1][2].append(step)
    return Progress(tuple(PhaseProgress(one.number, one.title, tuple(steps), one.line) for _, one, steps in phases))


def _step(text: str, line: int) -> StepProgress | None:
    item = ITEM.fullmatch(text)
    named = STEP.fullmatch(item[3]) if item else None
    return StepProgress(named[1], named[2].strip(), item[2] != " ", line) if item and named else None
