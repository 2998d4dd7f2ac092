"""New lines for a progress file, written as the lines are that stand there already."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE = re.compile(
    r"[ \t]*((?:[-*+]|\d{1,9}[.)])[ \t]+)\[[ xX]\]([ \t]+(?:\*\*|__)?(?:Step|Wave)[ \t]+)"
    r"[A-Za-z]*\d[A-Za-z0-9.]*((?:\*\*|__)?[ \t]*[:—–-](?:\*\*|__)?).*",
    re.IGNORECASE,
)
HEADING = re.compile(r"[ ]{0,3}(#{1,6}[ \t]+Phase[ \t]+)[A-Za-z0-9][\w.]*([ \t]*[:—–-]).*", re.IGNORECASE)

Step = tuple[str, str, bool]
"""A step: number, title, and whether this run verified it."""


@dataclass(frozen=True, slots=True)
class Style:
    """What stands around number and title in a heading and in a step; the defaults are those of a new file."""

    heading: tuple[str, str] = ("## Phase ", ":")
    step: tuple[str, str, str] = ("- ", " **Step ", "**:")

    def section(self, phase: str, title: str, steps: tuple[Step, ...]) -> str:
        """A phase's heading and steps, with `\\n` at each end."""
        first, mark = self.heading
        return "\n".join((f"{first}{phase}{mark} {_clean(title)}", "", *(self.line(step) for step in steps), ""))

    def line(self, step: Step) -> str:
        """One step, without a line end."""
        number, title, done = step
        bullet, word, mark = self.step
        return f"{bullet}[{'x' if done else ' '}]{word}{number}{mark} {_clean(title)}"


NEW = Style()


def style_of(heading: str, step: str) -> Style:
    """The style of two lines of the file; where one is of no known form, that of a new file."""
    title, item = HEADING.fullmatch(heading), LINE.fullmatch(step)
    return Style(
        (title[1], title[2]) if title else NEW.heading,
        (item[1], item[2], item[3]) if item else NEW.step,
    )


def _clean(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
