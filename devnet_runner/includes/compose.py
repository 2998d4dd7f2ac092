"""Composing include blocks as bytes: a marker with its hash, the quoted lines, an end; in the host's line endings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.digest import Digest
from devnet_runner.document import read_document
from devnet_runner.includes.markers import BEGIN, END_LINE, scan
from devnet_runner.text import decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devnet_runner.includes.markers import Block

HASH = b", hash: "
CLOSE = b" -->"
BOM = b"\xef\xbb\xbf"


def block_text(source: str, anchor: str, body: bytes) -> bytes:
    """A whole block as it stands in a document with LF line endings."""
    marker = f"<!-- {BEGIN}: {source}#{anchor}, hash: {Digest.of(body).value} -->\n"
    return marker.encode() + body + f"{END_LINE}\n".encode()


def quotable(body: bytes) -> bool:
    """Whether a text leaves the markers around it, and those of a block below, what they are.

    A marker is live only where no fence and no comment is open, so what stands above makes no difference.
    """
    lines = (block_text("s.md", "a", body) * 2).decode()
    return [block.body for block in scan(read_document(lines, ""))[0]] == [body, body]


def replaced(data: bytes, new: Iterable[tuple[Block, bytes]]) -> bytes:
    """A document with hash and body of some blocks, in their order, put anew; every other byte is as it was."""
    lines = data.split(b"\n")
    after: list[bytes] = []
    done = 0
    for block, body in new:
        marker = lines[block.line - 1]
        ending = b"\r" if marker.endswith(b"\r") else b""
        at = marker.index(HASH, marker.index(b"#")) + len(HASH)
        after += lines[done : block.line - 1]
        after.append(marker[:at] + Digest.of(body).value.encode() + marker[marker.rindex(CLOSE) :])
        after += [line + ending for line in body.split(b"\n")[:-1]]
        done = block.end - 1
    return b"\n".join(after + lines[done:])


def broken(data: bytes, path: str, new: Iterable[tuple[Block, bytes]]) -> set[int]:
    """The old lines of those blocks, put anew, that do not read back as they were meant."""
    found = {block.line: block for block in scan(read_document(decode(data, path).content, path))[0]}
    wrong: set[int] = set()
    moved = 0
    for block, body in new:
        there = found.get(block.line + moved)
        if there is None or there.body != body:
            wrong.add(block.line)
        moved += body.count(b"\n") - block.body.count(b"\n")
    return wrong


def inserted(data: bytes, line: int, text: bytes) -> bytes:
    """A document with a text put before a line (1-based; one past the last appends), in the host's line endings.

    A byte order mark stays the first thing in the file.
    """
    if data.startswith(BOM):
        return BOM + inserted(data.removeprefix(BOM), line, text)
    lines = data.split(b"\n")
    windows = sum(one.endswith(b"\r") for one in lines) * 2 > len(lines) - 1
    new = text.replace(b"\n", b"\r\n") if windows else text
    before = b"\n".join(lines[: line - 1])
    after = b"\n".join(lines[line - 1 :])
    if line > 1:
        before += b"\n"
    if line > len(lines):
        # The last line had no end: the block must begin on a line of its own.
        before = data + (b"\r\n" if windows else b"\n")
        after = b""
    return before + new + after
