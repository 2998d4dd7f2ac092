"""The live lines of a Markdown file as bytes: those outside fences, comments and indented code.

Works on bytes and never joins lines, so that line numbers point into the very file that is changed; lists may hold
fences (CommonMark 0.31, sections 4.4, 4.5 and 5.2).
"""

from __future__ import annotations

import re

FENCE = re.compile(r"([ \t]*)(?:[-*+][ \t]+)?(`{3,}|~{3,})(.*)")
BULLET = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
CODE_INDENT = 4


def live_lines(data: bytes) -> tuple[list[tuple[int, str]], int]:
    """The (1-based number, text) of each live line, and the line of a fence or comment that stays open (0: none).

    Text has no line end and no byte order mark; bytes that are not UTF-8 become surrogates.
    """
    scan = _Scan()
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        scan.line(number, raw.decode("utf-8", "surrogateescape"))
    return scan.live, scan.opened


class _Scan:
    """The state between two lines: the open fence or comment, and whether a list goes on."""

    def __init__(self) -> None:
        self.live: list[tuple[int, str]] = []
        self.opened = 0
        self._closer = ""
        self._nested = False
        self._list = False

    def line(self, number: int, text: str) -> None:
        """Take the next line."""
        if self._closer and not self._left(text):
            self._inside(text)
            return
        if self._opens(number, text) or self._code(text):
            return
        self.live.append((number, text))
        self._list = bool(BULLET.match(text)) or (self._list and (not text.strip() or text[:1] in " \t"))

    def _left(self, text: str) -> bool:
        """Whether a line leaves the list item that holds the open fence, and so ends the fence."""
        if not (self._nested and text.strip() and text[:1] not in " \t"):
            return False
        self._close()
        return True

    def _inside(self, text: str) -> None:
        if self._closer == "-->":
            closed = "-->" in text
        else:
            mark = text.strip()
            closed = len(mark) >= len(self._closer) and set(mark) == {self._closer[0]} and self._near(text)
        if closed:
            self._close()

    def _near(self, text: str) -> bool:
        return self._nested or _indent(text) < CODE_INDENT

    def _close(self) -> None:
        self._closer, self.opened, self._nested = "", 0, False

    def _opens(self, number: int, text: str) -> bool:
        if self._code(text):
            return False
        comment = text.lstrip().startswith("<!--")
        fence = FENCE.fullmatch(text)
        if comment and "-->" not in text:
            self._closer = "-->"
        elif fence and not (fence[2][0] == "`" and "`" in fence[3]):
            self._closer, self._nested = fence[2], self._list and bool(fence[1])
        else:
            return comment
        self.opened = number
        return True

    def _code(self, text: str) -> bool:
        """Whether a line is indented code: so deep only outside a list."""
        return not self._list and bool(text.strip()) and _indent(text) >= CODE_INDENT


def _indent(text: str) -> int:
    return len(text.expandtabs(CODE_INDENT)) - len(text.expandtabs(CODE_INDENT).lstrip(" "))
