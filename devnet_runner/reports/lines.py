"""Lines of styled text: what a report for people is made of, before anything is printed."""

from __future__ import annotations

from dataclasses import dataclass

STYLES = {"good": "bold green", "bad": "bold red", "warn": "yellow", "dim": "dim", "strong": "bold", "": ""}
"""The styles that lines may use, in rich's words."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text in one style of `STYLES`."""

    text: str
    style: str = ""


Line = tuple[Piece, ...]


def line(*pieces: str | Piece) -> Line:
    """A line of plain texts and styled pieces."""
    return tuple(piece if isinstance(piece, Piece) else Piece(piece) for piece in pieces)


def row(label: str, text: str, style: str = "", width: int = 10) -> Line:
    """A labelled row; labels stand in one column of `width` characters."""
    return line(Piece(f"  {label:<{width}} ", "dim"), Piece(text, style))


def plain(lines: list[Line]) -> str:
    """Lines as text without styles."""
    return "".join("".join(piece.text for piece in one).rstrip() + "\n" for one in lines)
