"""A PostgreSQL URL, taken apart: what may be shown of it, and the same for another database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from devnet_runner.errors import EnvironmentStopped
from devnet_runner.findings import Finding, Place

PLACE = Place("DATABASE_URL")
SHAPE = "postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE"
SCHEMES = ("postgresql", "postgres")
SECRET = ("password", "sslpassword")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is. `scheme` may name a driver, as in `postgresql+psycopg`; `netloc` may hold a password."""

    scheme: str
    netloc: str = field(repr=False)
    name: str
    query: tuple[tuple[str, str], ...] = field(repr=False, default=())

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL. Raises EnvironmentStopped, with nothing of the URL in it, where it is none of PostgreSQL."""
        fault = _fault(url)
        if fault:
            what = f"the database's URL {fault}"
            fix = f"write it as {SHAPE}, with special characters of the password percent-encoded"
            raise EnvironmentStopped(Finding("database-url-malformed", PLACE, what, fix))
        parts = urlsplit(url)
        query = tuple(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "dbname")
        return cls(parts.scheme, parts.netloc, unquote(parts.path.removeprefix("/")) or "postgres", query)

    @property
    def url(self) -> str:
        """The whole URL, with its password."""
        return self._unsplit(self.scheme, self.query)

    def plain(self, known: frozenset[str]) -> str:
        """The URL as libpq understands it: without a driver, and without options that are not `known` to it."""
        return self._unsplit("postgresql", tuple(pair for pair in self.query if pair[0] in known))

    def named(self, name: str) -> Address:
        """The address of another database on the same server."""
        return Address(self.scheme, self.netloc, name, self.query)

    @property
    def host(self) -> str:
        """The host or socket folder, with the port where one is named."""
        place = dict(self.query).get("host", "") or self.netloc.rpartition("@")[2]
        return place or "the local socket"

    @property
    def role(self) -> str:
        """The role, empty where the URL names none: then it is the system's user."""
        return dict(self.query).get("user", "") or unquote(self.netloc.rpartition("@")[0].partition(":")[0])

    def shown(self, text: str) -> str:
        """A text of others, on one line and without the password."""
        secrets = [value for name, value in self.query if name in SECRET]
        password = self.netloc.rpartition("@")[0].partition(":")[2]
        for secret in sorted({*secrets, password, unquote(password)} - {""}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return " ".join(text.split())

    def _unsplit(self, scheme: str, query: tuple[tuple[str, str], ...]) -> str:
        options = urlencode(query, safe="/", quote_via=quote)
        return urlunsplit((scheme, self.netloc, "/" + quote(self.name, safe=""), options, ""))


def _fault(url: str) -> str:
    """What is wrong with a URL; empty where nothing is. A password with special characters breaks it anywhere."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "has no valid host and port"
    if parts.scheme.partition("+")[0] not in SCHEMES:
        return "does not begin with postgresql://"
    if port == 0 or parts.fragment or "@" in parts.path + parts.query or parts.path.count("/") > 1:
        return "cannot be told apart into role, host and database"
    if any("=" not in option for option in parts.query.split("&") if option):
        return "has an option without a value"
    return ""
