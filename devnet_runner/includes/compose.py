"""Composing include blocks as bytes: a marker with its hash, the quoted lines, an end; in the host's line endings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.digest import Digest
from devnet_runner.includes.markers import BEGIN, END_LINE

if TYPE_CHECKING:
    from devnet_runner.includes.markers import Block

HASH = b", hash: "
CLOSE = b" -->"


def block_text(source: str, anchor: str, body: bytes) -> bytes:
    """A whole block as it stands in a document with LF line endings."""
    marker = f"<!-- {BEGIN}: {source}#{anchor}, hash: {Digest.of(body).value} -->\n"
    return marker.encode() + body + f"{END_LINE}\n".encode()


def replaced(data: bytes, block: Block, body: bytes) -> bytes:
    """A document with the hash and the body of one block put anew; every other byte is as it was."""
    lines = data.split(b"\n")
    marker = lines[block.line - 1]
    ending = b"\r" if marker.endswith(b"\r") else b""
    at = marker.index(HASH, marker.index(b"#")) + len(HASH)
    end = marker.rindex(CLOSE)
    lines[block.line - 1] = marker[:at] + Digest.of(body).value.encode() + marker[end:]
    lines[block.line : block.end - 1] = [line + ending for line in body.split(b"\n")[:-1]]
    return b"\n".join(lines)


def inserted(data: bytes, line: int, text: bytes) -> bytes:
    """A document with a text put before a line (1-based; one past the last appends), in the host's line endings."""
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
