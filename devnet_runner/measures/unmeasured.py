"""Source files of a layer that no measure speaks of: on the disk, and in no coverage file."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from devnet_runner.measures.patterns import folder, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devnet_runner.measures.values import FileMeasure
    from devnet_runner.settings import Layer

SKIPPED = {".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", "__tests__", "__mocks__", "dist", "build"}
TESTS = re.compile(r"(?:test_.*|.*_test|conftest)\.py|.*\.(?:test|spec|d)\.[cm]?[jt]sx?")


def unmeasured(measures: Iterable[FileMeasure], layers: Iterable[Layer], root: Path) -> tuple[tuple[str, str], ...]:
    """Pairs of layer and path: files with the suffix of a measured one that hold something and that nobody measured.

    A file that is never imported is the one that most needs to be counted; tools leave it out in several ways.
    """
    known = {measure.path: measure for measure in measures}
    suffixes = {PurePosixPath(path).suffix for path in known}
    return tuple(
        (layer.name, path)
        for layer in layers
        for path in _files(layer, root)
        if PurePosixPath(path).suffix in suffixes and _left_out(known.get(path))
    )


def _left_out(measure: FileMeasure | None) -> bool:
    """Whether a file has no measure, or one from which every line was excluded."""
    return measure is None or (not measure.lines and measure.excluded > 0)


def _files(layer: Layer, root: Path) -> Iterator[str]:
    """The source files on the disk that a layer's patterns name, tests left out."""
    for path in _below(layer, root):
        shown = path.relative_to(root).as_posix()
        if matches(shown, layer.paths) and not TESTS.fullmatch(path.name) and _holds_code(path):
            yield shown


def _below(layer: Layer, root: Path) -> Iterator[Path]:
    for start in dict.fromkeys(folder(pattern) for pattern in layer.paths):
        for base, folders, names in os.walk(root / start):
            folders[:] = sorted(name for name in folders if name not in SKIPPED)
            yield from (Path(base, name) for name in sorted(names))


def _holds_code(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False
