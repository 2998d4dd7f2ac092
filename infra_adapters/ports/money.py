"""Money: an exact amount in a currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from infra_adapters.errors import InvalidRequest

PLACES = 4
"""Decimal places that an amount may have: what every store of it keeps."""
CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217, three capital letters). Amounts are Decimal, never float.

    Raises InvalidRequest, which is a ValueError.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not Decimal or not self.amount.is_finite():
            raise InvalidRequest("an amount is a finite Decimal")
        if abs(self.amount) >= 10**14 or self.amount != round(self.amount, PLACES):
            raise InvalidRequest(f"an amount has at most 14 digits before and {PLACES} after the point")
        if not CURRENCY.fullmatch(self.currency):
            raise InvalidRequest("a currency has three capital letters")
