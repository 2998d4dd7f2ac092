"""Counting the includes of a document that holds only blocks which verified before, without reading all of it."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from devnet_runner.includes.markers import BEGIN, END, END_LINE, MAX_MARKERS

if TYPE_CHECKING:
    from devnet_runner.includes.markers import Block

FENCE = re.compile(rb"\n {0,3}(`{3,}|~{3,})([^\n]*)")
COMMENT, COMMENT_END = b"<!--", b"-->"
SIGNS = (BEGIN.encode(), END.encode())
NAMES = (BEGIN[1:].encode(), END[1:].encode())
OPENING = b"<!-- "
CLOSING = END_LINE.removeprefix("<!-- @").encode()
CLOSINGS = CLOSING + b"\n"
MAX_KNOWN = 10_000


class KnownBlocks:
    """The bytes of verified blocks. A document is split at its `@` signs; a known block is then one piece of it.

    This answers only for documents in which nothing is out of the ordinary, and leaves all others to the full check.
    """

    def __init__(self) -> None:
        self._pieces: set[bytes] = set()

    def add(self, block: Block) -> None:
        """Remember a block that has been verified."""
        piece = f"{BEGIN[1:]}: {block.source}#{block.anchor}, hash: {block.hash} -->\n".encode() + block.body
        if b"@" not in piece and len(self._pieces) < MAX_KNOWN and _ended(piece):
            self._pieces.add(piece + OPENING)

    def count(self, data: bytes) -> int | None:
        """How many includes a document has, where all of them are known to verify; else None: read all of it."""
        if b"\r" in data or b"\0" in data or not _utf8(data):
            return None
        if SIGNS[0] not in data and SIGNS[1] not in data:
            return 0
        return self._known(data.removeprefix(codecs.BOM_UTF8).split(b"@"))

    def _known(self, pieces: list[bytes]) -> int | None:
        count, inside, text = 0, False, [b"\n" + pieces[0]]
        for piece in pieces[1:]:
            if inside:
                inside = False
                if not piece.startswith(CLOSINGS) and piece != CLOSING:
                    return None
                text = [piece[len(CLOSING) :]]
            elif piece in self._pieces and _opens(text):
                count, inside = count + 1, True
            elif piece.startswith(NAMES):
                return None
            else:
                text.append(piece)
        return count if not inside and count <= MAX_MARKERS and _ended(b"@".join(text)) else None


def _utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _opens(text: list[bytes]) -> bool:
    """Whether a text between two includes ends with the start of a marker line, outside of code and comments."""
    whole = b"@".join(text) if len(text) > 1 else text[0]
    return whole.endswith(b"\n" + OPENING) and _ended(whole[: -len(OPENING)])


def _ended(text: bytes) -> bool:
    """Whether every fence that a text opens is closed in it, and every comment on its own line."""
    if COMMENT in text and not all(COMMENT_END in part.split(b"\n", 1)[0] for part in text.split(COMMENT)[1:]):
        return False
    mark = b""
    for found, rest in FENCE.findall(text):
        if mark:
            mark = b"" if found.startswith(mark) and not rest.strip(b" \t") else mark
        elif found[:1] == b"~" or b"`" not in rest:
            mark = found
    return not mark
