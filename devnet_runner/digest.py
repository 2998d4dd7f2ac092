"""A digest names its algorithm; this is the one place that says which bytes are hashed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

ALGORITHM = "sha256"


@dataclass(frozen=True, slots=True)
class Digest:
    """A SHA-256 of some bytes. It tells that bytes changed; it does not tell who wrote them."""

    value: str
    algorithm: str = ALGORITHM

    @classmethod
    def of(cls, data: bytes) -> Digest:
        """The digest of bytes as they are."""
        return cls(hashlib.sha256(data).hexdigest())

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"
