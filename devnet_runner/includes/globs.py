"""Git's file patterns as regular expressions.

A pattern takes time in proportion to the name it is tried on: each star takes the first place where what follows it
fits, which is enough for patterns of this kind, and never tries another one.
"""

from __future__ import annotations

import re
from functools import cache

CLASSES = {
    "alnum": r"a-zA-Z0-9", "alpha": r"a-zA-Z", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f", "digit": r"0-9",
    "graph": r"!-~", "lower": r"a-z", "print": r" -~", "punct": r"!-/:-@\[-`{-~", "space": r" \t\n\r\f\v",
    "upper": r"A-Z", "xdigit": r"0-9A-Fa-f",
}  # fmt: skip
ANY, STAR = "[^/]", "[^/]*"
NOTHING = r"(?!)"


@cache
def literal(text: str) -> bool:
    """Whether a pattern has no sign with a meaning of its own."""
    return not any(sign in text for sign in "*?[\\")


@cache
def compiled(text: str, whole: bool) -> re.Pattern[str]:
    """A pattern as a regular expression; a `whole` one is for paths, where slashes count."""
    if not whole:
        return _regex(_segment(text))
    runs: list[list[str]] = [[]]
    for part in _parts(text):
        if part == "**":
            runs.append([])
        else:
            runs[-1].append(_segment(part))
    return _regex(_path(runs))


def _parts(text: str) -> list[str]:
    """A pattern cut at its slashes; one inside of brackets belongs to a class, an escaped one is a slash."""
    parts: list[str] = []
    start = at = 0
    while at < len(text):
        step = 2 if text[at] == "\\" and text[at + 1 : at + 2] != "/" else 1
        if text[at] == "[":
            step = _class(text, at)[1] - at
        elif text[at] == "/" or text[at : at + 2] == "\\/":
            parts.append(text[start:at])
            step = 1 + (text[at] == "\\")
            start = at + step
        at += step
    return [*parts, text[start:]]


def _regex(source: str) -> re.Pattern[str]:
    try:
        return re.compile(source, re.DOTALL)
    except re.error:
        # A range the wrong way round: git's matcher finds nothing either.
        return re.compile(NOTHING)


def _path(runs: list[list[str]]) -> str:
    """Runs of segments with any number of folders between one and the next."""
    first, *others = runs
    found = "/".join(first)
    if not others:
        return found
    found += "/" if first else ""
    *middle, last = others
    for run in middle:
        if run:
            found += f"(?>(?:[^/]+/)*?{'/'.join(run)}/)"
    # At the end, two stars stand for everything inside and not for the folder itself.
    return found + (f"(?:[^/]+/)*?{'/'.join(last)}" if last else ".+")


def _segment(text: str) -> str:
    """One name of a pattern, as a regular expression."""
    chunks: list[str] = [""]
    at = 0
    while at < len(text):
        sign = text[at]
        if sign == "*":
            chunks.append("")
            at += 1
            continue
        found, at = _class(text, at) if sign == "[" else _one(text, at)
        chunks[-1] += found
    first, *others = chunks
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>{STAR}?{chunk})" for chunk in middle if chunk) + STAR + last


def _one(text: str, at: int) -> tuple[str, int]:
    if text[at] == "?":
        return ANY, at + 1
    if text[at] == "\\":
        return (re.escape(text[at + 1]), at + 2) if at + 1 < len(text) else (NOTHING, at + 1)
    return re.escape(text[at]), at + 1


def _class(text: str, start: int) -> tuple[str, int]:
    """A class in brackets from `start`, and where it ends; one without an end fits nothing."""
    at = start + 1
    negated = text[at : at + 1] in {"!", "^"}
    at += negated
    members = ""
    first = at
    while at < len(text) and (text[at] != "]" or at == first):
        named = re.compile(r"\[:([a-z]+):\]").match(text, at)
        if named:
            members += CLASSES.get(named[1], "")
            at = named.end()
        elif text[at] == "-" and at != first and text[at + 1 : at + 2] not in {"]", ""}:
            members += "-"
            at += 1
        else:
            at += text[at] == "\\"
            members += re.escape(text[at : at + 1])
            at += 1
    if at >= len(text):
        return NOTHING, len(text)
    sign = "^/" if negated else ""
    return (f"(?!/)[{sign}{members}]" if members or negated else NOTHING), at + 1
