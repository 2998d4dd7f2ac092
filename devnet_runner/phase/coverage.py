"""What a sentence says about test coverage; percentages of other things are not it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from devnet_runner.phase.lines import bare, squeezed

if TYPE_CHECKING:
    from devnet_runner.phase.values import OverviewField

FORWARD = re.compile(
    r"(?<![\d.<])(\d{1,3}(?:\.\d{1,4})?) ?%\+? "
    r"(?:(?!(?:lighthouse|score|availability|uptime|context|less|more|and|or|with)\b)[\w-]+ ){0,4}?coverage\b",
    re.IGNORECASE,
)
BACKWARD = re.compile(
    r"\bcoverage\b(?:(?: ?[:=≥]| ?>=| (?:of|at|is|to|least|minimum|target|requirement|above|over)\b)){1,4} ?≥? ?"
    r"(\d{1,3}(?:\.\d{1,4})?) ?%",
    re.IGNORECASE,
)
NUMBER = re.compile(r"(?<![\d.<])(\d{1,3}(?:\.\d{1,4})?) ?(%?)")
NONE_REQUIRED = re.compile(r"\bno (?:code |test )?coverage\b", re.IGNORECASE)
FIELDS = {"coverage target", "coverage requirement"}


def coverage_in(text: str) -> Decimal | None:
    """The test coverage in percent that a sentence asks for."""
    words = squeezed(bare(text))
    match = FORWARD.search(words) or BACKWARD.search(words)
    return _percent(match[1]) if match else None


def coverage_deliverable(text: str) -> Decimal | None:
    """The coverage that a deliverable is about: it begins with it. What only mentions coverage needs a test."""
    match = FORWARD.match(squeezed(bare(text)))
    return _percent(match[1]) if match else None


def overview_target(overview: tuple[OverviewField, ...]) -> Decimal | None:
    """The phase's own target: the overview's coverage field, which has a percentage or `≥ 98`, or no number at all.

    A target of nothing, and a number that a phase without coverage only configures, are none.
    """
    value = next((field.value for field in overview if field.name.lower() in FIELDS), "")
    if NONE_REQUIRED.search(value):
        return None
    for match in NUMBER.finditer(value):
        before = value[max(0, match.start() - 4) : match.start()].rstrip()
        if match[2] or before.endswith(("≥", ">=")):
            return _percent(match[1]) or None
    return None


def _percent(text: str) -> Decimal | None:
    value = Decimal(text)
    return value if value <= 100 else None
