"""Coverage files into measures: coverage.py's JSON, LCOV, Cobertura XML; recounted from lines, never from summaries."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from devnet_runner.measures.values import FileMeasure
from devnet_runner.xml_guard import HostileXml, read_elements

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINE = 10_000_000
CONDITION = re.compile(r"\((\d+)/(\d+)\)")


class BadCoverage(ValueError):
    """A coverage file that cannot be believed; the message says why, with a line where there is one."""


def read_coverage(data: bytes, name: str, root: Path) -> tuple[FileMeasure, ...]:
    """The measures in a coverage file whose format its name and content tell; files outside `root` do not count.

    Raises BadCoverage.
    """
    if not data.strip():
        raise BadCoverage("it is empty")
    if name.endswith(".json"):
        found = _coverage_py(data)
    elif data.lstrip()[:1] == b"<":
        found = _Cobertura().read(data)
    else:
        found = list(_lcov(data))
    inside = ((_inside(measure.path, root), measure) for measure in found)
    return tuple(FileMeasure(path, m.lines, m.branches, m.excluded) for path, m in inside if path)


def _inside(path: str, root: Path) -> str:
    """A file's path below the root, or nothing for a file elsewhere."""
    given = PurePosixPath(path.replace("\\", "/"))
    if given.is_absolute():
        base = next((one for one in (root, root.resolve()) if given.is_relative_to(one)), None)
        return str(given.relative_to(base)) if base else ""
    return "" if ".." in given.parts else str(given)


def _coverage_py(data: bytes) -> list[FileMeasure]:
    """coverage.py's JSON report, format 2 and 3."""
    try:
        files: dict[str, Any] = json.loads(data)["files"]
        return [_coverage_py_file(path, value) for path, value in files.items()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadCoverage(f"it is no JSON report of coverage.py ({type(error).__name__}: {error})") from error


def _coverage_py_file(path: str, value: dict[str, Any]) -> FileMeasure:
    lines = {int(line): True for line in value["executed_lines"]}
    lines |= {int(line): False for line in value["missing_lines"]}
    branches = {(int(a), str(b)): True for a, b in value.get("executed_branches", ())}
    branches |= {(int(a), str(b)): False for a, b in value.get("missing_branches", ())}
    excluded = len(value.get("excluded_lines", ()))
    return FileMeasure(path, tuple(sorted(lines.items())), tuple(sorted(branches.items())), excluded)


def _lcov(data: bytes) -> Iterator[FileMeasure]:
    """LCOV's tracefile, geninfo(1): SF, DA, BRDA; its LF, LH, BRF and BRH are ignored."""
    path, lines, branches = "", dict[int, bool](), dict[tuple[int, str], bool]()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        key, _, value = line.strip().partition(":")
        if key == "SF":
            if path:
                raise BadCoverage(f"line {number}: a file begins before end_of_record of '{path}'")
            path, lines, branches = value, {}, {}
        elif key == "DA":
            where, hits, *_ = _numbers(value, 2, number)
            lines[where] = lines.get(where, False) or hits > 0
        elif key == "BRDA":
            where, block, branch, taken = _branch(value, number)
            branches[where, f"{block}.{branch}"] = taken or branches.get((where, f"{block}.{branch}"), False)
        elif key == "end_of_record" and path:
            yield FileMeasure(path, tuple(sorted(lines.items())), tuple(sorted(branches.items())))
            path = ""
    if path:
        raise BadCoverage(f"it ends before end_of_record of '{path}': it was cut off")


def _numbers(value: str, count: int, line: int) -> list[int]:
    try:
        numbers = [int(part) for part in value.split(",")[:count]]
    except ValueError:
        numbers = []
    if len(numbers) != count or numbers[0] < 1 or numbers[0] > MAX_LINE or min(numbers) < 0:
        raise BadCoverage(f"line {line}: '{value[:60]}' holds impossible numbers")
    return numbers


def _branch(value: str, line: int) -> tuple[int, str, str, bool]:
    parts = value.split(",")
    if len(parts) != 4:
        raise BadCoverage(f"line {line}: '{value[:60]}' is no branch")
    taken = "0" if parts[3] == "-" else parts[3]
    where, hits = _numbers(f"{parts[0]},{taken}", 2, line)
    return where, parts[1], parts[2], hits > 0


class _Cobertura:
    """Cobertura's XML: line elements with hits and condition-coverage; rates are ignored."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[dict[int, bool], dict[tuple[int, str], bool]]] = {}
        self._sources: list[str] = []
        self._file = ""

    def read(self, data: bytes) -> list[FileMeasure]:
        """Every class of the report."""
        try:
            read_elements(data, self._start, self._end)
        except HostileXml as error:
            raise BadCoverage(str(error)) from error
        return [
            FileMeasure(self._path(path), tuple(sorted(lines.items())), tuple(sorted(branches.items())))
            for path, (lines, branches) in self._files.items()
        ]

    def _path(self, path: str) -> str:
        """Cobertura's paths are relative to one of its sources."""
        absolute = [source for source in self._sources if source.startswith("/")]
        return path if path.startswith("/") or not absolute else str(PurePosixPath(absolute[0]) / path)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "class":
            self._file = attributes.get("filename", "")
            self._files.setdefault(self._file, ({}, {}))
        elif name == "line" and self._file:
            self._line(attributes)

    def _end(self, name: str, text: str) -> None:
        if name == "source":
            self._sources.append(text.strip())
        elif name == "class":
            self._file = ""

    def _line(self, attributes: dict[str, str]) -> None:
        try:
            number, hits = int(attributes["number"]), int(attributes["hits"])
        except (KeyError, ValueError) as error:
            raise BadCoverage(f"'{self._file}' has a line without number and hits") from error
        if not 1 <= number <= MAX_LINE or hits < 0:
            raise BadCoverage(f"'{self._file}' has impossible numbers: line {number}, {hits} hits")
        lines, branches = self._files[self._file]
        lines[number] = lines.get(number, False) or hits > 0
        condition = CONDITION.search(attributes.get("condition-coverage", ""))
        taken, total = (int(part) for part in condition.groups()) if condition else (0, 0)
        if taken > total or total > MAX_LINE // 1000:
            raise BadCoverage(f"'{self._file}' line {number} claims {taken} of {total} branches")
        branches |= {(number, str(index)): index < taken for index in range(total)}
