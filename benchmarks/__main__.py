"""`python -m benchmarks [NAME...]`: every goal, measured."""

from __future__ import annotations

import sys

from benchmarks import (
    adapters,
    command_start,
    database,
    drift,
    endurance,
    fuzz,
    includes_again,
    includes_check,
    pytest_suite,
    standards,
)

TABLE = {
    "command_start": command_start,
    "includes_check": includes_check,
    "includes_again": includes_again,
    "fuzz": fuzz,
    "pytest_suite": pytest_suite,
    "standards": standards,
    "adapters": adapters,
    "drift": drift,
    "endurance": endurance,
}


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all of them, and print a line a goal."""
    for name, module in TABLE.items():
        if not names or name in names:
            for goal in module.main():
                print(goal.line(), flush=True)
    if not names or "database" in names:
        database.main()


if __name__ == "__main__":
    main(sys.argv[1:])
