"""coverage.py's JSON report, formats 2 and 3, into measures."""

from __future__ import annotations

import json
from typing import Any

from devnet_runner.measures.values import MAX_LINE, BadCoverage, FileMeasure


def read_coverage_json(data: bytes) -> list[FileMeasure]:
    """The measures of a report; a line that is said to be both executed and missing is missing. Raises BadCoverage."""
    try:
        files: dict[str, dict[str, Any]] = json.loads(data)["files"]
        return [_file(path, value) for path, value in files.items()]
    except BadCoverage:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadCoverage(f"it is no JSON report of coverage.py ({type(error).__name__}: {error})") from error


def _file(path: str, value: dict[str, Any]) -> FileMeasure:
    lines = dict.fromkeys(_lines(path, value["executed_lines"]), True)
    lines |= dict.fromkeys(_lines(path, value["missing_lines"]), False)
    branches = dict.fromkeys(_branches(path, value.get("executed_branches", [])), True)
    branches |= dict.fromkeys(_branches(path, value.get("missing_branches", [])), False)
    return FileMeasure.of(path, lines, branches, len(set(_lines(path, value.get("excluded_lines", [])))))


def _lines(path: str, values: list[Any]) -> list[int]:
    for line in values:
        if type(line) is not int or not 1 <= line <= MAX_LINE:
            raise BadCoverage(f"'{path}' has an impossible line number: {str(line)[:40]}")
    return values


def _branches(path: str, values: list[Any]) -> list[tuple[int, str]]:
    """Branches as the line that they leave from and the line, or for an exit the negative number, that they go to."""
    origins = _lines(path, [origin for origin, _ in values])
    return [(origin, str(target)) for origin, (_, target) in zip(origins, values, strict=True)]
