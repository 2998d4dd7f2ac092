"""Untrusted text made visible: what a test or a document names can never steer a terminal."""

from __future__ import annotations

import re
import unicodedata

BEYOND_JSON = re.compile("[^\0-\x7e]")
"""What JSON need not escape by itself; the controls below are escaped by every writer of JSON."""
KEPT = {"\t"}
STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories that move, hide or reorder text: controls, formats (bidi, zero width), surrogates, separators."""


def visible(text: str) -> str:
    """The text on one line with every steering character written as an escape, such as `\\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character in KEPT or unicodedata.category(character) not in STEERING:
        return character
    return character.encode("unicode_escape").decode("ascii")


def visible_json(json: str, *, ascii_only: bool = False) -> str:
    """JSON with the same value and no raw steering character in it; `ascii_only` escapes everything beyond ASCII."""
    if json.isascii() and "\x7f" not in json:
        return json
    return BEYOND_JSON.sub(lambda found: _unit_escapes(found[0], ascii_only=ascii_only), json)


def _unit_escapes(character: str, *, ascii_only: bool) -> str:
    if not ascii_only and unicodedata.category(character) not in STEERING:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
