"""What differs between two catalogs, each difference named by what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_adapters.postgres.catalog.values import Catalog


@dataclass(frozen=True, slots=True)
class Difference:
    """One property of one object. `expected` or `found` is None where the whole object is missing there."""

    kind: str
    name: str
    what: str
    expected: str | None
    found: str | None

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.kind} {self.name} is missing"
        if self.expected is None:
            return f"{self.kind} {self.name} is there and was never made"
        return f"{self.kind} {self.name}: {self.what} is {_shown(self.found)}, expected {_shown(self.expected)}"


def differences(expected: Catalog, found: Catalog) -> tuple[Difference, ...]:
    """Every difference, in the order of kinds and names; none where the fingerprints are equal."""
    return tuple(_differences(expected, found))


def _differences(expected: Catalog, found: Catalog) -> Iterator[Difference]:
    for kind, name in sorted(expected.objects.keys() | found.objects.keys()):
        before, now = expected.objects.get((kind, name)), found.objects.get((kind, name))
        if before is None or now is None:
            yield Difference(kind, name, "", None if before is None else kind, None if now is None else kind)
            continue
        for what in sorted(before.keys() | now.keys()):
            if before.get(what) != now.get(what):
                yield Difference(kind, name, what, before.get(what, "nothing"), now.get(what, "nothing"))


def _shown(text: str, most: int = 200) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= most else line[:most] + "…")
