"""Finding include blocks in bytes: candidates by plain search, so that a document without markers costs nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place

BEGIN, END = b"@include-from", b"@end-include"
END_LINE = b"<!-- @end-include -->"
MARKER = re.compile(rb"<!-- @include-from: ([^#\n]+)#([^,\n]+), hash: ([^\n]*?) -->")
HASH = re.compile(r"[0-9a-f]{64}")
MAX_MARKERS = 10_000


@dataclass(frozen=True, slots=True)
class Block:
    """One include: the line of its marker and of its end, what it quotes, the hash it claims, its body's bytes."""

    line: int
    end: int
    source: str
    anchor: str
    hash: str
    body: bytes


@dataclass(slots=True)
class _Scan:
    data: bytes
    path: str
    blocks: list[Block]
    findings: list[Finding]
    fence: bytes = b""
    fence_line: int = 0
    open_line: int = 0
    open_match: re.Match[bytes] | None = None
    body_start: int = 0
    line: int = 1
    counted: int = 0

    def fault(self, kind: str, line: int, what: str, fix: str, *, blocking: bool = True) -> None:
        """Keep a fault of the document."""
        self.findings.append(Finding(kind, Place(self.path, line), what, fix, blocking))

    def line_of(self, position: int) -> int:
        """The line of a position; positions come in ascending order."""
        self.line += self.data.count(b"\n", self.counted, position)
        self.counted = position
        return self.line


def scan(data: bytes, path: str) -> tuple[tuple[Block, ...], tuple[Finding, ...]]:
    """The include blocks of a document, and the faults of its markers. Raises InputError above 10,000 markers."""
    if BEGIN not in data and END not in data:
        return (), ()
    count = data.count(BEGIN) + data.count(END)
    if count > MAX_MARKERS:
        what = f"the document has {count:,} include markers, more than {MAX_MARKERS:,}"
        raise InputError(Finding("document-too-many-markers", Place(path), what, "split it"))
    state = _Scan(data, path, [], [])
    for start in _candidates(data):
        stop = data.find(b"\n", start)
        stop = len(data) if stop < 0 else stop
        _take(state, start, stop)
    if state.open_match is not None:
        _unended(state, "the document ends")
    if state.fence:
        what = "a code fence is opened here and never closed: everything below it is code"
        state.fault("fence-unclosed", state.fence_line, what, "close it", blocking=False)
    return tuple(state.blocks), tuple(state.findings)


def _candidates(data: bytes) -> list[int]:
    """Starts of the lines that may be fences or markers, ascending, each once."""
    starts: set[int] = set()
    for needle in (b"```", b"~~~", BEGIN, END):
        position = data.find(needle)
        while position >= 0:
            starts.add(data.rfind(b"\n", 0, position) + 1)
            following = data.find(b"\n", position)
            position = data.find(needle, following) if following >= 0 else -1
    return sorted(starts)


def _take(state: _Scan, start: int, stop: int) -> None:
    line = state.data[start:stop].rstrip(b"\r")
    bare = line.lstrip(b" ")
    if bare[:3] in {b"```", b"~~~"} and len(line) - len(bare) <= 3:
        _fence(state, bare, start)
    elif not state.fence and b"<!--" in bare[:4]:
        _marker(state, line, start, stop)


def _fence(state: _Scan, bare: bytes, start: int) -> None:
    mark = bare[:1]
    length = len(bare) - len(bare.lstrip(mark))
    rest = bare[length:]
    if not state.fence:
        if mark == b"~" or b"`" not in rest:
            state.fence, state.fence_line = mark * length, state.line_of(start)
    elif mark == state.fence[:1] and length >= len(state.fence) and not rest.strip():
        state.fence = b""


def _marker(state: _Scan, line: bytes, start: int, stop: int) -> None:
    match = MARKER.fullmatch(line)
    number = state.line_of(start)
    if match is not None:
        if state.open_match is not None:
            _unended(state, f"another include begins in line {number}", "include-nested")
        state.open_match, state.open_line, state.body_start = match, number, stop + 1
    elif line == END_LINE:
        _end(state, number, start)
    else:
        what = "this looks like an include marker and is not one"
        fix = "write `<!-- @include-from: PATH#ANCHOR, hash: HEX -->` or `<!-- @end-include -->` alone on its line"
        state.fault("include-near-miss", number, what, fix, blocking=False)


def _unended(state: _Scan, why: str, kind: str = "include-end-missing") -> None:
    state.fault(kind, state.open_line, f"this include has no end: {why}", f"add `{END_LINE.decode()}` where it ends")
    state.open_match = None


def _end(state: _Scan, number: int, start: int) -> None:
    match = state.open_match
    if match is None:
        state.fault("include-end-stray", number, "this end marker ends no include", "remove it, or add its beginning")
        return
    source, anchor, value = (part.decode("utf-8", "backslashreplace") for part in match.groups())
    body = state.data[state.body_start : start]
    state.blocks.append(Block(state.open_line, number, source.strip(), anchor.strip(), value.lower(), body))
    state.open_match = None
