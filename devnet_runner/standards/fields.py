"""The fields of a test, one a line: which there are, and how their values are written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from textwrap import dedent
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place
from devnet_runner.standards.tags import indent

if TYPE_CHECKING:
    from collections.abc import Iterable

FIELD = re.compile(r"([A-Z][A-Z_]*):(?:[ \t]+(.*))?")
TEXTS = ("TEST", "ERROR", "FIX_COMMAND", "DESCRIPTION", "BYPASS_REQUIRES")
TRUTHS = ("REQUIRED", "BLOCKING")
LISTS = ("DEPENDS_ON", "VARIABLES")
KNOWN = (*TEXTS, *TRUTHS, *LISTS)
BLOCKS = {"|", ">", "|-", ">-"}
LONGEST = 10_000
UNUSABLE = re.compile("[\0\ud800-\udfff]")
"""What no program can be given: the end of its argument, and half a character."""


@dataclass(slots=True)
class Fields:
    """Reads the fields of one test and gathers what is wrong with them."""

    path: str
    line: int
    values: dict[str, tuple[str, int]]
    findings: list[Finding]
    faults: list[Finding]

    @classmethod
    def read(cls, path: str, line: int, lines: Iterable[tuple[int, str]]) -> Fields:
        """The fields in some numbered lines below the line of a test."""
        found = cls(path, line, {}, [], [])
        name, style, depth, block = "", "", 0, list[str]()
        for number, text in lines:
            # As in YAML, what is indented deeper than its field is a part of the value, whatever it looks like.
            if style and (not text.strip() or indent(text) > depth):
                block.append(text)
                continue
            found._close(name, style, block)
            match = FIELD.fullmatch(text.strip())
            name, value = (match[1], (match[2] or "").strip()) if match else ("", "")
            style, depth, block = value if value in BLOCKS else "", indent(text), []
            if match:
                found._take(name, "" if style else value, number)
            elif text.strip():
                what = f"the line {text.strip()[:60]!r} belongs to no field"
                found.fault(number, "standard-line-unknown", what, "write each field as one line `NAME: value`")
        found._close(name, style, block)
        return found

    def _close(self, name: str, style: str, block: list[str]) -> None:
        """Take the lines of a value over several lines: `|` keeps their ends, `>` makes blanks of them."""
        if not style or name not in self.values:
            return
        text = dedent("\n".join(block)).strip()
        value = text if style[0] == "|" else " ".join(text.split("\n"))
        self.values[name] = (json.dumps(value), self.values[name][1])

    def _take(self, name: str, value: str, line: int) -> None:
        if name not in KNOWN:
            near = get_close_matches(name, KNOWN, n=1)
            fix = f"did you mean {near[0]}?" if near else f"known here: {', '.join(KNOWN)}"
            self.note(line, "standard-field-unknown", f"a test has no field {name[:60]}", fix)
        elif name in self.values:
            self.fault(line, "standard-field-twice", f"the field {name} is written twice", "keep one of them")
        else:
            self.values[name] = (value, line)

    def note(self, line: int, kind: str, what: str, fix: str) -> None:
        """Keep a finding that does not keep the test from being judged."""
        self.findings.append(Finding(kind, Place(self.path, line), what, fix, blocking=False))

    def fault(self, line: int, kind: str, what: str, fix: str) -> None:
        """Keep a finding for which the test cannot be judged."""
        self.faults.append(Finding(kind, Place(self.path, line), what, fix))

    def text(self, name: str) -> str:
        """A text, decoded; empty where it is not there."""
        return decoded(self.values[name][0]) if name in self.values else ""

    def command(self) -> str:
        """The command, which must be one that a program can be given."""
        text, line = self.text("TEST").strip(), self.values.get("TEST", ("", self.line))[1]
        if len(text) > LONGEST:
            what, fix = f"the command has {len(text)} characters", f"shorten it below {LONGEST}: put it in a script"
            self.fault(line, "standard-too-much", what, fix)
        if UNUSABLE.search(text):
            what = "the command holds an escape for a character that no program can be given"
            self.fault(line, "standard-value-wrong", what, "take the escape out")
        return UNUSABLE.sub("", text[:LONGEST])

    def truth(self, name: str, *, default: bool) -> bool:
        """True or false."""
        if name not in self.values:
            return default
        value, line = self.values[name]
        word = decoded(value).strip().lower()
        if word not in {"true", "false"}:
            self.fault(line, "standard-value-wrong", f"{name} is {value[:40]!r}", "write true or false")
            return True
        return word == "true"

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names, written as a JSON array."""
        if name not in self.values:
            return ()
        value, line = self.values[name]
        try:
            found = json.loads(value or "[]")
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            self.fault(line, "standard-value-wrong", f"{name} is no list of names", f'write {name}: ["one", "two"]')
            return ()
        return tuple(found)


def decoded(value: str) -> str:
    """A value as it is meant: bare, a JSON text, or a text in quotes with quotes inside of it."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    try:
        text = json.loads(value)
    except ValueError:
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return str(text)


def encoded(value: str) -> str:
    """A value as it is written: bare where it reads back as itself, else as a JSON text."""
    plain = value == value.strip() and value and value not in {"|", ">", "|-", ">-"} and value.isprintable()
    return value if plain and decoded(value) == value else json.dumps(value)
