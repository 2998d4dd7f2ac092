"""The column type of pgvector's vectors, and the ways to measure how far apart two of them are."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import UserDefinedType

from infra_adapters.errors import ConfigError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Dialect

LARGEST = 3.4028235677973366e38
"""Where a number rounds to infinity as one of 32 bits: half a step beyond the largest of them."""
MOST = 16_000
"""The most dimensions of a vector, by pgvector's README."""


class Metric(Enum):
    """A distance: its operator, and its class for an index."""

    COSINE = ("<=>", "vector_cosine_ops")
    EUCLIDEAN = ("<->", "vector_l2_ops")
    INNER_PRODUCT = ("<#>", "vector_ip_ops")

    @property
    def operator(self) -> str:
        """As SQL has it; of the inner product it is the negative one, so less is nearer."""
        return self.value[0]

    @property
    def operators(self) -> str:
        """The class of operators that an index is declared with."""
        return self.value[1]


class VectorMismatch(InvalidRequest):
    """A vector has not as many dimensions as its column."""

    code = "vector_mismatch"

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"a vector of {actual} dimensions, where the column has {expected}")
        self.expected = expected
        self.actual = actual


class Vector(UserDefinedType[tuple[float, ...]]):
    """So many numbers of 32 bits; read as a tuple. Raises ConfigError for dimensions that pgvector does not have."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, dimensions: int) -> None:
        if not 1 <= dimensions <= MOST:
            raise ConfigError(f"a vector has from 1 to {MOST} dimensions, not {dimensions}")
        self.dimensions = dimensions

    def get_col_spec(self, **_: Any) -> str:
        """The type as SQL has it."""
        return f"vector({self.dimensions})"

    def checked(self, value: Sequence[float]) -> tuple[float, ...]:
        """The numbers. Raises VectorMismatch, and InvalidRequest for what is no number or too large to be stored."""
        try:
            numbers = tuple(float(one) for one in value) if not isinstance(value, str | bytes) else None
        except (ValueError, TypeError, OverflowError):
            numbers = None
        if numbers is None:
            raise InvalidRequest("a vector is a sequence of numbers")
        if len(numbers) != self.dimensions:
            raise VectorMismatch(self.dimensions, len(numbers))
        if not all(math.isfinite(one) and abs(one) < LARGEST for one in numbers):
            raise InvalidRequest("a number of a vector is not finite, or too large for 32 bits")
        return numbers

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:  # noqa: ARG002
        """What makes a value of the driver's."""
        return lambda value: None if value is None else f"[{','.join(map(repr, self.checked(value)))}]"

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002
        """What makes a tuple of the driver's value."""
        return lambda value: None if value is None else tuple(float(one) for one in value[1:-1].split(","))
