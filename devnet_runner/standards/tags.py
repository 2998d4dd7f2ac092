"""The tags of the pseudo-XML, each on a line of its own: which element a line opens or ends, and its attributes."""

from __future__ import annotations

import re

BLOCK, TEST, DEFINITIONS = "verification-block", "test", "verification_definitions"
NAME = re.compile(r"[A-Za-z_][\w:.-]*")
VALUE = re.compile(r"""\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
TAG = re.compile(r"</?\s*([A-Za-z][\w-]*)")
ALIKE = re.compile(r"verif\w*[-_\s]*(?:block|definitions?)s?", re.IGNORECASE)


def attributes(tag: str) -> dict[str, str]:
    """The attributes of a tag, in any order and with any quotes; of one written twice, the first."""
    found: dict[str, str] = {}
    at = 0
    # A name is never looked at twice: a line of one long word would else take its length squared.
    while name := NAME.search(tag, at):
        value = VALUE.match(tag, name.end())
        at = value.end() if value else name.end()
        if value:
            found.setdefault(name[0], value[1] or value[2] or value[3] or "")
    return found


def opens(text: str, name: str) -> bool:
    """Whether a line opens an element."""
    return text.startswith(f"<{name}") and text[len(name) + 1 : len(name) + 2] in {"", ">", " ", "\t"}


def ends(text: str, name: str) -> bool:
    """Whether a line ends an element."""
    return text.startswith(f"</{name}")


def belongs(text: str) -> str:
    """The name of a tag that means to be a part of a verification block, also where it is misspelt; else empty."""
    match = TAG.match(text)
    if match is None:
        return ""
    name = match[1]
    part = name == TEST and "name" in attributes(text)
    return name if part or ALIKE.fullmatch(name) else ""


def indent(line: str) -> int:
    """How far a line is indented, in columns."""
    wide = line.expandtabs(4)
    return len(wide) - len(wide.lstrip(" "))
