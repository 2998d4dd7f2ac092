"""The ways in which a command can end: its statuses, as a set of good and bad."""

from __future__ import annotations

from dataclasses import dataclass

Statuses = frozenset[bool]
GOOD, BAD, EITHER, NEVER = frozenset({True}), frozenset({False}), frozenset({True, False}), frozenset[bool]()


@dataclass(frozen=True, slots=True)
class Ends:
    """The statuses with which a command can hand on to what follows, and those with which it can end the shell."""

    normal: Statuses
    exits: Statuses = NEVER

    @property
    def all(self) -> Statuses:
        """Every status that it can end with."""
        return self.normal | self.exits

    def then(self, following: Ends, when: Statuses) -> Ends:
        """What comes of it where something follows on some of the statuses."""
        if not self.normal & when:
            return self
        return Ends((self.normal - when) | following.normal, self.exits | following.exits)
