"""Ticking verified steps: bytes in, bytes out; nothing but ticks is changed, and lines only added."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.progress.live_lines import live_lines
from devnet_runner.progress.sections import PhaseProgress, StepProgress, read
from devnet_runner.progress.style import NEW, Step, Style, style_of

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "DEVNET-PROGRESS.md"
Steps = tuple[Step, ...]
"""All steps of a phase in their order."""


def created(phase: str, title: str, steps: Steps) -> bytes:
    """A new progress file with one phase, its verified steps ticked."""
    return f"# Progress\n\n{NEW.section(phase, title, steps)}".encode()


def ticked(data: bytes, phase: str, title: str, steps: Steps, path: str = NAME) -> tuple[bytes, tuple[Finding, ...]]:
    """The file with the verified steps of one phase ticked, and advisory findings about what does not fit the document.

    A step that the section lacks is added below its last step, a section that the file lacks at the file's end.
    Raises `InputError` where the file is no text or ends inside a fence or comment, so that nothing can be added.
    """
    if b"\0" in data:
        raise InputError(Finding("progress-encoding", Place(path), "the progress file is not UTF-8 text",
                                 "save it as UTF-8"))  # fmt: skip
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        return created(phase, title, steps), ()
    phases, lines = read(data).phases, data.splitlines(keepends=True)
    same = [one for one in phases if one.number.casefold() == phase.casefold()]
    section = next((one for one in same if one.steps), same[0] if same else None)
    if section is None:
        return _appended(data, _style(lines, phases).section(phase, title, steps), path), ()
    verified = [step for step in steps if step[2]]
    findings = tuple(found for step in verified for found in _tick(lines, section, step, path))
    absent = [step for step in verified if not _same(section, step)]
    _insert(lines, section, absent, _style(lines, (section,)))
    return b"".join(lines), findings


def _style(lines: list[bytes], phases: tuple[PhaseProgress, ...]) -> Style:
    """The style of the last phase that has steps."""
    shown = next((one for one in reversed(phases) if one.steps), None)
    return style_of(_text(lines[shown.line - 1]), _text(lines[shown.steps[-1].line - 1])) if shown else NEW


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape").rstrip("\r\n")


def _same(section: PhaseProgress, step: Step) -> list[StepProgress]:
    """The lines with the step's number, one with its title first."""
    numbers = {step[0].casefold(), f"{section.number}{step[0]}".casefold()}
    same = [one for one in section.steps if one.number.rstrip(".").casefold() in numbers]
    return sorted(same, key=lambda one: _plain(one.title) != _plain(step[1]))


def _tick(lines: list[bytes], section: PhaseProgress, step: Step, path: str) -> Iterable[Finding]:
    same = _same(section, step)
    named = f"step {step[0]} of phase {section.number}"
    if not same:
        yield _note("progress-step-added", Place(path, section.line), f"{named} has no checkbox in this section",
                    "nothing: it was added below the last one")  # fmt: skip
        return
    found = same[0]
    if not found.done:
        lines[found.line - 1] = lines[found.line - 1].replace(b"[ ]", b"[x]", 1)
    if len(same) > 1:
        others = ", ".join(str(one.line) for one in same[1:])
        yield _note("progress-step-twice", Place(path, found.line), f"{named} is listed again in line {others}",
                    "keep one of them; this one is ticked")  # fmt: skip
    if _plain(found.title) != _plain(step[1]):
        note = _note("progress-title-differs", Place(path, found.line), f"{named} has another title in its document",
                     "make the two titles the same")  # fmt: skip
        yield replace(note, expected=step[1], actual=found.title)


def _note(name: str, where: Place, what: str, fix: str) -> Finding:
    return Finding(name, where, what, fix, blocking=False)


def _insert(lines: list[bytes], section: PhaseProgress, absent: list[Step], style: Style) -> None:
    """Add steps below the last one and what belongs to it, as deep as that."""
    if not absent:
        return
    last = section.steps[-1].line if section.steps else section.line
    lead = _lead(lines[last - 1]) if section.steps else b""
    at = _end(lines, last, len(lead)) if section.steps else last
    newline = _newline(lines[last - 1] if last < len(lines) else b"".join(lines))
    if not lines[at - 1].endswith((b"\n", b"\r")):
        lines[at - 1] += newline.encode()
    first = "" if section.steps else newline
    lines[at:at] = [first.encode() * (not n) + lead + f"{style.line(one)}{newline}".encode()
                    for n, one in enumerate(absent)]  # fmt: skip


def _end(lines: list[bytes], at: int, depth: int) -> int:
    """The number of the last line that belongs to the list item in line `at`: what is indented deeper."""
    end = at
    for number, line in enumerate(lines[at:], at + 1):
        if line.strip() and len(_lead(line)) <= depth:
            break
        end = number if line.strip() else end
    return end


def _lead(line: bytes) -> bytes:
    return line[: len(line) - len(line.lstrip(b" \t"))]


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


def _plain(text: str) -> str:
    """A title as it is compared: without emphasis, case and runs of blanks."""
    return " ".join(text.replace("*", "").replace("`", "").split()).casefold()
