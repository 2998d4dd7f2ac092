"""The test coverage that the configuration of a tool demands, as it is written there; no code of it runs."""

from __future__ import annotations

import re

PERCENT = r"(\d{1,3}(?:\.\d{1,3})?)\b"
THRESHOLD = re.compile(rf"threshold[^\d\n]{{0,60}}?{PERCENT}", re.IGNORECASE)
LINES = re.compile(rf"\blines[\"']?\s*[:=]\s*{PERCENT}")
COMMENTS = ("//", "*", "/*")
NEAR = 600
"""How many characters below the word the threshold for lines may stand."""


def threshold_in(text: str) -> str:
    """The threshold for lines in percent, also where it stands some lines below the word; empty where there is none."""
    text = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(COMMENTS))
    at = text.lower().find("threshold")
    if at < 0:
        return ""
    match = LINES.search(text, at, at + NEAR) or THRESHOLD.search(text, at)
    return match[1] if match and float(match[1]) <= 100 else ""
