"""UTF-8 that was read with another encoding: how to be certain of it, and the bytes from before."""

from __future__ import annotations

from functools import cache

HOLES = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
"""The bytes that windows-1252 leaves free; programs read them as the control characters of the same number."""

MISTAKES = {"mac_roman": "MacRoman", "cp1252": "Windows-1252", "latin-1": "Latin-1"}
"""The encodings that UTF-8 is read with by mistake, in the order they are tried, with their names for people."""

PAIRS = tuple(f"√{sign}" for sign in "©®†º∂§ß™±¥") + tuple(f"Ã{sign}" for sign in "©¨¤¶¼Ÿ±§ª´")
"""How accented letters and signs of two bytes look; such a pair alone could be meant, so the list is short."""


@cache
def _bytes_of(encoding: str) -> dict[str, int]:
    """The byte of each character of an encoding."""
    table = {bytes([byte]).decode(encoding, "ignore"): byte for byte in range(256)}
    return {character: byte for character, byte in table.items() if character} | (
        {chr(byte): byte for byte in HOLES} if encoding == "cp1252" else {}
    )


def undone(text: str, encoding: str) -> str | None:
    """The text before the mistake, where every character comes from a byte and the bytes are UTF-8."""
    table = _bytes_of(encoding)
    try:
        return bytes(table[character] for character in text).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return None


def broken(line: str, encoding: str) -> bool:
    """Whether a line is certain to be UTF-8 that was read with an encoding.

    A line that is UTF-8 again when it is undone, and then has a character of three bytes or more, is not made by
    chance: each such character needs three or four signs in one of few orders.
    """
    if line.isascii():
        return False
    before = undone(line, encoding)
    if before is None:
        return False
    return any(character >= "\u0800" for character in before) or any(pair in line for pair in PAIRS)


def mistake(content: str) -> str:
    """The encoding that a whole text was read with by mistake; empty where it was not, or where lines disagree."""
    if content.isascii():
        return ""
    lines = [line for line in content.split("\n") if not line.isascii()]
    return next((name for name in MISTAKES if _whole(lines, name)), "")


def _whole(lines: list[str], encoding: str) -> bool:
    return any(broken(line, encoding) for line in lines) and all(undone(line, encoding) is not None for line in lines)
