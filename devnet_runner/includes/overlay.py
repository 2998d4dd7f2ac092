"""Documents as they will be: a jail in which some files have new bytes that nobody has written yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from posixpath import normpath
from typing import TYPE_CHECKING

from devnet_runner.includes.jail import Jail

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Overlay(Jail):
    """A jail in which some files have other bytes than on the disk."""

    new: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        """The bytes of a file, the new ones where there are some."""
        known = self.new.get(normpath(self.mapped(path)))
        return known if known is not None else Jail.read(self, path)
