"""LCOV's tracefiles, as geninfo(1) describes them, into measures."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devnet_runner.measures.values import MAX_HITS, MAX_LINE, BadCoverage, FileMeasure, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class _File:
    path: str
    lines: dict[int, bool] = field(default_factory=dict)
    branches: dict[tuple[int, str], bool] = field(default_factory=dict)


def read_lcov(data: bytes) -> Iterator[FileMeasure]:
    """The measures of a tracefile: its SF, DA and BRDA records. LF, LH, BRF and BRH are ignored. Raises BadCoverage."""
    open_file: _File | None = None
    for number, raw in enumerate(io.BytesIO(data), 1):
        key, _, value = raw.decode("utf-8", "surrogateescape").rstrip("\r\n").partition(":")
        if key == "SF":
            if open_file:
                raise BadCoverage(f"line {number}: a file begins before end_of_record of '{open_file.path}'")
            open_file = _File(value.strip())
        elif key in {"DA", "BRDA"}:
            if not open_file:
                raise BadCoverage(f"line {number}: {key} belongs to no file, as no SF stands before it")
            _count(open_file, key, value, number)
        elif key == "end_of_record" and open_file:
            yield FileMeasure.of(open_file.path, open_file.lines, open_file.branches)
            open_file = None
    if open_file:
        raise BadCoverage(f"it ends before end_of_record of '{open_file.path}': it was cut off")


def _count(file: _File, key: str, value: str, number: int) -> None:
    """Take one record; a line or branch that is named twice ran if it ran in either."""
    if key == "DA":
        line, hits = _numbers(*value.split(",")[:2], number=number, value=value)
        file.lines[line] = file.lines.get(line, False) or hits > 0
        return
    # The name of a branch may be an expression that holds commas itself.
    where, _, rest = value.partition(",")
    branch, _, taken = rest.rpartition(",")
    line, hits = _numbers(where, "0" if taken == "-" else taken, number=number, value=value)
    if branch.count(",") < 1:
        raise BadCoverage(f"line {number}: '{value[:60]}' is no branch: line, block, branch and count are expected")
    file.branches[line, branch] = file.branches.get((line, branch), False) or hits > 0


def _numbers(line: str, hits: str = "", *, number: int, value: str) -> tuple[int, int]:
    where, count = whole_number(line, MAX_LINE), whole_number(hits, MAX_HITS)
    if not where or count is None:
        raise BadCoverage(f"line {number}: '{value[:60]}' holds impossible numbers")
    return where, count
