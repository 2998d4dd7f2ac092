"""Coverage files into measures, by their format; recounted from lines, never from the summaries that they hold."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from pathlib import PurePath, PurePosixPath
from typing import TYPE_CHECKING

from devnet_runner.measures.cobertura import read_cobertura
from devnet_runner.measures.coverage_json import read_coverage_json
from devnet_runner.measures.lcov import read_lcov
from devnet_runner.measures.values import BadCoverage, FileMeasure, merge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def read_coverage(data: bytes, name: str, root: Path, directory: str = ".") -> tuple[FileMeasure, ...]:
    """The measures in a coverage file, one a source file, with paths below `root`.

    The format is told by the file's name, and LCOV from Cobertura by its content. Paths in it that are relative are
    relative to `directory`, a folder below the root. Files outside the root are kept with `outside` set. Raises
    BadCoverage, also where not one line was measured: no data is never a hundred percent.
    """
    if not data.strip():
        raise BadCoverage("it is empty")
    base = root / directory
    found: Iterable[FileMeasure]
    if name.endswith(".json"):
        found = read_coverage_json(data)
    elif data.lstrip()[:1] == b"<" or name.endswith(".xml"):
        found = read_cobertura(data, lambda path: (base / path).is_file())
    else:
        found = read_lcov(data)
    measures = merge(replace(one, path=_below(one.path, root, directory)) for one in found)
    if not any(one.lines for one in measures):
        raise BadCoverage("it holds no line that was measured")
    return measures


def _below(path: str, root: Path, directory: str) -> str:
    """A path as the repository knows it: relative to the root, or for a file elsewhere as it is."""
    given = PurePosixPath(path.replace("\\", "/"))
    if not given.is_absolute():
        return posixpath.normpath(posixpath.join(directory, given))
    plain = PurePath(posixpath.normpath(given))
    inside = next((one for one in (root, root.resolve()) if plain.is_relative_to(one)), None)
    return str(plain.relative_to(inside)) if inside else str(plain)
