"""The progress file: which steps of which phase are ticked; bytes in, bytes out, nothing but ticks changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.progress.live_lines import live_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "DEVNET-PROGRESS.md"
HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*)")
PHASE = re.compile(r"Phase[ \t]+([A-Za-z0-9][\w.]*)[ \t]*(?:[:—–-][ \t]*(.*))?", re.IGNORECASE)
ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\][ \t]+(.*)")
STEP = re.compile(
    r"(?:\*\*|__)?(?:Step|Wave)[ \t]+([A-Za-z]*\d[A-Za-z0-9.]*)(?:\*\*|__)?[ \t]*[:—–-](?:\*\*|__)?[ \t]*(.*)",
    re.IGNORECASE,
)

Steps = tuple[tuple[str, str, bool], ...]
"""All steps of a phase in their order: number, title, and whether this run verified it."""


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


def created(phase: str, title: str, steps: Steps) -> bytes:
    """A new progress file with one phase, its verified steps ticked."""
    return f"# Progress\n\n{_section(phase, title, steps)}".encode()


def ticked(data: bytes, phase: str, title: str, steps: Steps, path: str = NAME) -> tuple[bytes, tuple[Finding, ...]]:
    """The file with the verified steps of one phase ticked, and advisory findings where a title differs.

    A step that the section lacks is added below its last step, a section that the file lacks at the file's end.
    Raises `InputError` where the file is no text or ends inside a fence or comment, so that nothing can be added.
    """
    if b"\0" in data:
        raise InputError(Finding("progress-encoding", Place(path), "the progress file is not UTF-8 text",
                                 "save it as UTF-8"))  # fmt: skip
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        return created(phase, title, steps), ()
    section = next((one for one in read(data).phases if one.number.casefold() == phase.casefold()), None)
    if section is None:
        return _appended(data, _section(phase, title, steps), path), ()
    lines = data.splitlines(keepends=True)
    findings = tuple(found for step in steps if step[2] for found in _tick(lines, section, step, path))
    absent = [step for step in steps if step[2] and _find(section, step) is None]
    _insert(lines, section, absent, _newline(data))
    return b"".join(lines), findings


def _step(text: str, line: int) -> StepProgress | None:
    item = ITEM.fullmatch(text)
    named = STEP.fullmatch(item[3]) if item else None
    return StepProgress(named[1], named[2].strip(), item[2] != " ", line) if item and named else None


def _find(section: PhaseProgress, step: tuple[str, str, bool]) -> StepProgress | None:
    """The step's line: of several with its number the one with its title, else the first."""
    numbers = {step[0].casefold(), f"{section.number}{step[0]}".casefold()}
    same = [one for one in section.steps if one.number.rstrip(".").casefold() in numbers]
    return next((one for one in same if _plain(one.title) == _plain(step[1])), same[0] if same else None)


def _tick(lines: list[bytes], section: PhaseProgress, step: tuple[str, str, bool], path: str) -> Iterable[Finding]:
    found = _find(section, step)
    if found is None:
        return
    if not found.done:
        lines[found.line - 1] = lines[found.line - 1].replace(b"[ ]", b"[x]", 1)
    if _plain(found.title) != _plain(step[1]):
        yield Finding(
            "progress-title-differs", Place(path, found.line),
            f"step {step[0]} of phase {section.number} has another title here than in its document",
            "make the two titles the same", blocking=False, expected=step[1], actual=found.title,
        )  # fmt: skip


def _insert(lines: list[bytes], section: PhaseProgress, absent: list[tuple[str, str, bool]], newline: str) -> None:
    at = section.steps[-1].line if section.steps else section.line
    if absent and not lines[at - 1].endswith((b"\n", b"\r")):
        lines[at - 1] += newline.encode()
    first = "" if section.steps else newline
    indent = re.match(rb"[ \t]*", lines[at - 1])
    lead = indent[0].decode() if indent and section.steps else ""
    lines[at:at] = [f"{first * (not n)}{lead}{_line(one)}{newline}".encode() for n, one in enumerate(absent)]


def _appended(data: bytes, section: str, path: str) -> bytes:
    unclosed = live_lines(data)[1]
    if unclosed:
        raise InputError(Finding("progress-unclosed", Place(path, unclosed),
                                 "a fence or comment opens here and is never closed",
                                 "close it, so that a section can follow"))  # fmt: skip
    newline = _newline(data)
    end = "" if data.endswith((b"\n", b"\r")) else newline
    return data + f"{end}{newline}{section.replace(chr(10), newline)}".encode()


def _newline(data: bytes) -> str:
    first = data.splitlines(keepends=True)[0]
    return next((end for end in ("\r\n", "\n", "\r") if first.endswith(end.encode())), "\n")


def _section(phase: str, title: str, steps: Steps) -> str:
    return "\n".join((f"## Phase {phase}: {_clean(title)}", "", *(_line(step) for step in steps), ""))


def _line(step: tuple[str, str, bool]) -> str:
    return f"- [{'x' if step[2] else ' '}] **Step {step[0]}**: {_clean(step[1])}"


def _clean(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _plain(text: str) -> str:
    """A title as it is compared: without emphasis, case and runs of blanks."""
    return " ".join(text.replace("*", "").replace("`", "").split()).casefold()
