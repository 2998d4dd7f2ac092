"""Finding the includes of a document that holds only blocks which verified before, without reading all of it."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from devnet_runner.includes.markers import BEGIN, END, END_LINE, MAX_MARKERS
from devnet_runner.text.decode import MAX_LINES

if TYPE_CHECKING:
    from devnet_runner.includes.markers import Block

SPECIAL = re.compile(rb"\n([ `~<][^\n]*)")
"""Lines that may open or close something; one class of first characters is the fastest way to ask."""

MARKER, COMMENT_END = b"<!-- @", b"-->"
FENCES = (b"```", b"~~~")
INDENTED = (*FENCES, b"<!--")
SIGNS = (BEGIN.encode(), END.encode())
NAMES = (BEGIN[1:].encode(), END[1:].encode())
OPENING = b"<!-- "
CLOSING = END_LINE.removeprefix("<!-- @").encode()
CLOSINGS = CLOSING + b"\n"
LINE_START = b"\n" + OPENING
MAX_KNOWN = 10_000


class KnownBlocks:
    """The bytes of verified blocks. A document is split at its `@` signs; a known block is then one piece of it.

    This answers only for documents in which nothing is out of the ordinary, and leaves all others to the full check.
    """

    def __init__(self) -> None:
        self._pieces: dict[bytes, str] = {}

    def add(self, block: Block) -> None:
        """Remember a block that has been verified."""
        piece = f"{BEGIN[1:]}: {block.source}#{block.anchor}, hash: {block.hash} -->\n".encode() + block.body
        if b"@" not in piece and len(self._pieces) < MAX_KNOWN and _plain(piece):
            self._pieces[piece + OPENING] = block.source

    def quoted(self, data: bytes) -> list[str] | None:
        """The source of each include of a document, where all of them are known to verify; else None: read it all."""
        if b"\r" in data or b"\0" in data or not _utf8(data):
            return None
        if len(data) > MAX_LINES and data.count(b"\n") > MAX_LINES:
            return None
        if SIGNS[0] not in data and SIGNS[1] not in data:
            return []
        whole = b"\n" + data.removeprefix(codecs.BOM_UTF8)
        sources = self._blocks(whole.split(b"@"))
        return sources if sources is not None and _plain(whole) else None

    def _blocks(self, pieces: list[bytes]) -> list[str] | None:
        """The sources of the blocks, where every marker begins or ends one that is known."""
        sources: list[str] = []
        inside, before = False, pieces[0]
        for piece in pieces[1:]:
            if inside:
                inside = False
                if not piece.startswith(CLOSINGS) and piece != CLOSING:
                    return None
            elif (source := self._pieces.get(piece)) is not None:
                inside = True
                sources.append(source)
                if not before.endswith(LINE_START):
                    return None
            elif piece.startswith(NAMES):
                return None
            before = piece
        return None if inside or len(sources) > MAX_MARKERS // 2 else sources


def _utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plain(text: bytes) -> bool:
    """Whether no marker is inside of code, every fence is closed, and every comment ends on its line."""
    mark = b""
    for line in SPECIAL.findall(text):
        if line == mark:
            mark = b""
        elif line.startswith(b"<!--"):
            if (mark and line.startswith(MARKER)) or COMMENT_END not in line:
                return False
        elif line.startswith(FENCES):
            mark = _fence(mark, line)
        elif line.lstrip(b" ").startswith(INDENTED):
            return False
    return not mark


@lru_cache(maxsize=1024)
def _fence(mark: bytes, line: bytes) -> bytes:
    """The fence that is open after a line that begins with a fence; `mark` is open before it.

    Documents open their code with the same few lines, so most answers are known.
    """
    rest = line.lstrip(line[:1])
    found = line[: len(line) - len(rest)]
    if mark:
        return b"" if found.startswith(mark) and not rest.strip(b" \t") else mark
    return b"" if found[:1] == b"`" and b"`" in rest else found
