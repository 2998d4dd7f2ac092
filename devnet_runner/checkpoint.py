"""The checkpoint file: the keys of the document's template, with values that were measured and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Values = tuple[tuple[str, str], ...]
KEYS = ("LAST_COMPLETED", "NEXT_ACTION", "GIT_TAG", "COVERAGE", "NOTE")
LINE = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_ -]{0,60}?)[ \t]*:(.*)")
LAYER = re.compile(r"([A-Za-z][A-Za-z0-9 /&_-]{0,60}?)[ \t]*:?[ \t]+(?:[<>=≥~]+[ \t]*)?\d[\d.]*[ \t]*%")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The keys and values of a checkpoint file, in its order."""

    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a verdict knows and the document names. `whole`: every step of the phase is verified.

    `next_phase` is (number, title, path); `coverage` holds (layer, percentage as text); `day` is an ISO date; `passed`
    counts blocking tests; `record` is the path of the run's record.
    """

    phase: str
    step_number: str
    step_title: str
    whole: bool
    next_step: tuple[str, str] | None
    next_phase: tuple[str, str, str] | None
    document: str
    tag: str
    tag_exists: bool
    previous_tag: str
    coverage: Values
    day: str
    passed: int
    proved: int
    deliverables: int
    record: str


def parse(data: bytes) -> Checkpoint:
    """The `KEY: value` lines of a checkpoint file; other lines are passed over, damaged UTF-8 is shown as such."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    found = (LINE.fullmatch(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return Checkpoint(tuple((one[1], one[2].strip()) for one in found if one))


def render(values: Values, newline: str = "\n") -> bytes:
    """The file of these values. Each stays on its own line, whatever it holds."""
    return "".join(f"{_clean(key)}: {_clean(value)}".rstrip() + newline for key, value in values).encode()


def claims(template: Values | None, facts: Facts) -> Values:
    """The values of the checkpoint: keys and order from the document's template, claims from facts alone."""
    rows = template or tuple((key, "") for key in KEYS)
    return tuple((_clean(key), _clean(_claim(key.strip().upper(), text, facts))) for key, text in rows)


def _claim(key: str, text: str, facts: Facts) -> str:
    claim = CLAIMS.get(key)
    return claim(text, facts) if claim else text


def _last(_: str, facts: Facts) -> str:
    return f"Phase {facts.phase}, Step {facts.step_number} - {facts.step_title}"


def _next(text: str, facts: Facts) -> str:
    if facts.next_step and not facts.whole:
        return f"Start Phase {facts.phase}, Step {facts.next_step[0]} - {facts.next_step[1]}"
    if facts.next_phase is None:
        return "Nothing is planned after this phase" if facts.whole else f"Verify all of Phase {facts.phase}"
    number, title, _ = facts.next_phase
    named = re.match(rf"(?i)start phase {re.escape(number)}(?![\w.])", " ".join(text.split()))
    planned = text if named else f"Start Phase {number} - {title}"
    return planned if facts.whole else f"Verify all of Phase {facts.phase}"


def _tag(_: str, facts: Facts) -> str:
    if not facts.whole:
        return facts.previous_tag or "none"
    if not facts.tag:
        return facts.previous_tag or "none"
    return facts.tag if facts.tag_exists else f"none yet ({facts.tag} is next)"


def _coverage(text: str, facts: Facts) -> str:
    """The template's layers first, measured or said not to be, then the other measured ones."""
    measured = {_layer(name): percent for name, percent in facts.coverage}
    # What stands in parentheses is a remark about a layer.
    named = {_layer(name): name.strip() for name in LAYER.findall(re.sub(r"\([^()]*\)", "", text))}
    shown = {_layer(name): _titled(name) for name, _ in facts.coverage} | named
    order = [*named, *(name for name in measured if name not in named)]
    parts = [f"{shown[one]} {measured[one]}" if one in measured else f"{shown[one]} not measured" for one in order]
    return ", ".join(parts) or "Not measured"


def _note(_: str, facts: Facts) -> str:
    tests = f"{facts.passed} blocking {'test' if facts.passed == 1 else 'tests'} passed"
    proved = f"{facts.proved} of {facts.deliverables} deliverables proved"
    return f"Verified in blocking mode on {facts.day}: {tests}, {proved}; record {facts.record}"


def _file(_: str, facts: Facts) -> str:
    return facts.next_phase[2] if facts.whole and facts.next_phase and facts.next_phase[2] else facts.document


def _layer(name: str) -> str:
    """A layer's name as it is compared: `Use Cases` and `use-cases` are one."""
    return re.sub(r"[\s_-]+", "-", name.strip()).casefold()


def _titled(name: str) -> str:
    return name[:1].upper() + name[1:]


def _clean(text: str) -> str:
    """The text on one line, without control characters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


CLAIMS: dict[str, Callable[[str, Facts], str]] = {
    "LAST_COMPLETED": _last,
    "NEXT_ACTION": _next,
    "GIT_TAG": _tag,
    "COVERAGE": _coverage,
    "NOTE": _note,
    "CURRENT_FILE": _file,
}
