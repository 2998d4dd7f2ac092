"""Coverage files that a command leaves: believed where they speak of this repository, and copied for the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.measures import BadCoverage, read_coverage
from devnet_runner.suites.left import NotLeft

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devnet_runner.measures import FileMeasure
    from devnet_runner.suites.left import Watched


def keep_coverage(watched: Iterable[Watched], directory: str, folder: Path) -> tuple[tuple[str, ...], str]:
    """Copies below `folder` of the files that this run wrote and that can be believed; what is wrong with the others.

    Each copy keeps its file's name, which tells the format. `directory` is where the paths in them begin. They are
    copied because another suite, or the same at its next run, may write its own to the same place.
    """
    copies, faults = [], []
    for index, file in enumerate(watched):
        try:
            data = file.read()
            for measure in read_coverage(data, Path(file.name).name, file.root, directory):
                _believe(measure, file.root)
        except NotLeft as error:
            faults.append(str(error))
        except BadCoverage as error:
            faults.append(f"{file.name} cannot be believed: {error}")
        else:
            copies.append(str(_copy(data, folder / str(index) / Path(file.name).name)))
    return tuple(copies), "; ".join(faults)


def _copy(data: bytes, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _believe(measure: FileMeasure, root: Path) -> None:
    """Raise BadCoverage for lines of a file that is not there, or that is shorter."""
    if measure.outside or not measure.lines:
        return
    try:
        text = (root / measure.path).read_bytes().decode("utf-8", "replace")
    except (OSError, ValueError):
        what = f"it measured {measure.path}, which is not in the repository; leave it out of the measuring"
        raise BadCoverage(what) from None
    # Tools differ in what ends a line and whether one begins after the last end; neither is a lie.
    length = len(text.splitlines())
    if measure.last_line > length + 1:
        raise BadCoverage(f"it claims line {measure.last_line} of {measure.path}, which has {length} lines")
