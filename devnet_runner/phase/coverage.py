"""What a sentence says about test coverage; percentages of other things are not it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from devnet_runner.phase.lines import bare

if TYPE_CHECKING:
    from devnet_runner.phase.values import OverviewField

SENTENCE = re.compile(r"(?<![\d.<])(\d{1,3}(?:\.\d+)?)\s*%\+?\s+(?:[\w-]+\s+){0,4}?coverage\b", re.IGNORECASE)
NUMBER = re.compile(r"(?:≥|>=)?\s*(?<![\d.<])(\d{1,3}(?:\.\d+)?)\s*(%)?")
FIELDS = {"coverage target", "coverage requirement"}


def coverage_in(text: str) -> Decimal | None:
    """The test coverage in percent that a sentence asks for."""
    match = SENTENCE.search(bare(text))
    return _percent(match[1]) if match else None


def overview_target(overview: tuple[OverviewField, ...]) -> Decimal | None:
    """The phase's own target: the overview's coverage field, which has a percentage or `≥ 98`, or no number at all."""
    value = next((field.value for field in overview if field.name.lower() in FIELDS), "")
    numbers = [match for match in NUMBER.finditer(value) if match[2] or "≥" in match[0] or ">=" in match[0]]
    return _percent(numbers[0][1]) if numbers else None


def _percent(text: str) -> Decimal | None:
    value = Decimal(text)
    return value if value <= 100 else None
