"""Finding the coverage that a project's own tools ask for."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from devnet_runner.survey.packages import package_folders
from devnet_runner.survey.values import Minimum, Tree, table

if TYPE_CHECKING:
    from collections.abc import Iterator

RCS = ((".coveragerc", "report"), ("setup.cfg", "coverage:report"), ("tox.ini", "coverage:report"))
CONFIGS = ("vitest.config.ts", "vitest.config.js", "vitest.config.mts", "vitest.config.mjs", "vite.config.ts")
LINES = re.compile(r"\blines[\"']?\s*[:=]\s*(\d{1,3}(?:\.\d{1,6})?)\b")
NEAR = 600


def minimum_of(tree: Tree) -> Minimum:
    """The one minimum that holds for the project; none where its tools name different ones."""
    found = {percent: origin for percent, origin in reversed(tuple(_asked(tree))) if percent}
    if len(found) > 1:
        named = ", ".join(f"{percent} in {origin}" for percent, origin in found.items())
        what = f"how much must be covered: {named}; write `minimum` below each layer"
        return Minimum(undecided=(what,))
    return next((Minimum(percent, origin) for percent, origin in found.items()), Minimum())


def _asked(tree: Tree) -> Iterator[tuple[str, str]]:
    report = table(tree.toml("pyproject.toml"), "tool", "coverage", "report")
    given = [(path, tree.ini(path, section).get("fail_under")) for path, section in RCS]
    # coverage.py reads the first of these files that says anything, .coveragerc before the others.
    given.insert(1, ("pyproject.toml", report.get("fail_under")))
    yield from [(_percent(value), path) for path, value in given if _percent(value)][:1]
    for folder in ("", *package_folders(tree)):
        paths = (f"{folder}/{name}".removeprefix("/") for name in CONFIGS)
        yield from ((_threshold(tree.read(path) or ""), path) for path in paths if tree.file(path))


def _percent(value: object) -> str:
    """A percentage as settings take it; empty for what is none, and for 0, which asks for nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return ""
    if not number.is_finite() or not 0 < number <= 100:
        return ""
    # An exponent, as in 9E+1, is no number that a person would write in settings.
    return f"{number.normalize():f}"


def _threshold(text: str) -> str:
    at = text.find("threshold")
    match = LINES.search(text, at, at + NEAR) if at >= 0 else None
    return _percent(match[1]) if match else ""
