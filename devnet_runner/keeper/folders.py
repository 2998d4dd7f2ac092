"""The scratch folder of tests: how large it has grown, and emptying it for the next one."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST, MOST_FILES = 64, 20_000


def larger(folder: str, most: int) -> bool:
    """Whether what is in a folder passes `most` bytes, or so many files that nobody can count them in time."""
    size = 0
    for count, found in enumerate(_sizes(folder)):
        size += found
        if size > most or count > MOST_FILES:
            return True
    return False


def _sizes(folder: str) -> Iterator[int]:
    """The bytes of everything below a folder; what a test takes away meanwhile, or locks, it cannot write in."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                found = [(entry.stat(follow_symlinks=False).st_size, entry.path) for entry in entries]
        except OSError:
            continue
        yield from (size for size, _ in found)
        waiting += [path for _, path in found if os.path.isdir(path) and not os.path.islink(path)]


def emptied(folder: str, depth: int = 0) -> bool:
    """Whether nothing is left in a folder after everything in it was removed; it gives up where that is deep."""
    try:
        with os.scandir(folder) as entries:
            return all(_removed(entry, depth) for entry in entries)
    except OSError:
        return False


def _removed(entry: os.DirEntry[str], depth: int) -> bool:
    if not entry.is_dir(follow_symlinks=False):
        os.unlink(entry.path)
        return True
    # A test may have made it without any right for its owner; where the keeper may not change that, it is replaced.
    if not os.access(entry.path, os.R_OK | os.W_OK | os.X_OK):
        os.chmod(entry.path, 0o700)
    if depth == DEEPEST or not emptied(entry.path, depth + 1):
        return False
    os.rmdir(entry.path)
    return True
