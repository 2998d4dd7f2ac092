"""What a standards document declares: tests, in blocks, with what they need and what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from devnet_runner.findings import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devnet_runner.findings import Finding

USE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")

Identity = tuple[str, str, str]
"""File, block and name: what identifies a test."""


@dataclass(frozen=True, slots=True)
class StandardTest:
    """One test: a shell command whose exit status answers whether the project keeps a standard.

    `variables` are the names of variables that it asks for, `depends_on` names of tests in its own block. `error` and
    `fix_command` are shown where it fails; the latter is never run. `bypass_requires` names the decision document that
    a waiver of it must rest on. `faults` say why it cannot be judged.
    """

    file: str
    block: str
    name: str
    line: int
    command: str
    required: bool = True
    blocking: bool = True
    depends_on: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    error: str = ""
    fix_command: str = ""
    description: str = ""
    bypass_requires: str = ""
    fields: tuple[str, ...] = ()
    faults: tuple[Finding, ...] = ()

    @property
    def identity(self) -> Identity:
        """What no other test may share."""
        return self.file, self.block, self.name

    @property
    def where(self) -> Place:
        """Its place in the document."""
        return Place(self.file, self.line)

    def __str__(self) -> str:
        return f"{self.file}#{self.block}/{self.name}"

    def explained(self, values: Mapping[str, str]) -> StandardTest:
        """The same test with the values of variables in the texts that are shown."""

        def shown(text: str) -> str:
            return USE.sub(lambda match: values.get(match[1], match[0]), text)

        return replace(self, error=shown(self.error), fix_command=shown(self.fix_command))

    def faulty(self, *faults: Finding) -> StandardTest:
        """The same test with more reasons why it cannot be judged."""
        return replace(self, faults=(*self.faults, *faults))
