"""Waivers: files in the repository that let a test not pass for a while, on a written decision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from posixpath import normpath
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from devnet_runner.standards.values import StandardTest

KEYS = ("who", "why", "tests", "until", "decision")
LONGEST = timedelta(days=366)
MOST_TESTS = 20
COMPARED = 500
"""Among how many tests one of a near name is looked for."""
NAMED = re.compile(r"[^#*?\s]+#[^/*?\s]+/[^/*?\s]+")


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who lets which tests not pass, why, until which day, and on which decision document."""

    path: str
    line: int
    who: str
    why: str
    tests: tuple[str, ...]
    until: str
    decision: str


@dataclass(frozen=True, slots=True)
class Waived:
    """A use of a waiver: the test, written file#block/name, that it let not pass."""

    test: str
    waiver: Waiver

    def to_json(self) -> dict[str, str]:
        """The use as JSON values."""
        one = self.waiver
        return {"test": self.test, "file": one.path, "who": one.who, "why": one.why, "until": one.until,
                "decision": one.decision}  # fmt: skip

    def __str__(self) -> str:
        one = self.waiver
        return f"waived by {one.path} until {one.until} ({one.who}: {one.why}; decided in {one.decision})"


def check_waivers(
    waivers: Iterable[Waiver], tests: Iterable[StandardTest], today: date, exists: Callable[[str], bool]
) -> tuple[dict[str, Waiver], tuple[Finding, ...]]:
    """The waivers that hold, by the test that each lets not pass, and what is wrong with the others."""
    known = {str(test): test for test in tests}
    held: dict[str, Waiver] = {}
    findings: list[Finding] = []
    for waiver in waivers:
        wrong = [*_faults(waiver, today, exists), *_about_tests(waiver, known)]
        findings += wrong
        if not wrong:
            held |= dict.fromkeys(waiver.tests, waiver)
    return held, tuple(findings)


def _faults(waiver: Waiver, today: date, exists: Callable[[str], bool]) -> Iterator[Finding]:
    place = Place(waiver.path, waiver.line)
    missing = [key for key in KEYS if not getattr(waiver, key)]
    if missing:
        what = f"the waiver does not say {', '.join(missing)}"
        yield Finding("waiver-incomplete", place, what, f"write all of: {', '.join(KEYS)}")
        return
    try:
        until = date.fromisoformat(waiver.until)
    except ValueError:
        yield Finding("waiver-incomplete", place, f"'{waiver.until[:40]}' is no day", "write until: YYYY-MM-DD")
        return
    if until < today:
        what = f"the waiver ended on {waiver.until}"
        yield Finding("waiver-expired", place, what, "make its tests pass, or decide anew and write the new day")
    if until - today > LONGEST:
        what = f"the waiver lasts until {waiver.until}, longer than a year"
        yield Finding("waiver-too-broad", place, what, "choose a day within a year")
    if not exists(waiver.decision):
        what = f"the decision document '{waiver.decision}' does not exist"
        yield Finding("waiver-decision-missing", place, what, "write it, or correct the path")


def _about_tests(waiver: Waiver, known: Mapping[str, StandardTest]) -> Iterator[Finding]:
    place = Place(waiver.path, waiver.line)
    if len(waiver.tests) > MOST_TESTS:
        what = f"the waiver names {len(waiver.tests)} tests"
        yield Finding("waiver-too-broad", place, what, f"name at most {MOST_TESTS}, or change the standard")
    for name in waiver.tests:
        if NAMED.fullmatch(name) is None:
            what, fix = f"'{name[:80]}' is not the name of one test", "write FILE#BLOCK/NAME, one test each"
            yield Finding("waiver-too-broad", place, what, fix)
        elif name not in known:
            near = get_close_matches(name, known, n=2) if len(known) <= COMPARED else []
            fix = f"did you mean {' or '.join(near)}?" if near else "name a test that `devnet-run standards list` shows"
            yield Finding("waiver-unknown-test", place, f"there is no test '{name}'", fix)
        elif not _decides(waiver.decision, known[name].bypass_requires):
            what = f"{name} may only be waived by {known[name].bypass_requires}, not by {waiver.decision}"
            yield Finding("waiver-decision-missing", place, what, "name that document as its decision")


def _decides(decision: str, required: str) -> bool:
    """Whether a decision document is the one that a test asks for.

    The test names it by its path, a part of its path, or a folder that it lies in; it may do so in a sentence.
    """
    wanted, given = required.strip().lower(), normpath(decision.lower())
    if not wanted or wanted in given:
        return True
    words = (word.strip("\"'`()[],;:.") for word in wanted.split())
    return any(given == word or given.startswith(f"{word.rstrip('/')}/") for word in words if "/" in word)
