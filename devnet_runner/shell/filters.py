"""Programs whose status says nothing, and the words with which that is certain.

A filter succeeds whatever it gets, unless it is given a file, or an option that is wrong or that judges (`sort -c`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNT = r"(?:-[nc]\n?[+-]?\d+\n|-\d+\n|--(?:lines|bytes)=[+-]?\d+\n)*"
CHARACTERS = r"(?:(?:a-z|A-Z|0-9|\\?[^\n\\\[\]-])+|\[:(?:space|upper|lower|digit|alpha|punct|blank|alnum):\])\n"
KEY = r"[1-9]\d*[bfdgMnrV]?(?:,[1-9]\d*[bfdgMnrV]?)?"
LIST = r"(?:[1-9]\d*-?|-[1-9]\d*|1-[1-9]\d*|[1-9]\d*(?:,[1-9]\d*)+)"
EXPRESSION = r"(?:[^\n\\/|#\[\](){}*+?]|\\[./$^*\[\]sSwW]|(?<=[.\w \])])\*|\[[^\n\[\]\\/|#]+\])*"
REPLACEMENT = r"(?:[^\n\\/|#]|\\[/nt&])*"
SED = (
    rf"(?:s(?P<by>[/|#]){EXPRESSION}(?P=by){REPLACEMENT}(?P=by)[gp]*|(?:\d+|\$|/{EXPRESSION}/)?[pd]|\d+,(?:\d+|\$)[pd])"
)
FILTERS = {
    name: re.compile(pattern)
    for name, pattern in {
        "head": COUNT,
        "tail": COUNT,
        "cat": r"(?:-[AbeEnstTuv]*\n)*",
        "wc": r"(?:-[lwcmL]+\n|--(?:lines|words|bytes|chars)\n)*",
        "sort": rf"(?:-[bfruz]*[gMnV]?[bfruz]*\n|-t\n?[^\n]\n|-k\n?{KEY}\n|--(?:unique|reverse|numeric-sort)\n)*",
        "uniq": r"(?:-[cduiz]+\n|--(?:count|repeated|unique|ignore-case)\n)*",
        "tr": rf"(?:-[cC]?[ds]\n{CHARACTERS}|{CHARACTERS}{CHARACTERS})",
        "cut": rf"(?:-d\n?[^\n]\n)?(?:-f\n?{LIST}\n)(?:-d\n?[^\n]\n)?|-[bc]\n?{LIST}\n",
        "sed": rf"(?:-[nEr]\n)*(?:-e\n)?{SED}\n",
        "column": r"(?:-t\n)?",
        "fold": r"(?:-s\n)?(?:-w\n?[1-9]\d*\n)?",
    }.items()
} | {name: re.compile("") for name in ("nl", "tac", "rev", "tee", "less")}
"""What the words of each may be, every one ended by a line break."""

TEST = (
    r"(?:(?:!|-not)\n)?(?:-i?(?:name|path)\n[^\n]*\n|-type\n[fdl]\n|-(?:print0?|empty|prune)\n"
    r"|-size\n[+-]?\d+[ckMG]?\n|-m(?:time|min)\n[+-]?\d+\n)"
)
FIND = re.compile(rf"(?:\./?\n)?(?:-(?:max|min)depth\n\d+\n)*(?:{TEST}(?:(?:-o|-or|-a|-and)\n(?={TEST}))?)*")


def succeeds(name: str, words: Sequence[str | None]) -> bool:
    """Whether a filter, or a `find` of the current folder, succeeds with these words whatever it finds."""
    given = "".join(f"{word}\n" for word in words if word is not None)
    if None in words or given.count("\n") != len(words):
        return False
    pattern = FIND if name == "find" else FILTERS.get(name)
    return pattern is not None and pattern.fullmatch(given) is not None
