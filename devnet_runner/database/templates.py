"""A template is a prepared database; a copy of it is made in a fraction of the time that preparing takes."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from devnet_runner.database.address import Address
from devnet_runner.database.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# PostgreSQL cuts names off after 63 characters; ours append 26 at most.
LONGEST = 37


@dataclass(frozen=True, slots=True)
class Template:
    """A database that others are copied from. Plain values, so that another process can be given it.

    `url` leads to the database that the template's name begins with; nothing is written there.
    """

    url: str = field(repr=False)
    name: str

    @classmethod
    def create(cls, url: str, prepare: Callable[[str], None]) -> Self:
        """Create a database beside that of `url` and have it prepared, by its own URL; once for many copies.

        `prepare` must have closed its connections when it returns. Raises EnvironmentStopped where the server refuses,
        and what `prepare` raises.
        """
        address = Address.parse(url)
        template = cls(url, f"{address.name[:LONGEST]}_t{secrets.token_hex(3)}")
        with Session.open(address) as session:
            session.create(template.name)
        try:
            prepare(address.named(template.name).url)
        except BaseException:
            template.drop()
            raise
        return template

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a new copy, dropped at the end with whoever is connected to it."""
        with self.copies() as copies, copies.fresh() as url:
            yield url

    @contextmanager
    def copies(self) -> Iterator[Copies]:
        """What makes many copies on one connection; for one thread at a time."""
        with Session.open(Address.parse(self.url)) as session:
            yield Copies(session, self.name)

    def drop(self) -> None:
        """Drop the template."""
        with Session.open(Address.parse(self.url)) as session:
            session.drop(self.name)


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies of one template, all of them made on one connection."""

    session: Session
    template: str

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a new copy, dropped at the end with whoever is connected to it."""
        name = f"{self.template}_{secrets.token_hex(6)}"
        self.session.create(name, self.template)
        try:
            yield self.session.address.named(name).url
        finally:
            self.session.drop(name)
