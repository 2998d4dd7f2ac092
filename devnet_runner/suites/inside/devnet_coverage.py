"""Turns the data files of one run into one JSON report; runs inside the suite's own interpreter."""

from __future__ import annotations

import sys

import coverage
from coverage.exceptions import NoDataError


def main(data_file: str, report: str) -> int:
    """Combine and report; exit status 3 where nothing was measured."""
    measured = coverage.Coverage(data_file=data_file)
    try:
        measured.combine(keep=False)
        measured.json_report(outfile=report)
    except NoDataError:
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
