"""Where a database URL leads, read as libpq reads it: so that TLS is asked for wherever another machine may answer.

Source: PostgreSQL documentation, "Database Connection Control Functions", connection URIs and environment variables.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = {"postgresql", "postgres", "postgresql+psycopg"}
ADDRESSES = {"host": "PGHOST", "hostaddr": "PGHOSTADDR"}
"""What names a machine, and the variable that libpq reads where the URL leaves it out."""
SERVICES = ("service", "servicefile")
HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A URL in libpq's form; an option may stand in it several times."""

    url: str

    @property
    def options(self) -> dict[str, str]:
        """The options after the question mark; of one that stands there twice, the last."""
        return dict(parse_qsl(self._parts.query))

    def all_of(self, option: str) -> tuple[str, ...]:
        """Every value that an option is given."""
        return tuple(value for name, value in parse_qsl(self._parts.query) if name == option)

    def check(self) -> None:
        """Raise ValueError, without the URL, where it is of another kind, or its ports are none."""
        if self._parts.scheme not in SCHEMES:
            raise ValueError("it must be a postgresql:// URL")
        if "\0" in unquote(self.url):
            raise ValueError("it holds a NUL character")
        ports = [port for one in self.all_of("port") for port in one.split(",")]
        ports += [port for _, port in map(_divided, self._named)]
        if any(port and not (port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT) for port in ports):
            raise ValueError(f"a port is a number from 1 to {HIGHEST_PORT}")

    def is_remote(self, environ: Mapping[str, str]) -> bool:
        """Whether another machine may answer: a file of services may name any."""
        if environ.get("PGSERVICE") or any(self.all_of(one) for one in SERVICES):
            return True
        found = {name: [part for one in self.all_of(name) for part in one.split(",")] for name in ADDRESSES}
        found["host"] += [host for host, _ in map(_divided, self._named) if host]
        for name, variable in ADDRESSES.items():
            found[name] = found[name] or environ.get(variable, "").split(",")
        return not all(_is_local(host) for hosts in found.values() for host in hosts)

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url.strip())

    @property
    def _named(self) -> list[str]:
        """What stands between the user and the path: hosts, each with or without a port."""
        return self._parts.netloc.rpartition("@")[2].split(",")


def _divided(named: str) -> tuple[str, str]:
    """A host and its port; an address of IPv6 stands in brackets."""
    if named.startswith("["):
        host, _, port = named[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = named.partition(":")
    return unquote(host), port


def _is_local(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
