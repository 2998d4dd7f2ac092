"""A schema as values: each object of it under its kind and name, with the properties that make it what it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from infra_adapters.errors import CorruptRow

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "v2"

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Catalog:
    """`objects`: (kind, qualified name) → property → text. Without what differs between two equal databases: numbers
    of objects, their owners, the order in which they were made, and rows.
    """

    objects: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """One text that is equal where everything is; it begins with the version of this form."""
        return f"{VERSION}:{hashlib.sha256(self.to_json().encode()).hexdigest()}"

    def to_json(self) -> str:
        """The whole as a text, the same for equal catalogs."""
        rows = [[kind, name, dict(sorted(found.items()))] for (kind, name), found in sorted(self.objects.items())]
        return json.dumps({"version": VERSION, "objects": rows}, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """A catalog from its text. Raises CorruptRow for any other text, and for another version of this form."""
        try:
            read = json.loads(text)
            if read["version"] != VERSION:
                raise CorruptRow(
                    f"the schema was kept in form {read['version']}, and this reads {VERSION}: accept it as it is now"
                )
            return cls({(kind, name): found for kind, name, found in read["objects"]})
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptRow("this is no catalog") from error

    def without(self, *names: str) -> Catalog:
        """The same without tables of these names, and what belongs to them. Names are qualified."""
        return Catalog(
            {key: found for key, found in self.objects.items() if key[1] not in names and found.get("of") not in names}
        )
