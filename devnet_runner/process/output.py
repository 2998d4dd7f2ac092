"""Keeps the head and the tail of an output of any length, and hands out its lines while they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_LINE = 1 << 16


class Kept:
    """Output within a limit in bytes: the head and the tail, with a note of what was left out between."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    def add(self, chunk: bytes) -> None:
        """Take more output."""
        self._total += len(chunk)
        room = self._half - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        # Seldom, so that a byte is not moved again with each chunk.
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]

    def value(self) -> bytes:
        """What is kept."""
        tail = bytes(self._tail[-self._half :])
        dropped = self._total - len(self._head) - len(tail)
        return bytes(self._head) + (b"\n[%d bytes of output left out]\n" % dropped if dropped else b"") + tail


class Lines:
    """Cuts an output into lines for `tell`; a line longer than 64 KiB comes in pieces."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._begun = b""

    def add(self, chunk: bytes) -> None:
        """Take more output, and tell every line that it completes."""
        *complete, self._begun = (self._begun + chunk).split(b"\n")
        for line in complete:
            self._say(line)
        if len(self._begun) > LONGEST_LINE:
            self.end()

    def end(self) -> None:
        """Tell the last line, where it has no end."""
        if self._begun:
            self._say(self._begun)
        self._begun = b""

    def _say(self, line: bytes) -> None:
        self._tell(line.decode("utf-8", "backslashreplace").removesuffix("\r"))
