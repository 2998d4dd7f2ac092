"""Finding the path map of includes: documents may quote by paths that begin elsewhere than this repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.document import read_document
from devnet_runner.includes import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devnet_runner.survey.values import Tree

MOST = 60


def path_map(tree: Tree, documents: Iterable[str]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The pairs of old and new folders under which quoted files are found, and what is said of those that are not."""
    missing = dict.fromkeys(source for source in _sources(tree, documents) if not tree.file(source))
    pairs = {source: _elsewhere(tree, source) for source in missing}
    mapped = dict.fromkeys(pair for pair in pairs.values() if pair)
    lost = tuple(
        f"where {source} lies, which documents quote: put it there, or map its folder under `includes: {{paths: …}}`"
        for source, pair in pairs.items()
        if not pair
    )
    return tuple(mapped), lost


def _sources(tree: Tree, documents: Iterable[str]) -> Iterator[str]:
    for path, _ in zip(documents, range(MOST), strict=False):
        text = tree.read(path)
        blocks = scan(read_document(text, path))[0] if text else ()
        yield from (block.source for block in blocks if _plain(block.source))


def _plain(path: str) -> bool:
    return path.isprintable() and "\\" not in path and not path.startswith("/") and ".." not in path.split("/")


def _elsewhere(tree: Tree, source: str) -> tuple[str, str] | None:
    """The folder of a source and the one in which the rest of its path is; None where it is nowhere."""
    parts = source.split("/")
    for at in range(1, len(parts) - 1):
        if tree.file("/".join(parts[at:])):
            return "/".join(parts[: at + 1]), parts[at]
    return None
