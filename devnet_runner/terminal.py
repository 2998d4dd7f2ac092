"""Untrusted text made visible: what a test or a document names can never steer a terminal."""

from __future__ import annotations

import unicodedata

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
