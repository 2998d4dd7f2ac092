"""Cobertura's XML reports into measures."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from devnet_runner.measures.values import MAX_BRANCHES, MAX_HITS, MAX_LINE, BadCoverage, FileMeasure, whole_number
from devnet_runner.xml_guard import MAX_ELEMENTS, HostileXml, read_elements

if TYPE_CHECKING:
    from collections.abc import Callable

    Branches = dict[tuple[int, str], bool]

CONDITION = re.compile(r"\((\d{1,9})/(\d{1,9})\)")


def read_cobertura(data: bytes, exists: Callable[[str], bool]) -> list[FileMeasure]:
    """The measures of a report: the hits and conditions of its line elements; its rates are ignored.

    A file's path is relative to one of the report's sources; where there are several, `exists` tells which. Raises
    BadCoverage.
    """
    report = _Report()
    try:
        read_elements(data, report.start, report.end)
    except HostileXml as error:
        raise BadCoverage(str(error)) from error
    return [
        FileMeasure.of(_path(name, report.sources, exists), lines, branches)
        for name, (lines, branches) in report.files.items()
    ]


def _path(name: str, sources: list[str], exists: Callable[[str], bool]) -> str:
    if name.startswith("/"):
        return name
    candidates = [str(PurePosixPath(source) / name) for source in sources if source] or [name]
    return next((one for one in candidates if exists(one)), candidates[0])


class _Report:
    """What is gathered while the elements of a report come by."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[dict[int, bool], Branches]] = {}
        self.sources: list[str] = []
        self._file = ""
        self._root = ""
        self._branches = 0

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        """Begin a file, or count a line of it."""
        self._root = self._root or name
        if self._root != "coverage":
            raise BadCoverage(f"its root is <{self._root[:60]}>, not <coverage>: write it as Cobertura (line {line})")
        if name == "class":
            self._file = attributes.get("filename", "")
            self.files.setdefault(self._file, ({}, {}))
        elif name == "line" and self._file:
            self._line(attributes, line)

    def end(self, name: str, text: str) -> None:
        """Finish a file, or keep a source."""
        if name == "source":
            self.sources.append(text.strip())
        elif name == "class":
            self._file = ""

    def _line(self, attributes: dict[str, str], place: int) -> None:
        number = whole_number(attributes.get("number", ""), MAX_LINE)
        hits = whole_number(attributes.get("hits", ""), MAX_HITS)
        if not number or hits is None:
            raise BadCoverage(f"line {place}: '{self._file}' has a line with impossible numbers: {_said(attributes)}")
        lines, branches = self.files[self._file]
        lines[number] = lines.get(number, False) or hits > 0
        taken, total = _condition(attributes)
        self._branches += total
        if taken > total or total > MAX_BRANCHES or self._branches > MAX_ELEMENTS:
            raise BadCoverage(f"line {place}: '{self._file}' has a line with impossible branches: {_said(attributes)}")
        # Which of them were taken is not said; so merging two reports may count too few, and never too many.
        for index in range(total):
            branches[number, str(index)] = branches.get((number, str(index)), False) or index < taken


def _condition(attributes: dict[str, str]) -> tuple[int, int]:
    """How many branches of a line were taken, of how many: `50% (1/2)`."""
    found = CONDITION.search(attributes.get("condition-coverage", ""))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _said(attributes: dict[str, str]) -> str:
    return ", ".join(f"{key} '{value[:40]}'" for key, value in attributes.items())[:200]
