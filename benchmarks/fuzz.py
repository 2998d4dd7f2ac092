"""A million short hostile documents: no hang, no error but ours, and time that grows with the length alone."""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.whole import Goal
from devnet_runner.errors import InputError
from devnet_runner.includes import Checker, Jail

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS = 1_000_000
SECONDS = 1.0
"""More than any short input may take."""
STEPS, GROWTH = (50_000, 200_000), 1.6
BODY = b"Keep it small.\n"
HASH = hashlib.sha256(BODY).hexdigest().encode()
BEGIN, END = b"<!-- @include-from: a.md#rules, hash: " + HASH + b" -->", b"<!-- @end-include -->"
PIECES = (
    BEGIN + b"\n" + BODY + END + b"\n", BEGIN + b"\n", END + b"\n", BEGIN + b"\nx\n" + END, BEGIN, END, BODY, b"\n",
    b"\n\n", b"\n<!-- @include-from: ", b", hash: ", HASH, b" -->\n", b"b.md#rules", b"a.md#none", b"../x#y",
    b"/dev/zero#a",
    b"```\n", b"~~~\n", b"````", b"```", b"<!--", b"<!--\n", b"-->", b"-->\n", b"--!>", b"<!-->", b"# ", b"# Rules\n",
    b"#", b"@include-from", b"@end-include", b"@", b"> ", b"    ", b"\t", b" ", b"\r\n", b"\r", b"\xef\xbb\xbf",
    b"\xe2\x80\xa8", b"\xcc\x81", b"\xc3\xa9", b"\xc3\x83\xc2\xa9", b"\xe2\x80\xae", b":", b"x", b"-", b"`", b"\x0b",
    b"\x0c", b"\x1b[2J",
)  # fmt: skip
BAD = (b"\xff\xfe", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80")
"""Bytes that make a document no text; one in ten has some."""

QUOTE = b"<!-- @include-from: b.md#rules, hash: " + HASH + b" -->\n<!-- @end-include -->\n"
SOURCE = b"# Rules\n\n" + BODY + b"\n# None\n" + QUOTE
LONG: dict[str, Callable[[int], bytes]] = {
    "openers": lambda size: b"<!--" * size,
    "openers on lines": lambda size: b"<!--\n" * size,
    "markers": lambda size: b"<!-- @include-from: a.md#rules, hash: x -->\n" * (size // 20),
    "near markers": lambda size: b"<!-- @include-from: " * size,
    "fences": lambda size: b"```\n~~~\n" * size,
    "ticks": lambda size: b"`" * size * 4,
    "signs and blanks": lambda size: b"#" + b" " * size * 4 + b"#",
    "headings": lambda size: b"# a\n" * size,
    "blanks": lambda size: b" " * size * 4,
    "quotes": lambda size: b"> " * size * 2,
    "accents": lambda size: b"e" + b"\xcc\x81\xcc\xa3" * size,
}


def hostile(random: random.Random) -> bytes:
    """A short document of pieces that mean something to a reader, and some that should not be there."""
    parts = random.choices(PIECES, k=random.randrange(1, 40))
    if random.random() < 0.1:
        parts.insert(random.randrange(len(parts) + 1), random.choice(BAD))
    return random.choice((b"", b"\n")).join(parts)


@dataclass(slots=True)
class Fuzzed:
    """How it went: the longest time of one document in seconds, how many includes verified, drifted, were refused."""

    longest: float = 0.0
    verified: int = 0
    others: int = 0
    refused: int = 0

    def add(self, seconds: float, states: list[str] | None) -> None:
        """Count a document with the states of its includes; None: it was refused."""
        self.longest = max(self.longest, seconds)
        self.refused += states is None
        self.verified += (states or []).count("verified")
        self.others += sum(state != "verified" for state in states or ())


def fuzz(root: Path, count: int, seed: int) -> Fuzzed:
    """Read that many documents, and sections of such documents.

    Raises what the reader raises, unless it is an error of ours.
    """
    source = random.Random(seed)
    fuzzed = Fuzzed()
    checker = fresh(root)
    for number in range(count):
        data = hostile(source)
        if number % 1000 == 0:
            # Now and then such a document is what the others quote.
            (root / "b.md").write_bytes(hostile(source))
            checker = fresh(root)
        began = time.perf_counter()
        states = one(checker, data)
        fuzzed.add(time.perf_counter() - began, states)
    return fuzzed


def fresh(root: Path) -> Checker:
    """A checker that has read nothing yet."""
    (root / "a.md").write_bytes(SOURCE)
    return Checker(Jail(root))


def one(checker: Checker, data: bytes) -> list[str] | None:
    """The states of a document's includes, None where it is refused; both ways to read it must agree."""
    quoted = checker.known.quoted(data)
    try:
        includes, _ = checker.check(data, "p.md")
    except InputError:
        assert quoted is None, data[:400]
        return None
    assert quoted is None or quoted == [include.source for include in includes], data[:400]
    return [include.state for include in includes]


def main() -> list[Goal]:
    """Measure the longest read of a million, and growth on long ones of each kind."""
    with tempfile.TemporaryDirectory(prefix="devnet-fuzz-") as folder:
        root = Path(folder)
        began = time.perf_counter()
        fuzzed = fuzz(root, INPUTS, seed=1)
        note = f"{INPUTS:,} documents in {time.perf_counter() - began:.0f} s, {fuzzed.refused:,} refused"
        goals = [Goal("fuzz: the longest read / one second", fuzzed.longest / SECONDS, 1.0, note)]
        worst, kind = max((growth(root, make), name) for name, make in LONG.items())
    return [*goals, Goal("fuzz: growth of time / growth of length", worst, GROWTH, f"worst: {kind}")]


def growth(root: Path, make: Callable[[int], bytes]) -> float:
    """How much longer a document takes that is longer, by its length; 1 is linear."""
    short, long = (min(_seconds(root, make(size)) for _ in range(5)) for size in STEPS)
    # What takes no time at all is fast enough at any length.
    return long / max(short, 0.002) / (STEPS[1] / STEPS[0])


def _seconds(root: Path, data: bytes) -> float:
    """The time that this process itself takes, whatever else the machine does."""
    checker = fresh(root)
    began = time.process_time()
    one(checker, data)
    return time.process_time() - began
