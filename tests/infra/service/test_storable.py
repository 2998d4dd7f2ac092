"""Step 1: what the twin in memory refuses of a product's own types, whose annotations it may know in part only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from infra_adapters.errors import NotNullViolated
from infra_adapters.testing.storable import require_storable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Repositories behind ports, used through a unit of work"),
]


@dataclass(frozen=True)
class Known:
    name: str = "a"
    nickname: str | None = None
    anything: Any = None
    whatever: object = None
    checked: Decimal = None
    several: Sequence[int] = None


def test_what_an_annotation_allows_may_be_none():
    require_storable("known", Known())


def test_a_name_that_only_a_checker_knows_hides_no_other():
    with pytest.raises(NotNullViolated):
        require_storable("known", replace(Known(), name=None))
