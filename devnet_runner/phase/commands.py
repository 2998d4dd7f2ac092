"""Slash commands of a step, with arguments that may run over many lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.phase.lines import CODE, HIDDEN, QUOTED
from devnet_runner.phase.values import SlashCommand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.phase.lines import Lines

COMMAND = re.compile(r"Claude:\s*/([a-z][a-z0-9-]*)(?:[ \t]+(.*))?")
BARE_COMMAND = re.compile(r"/(create-spec|create-tasks|execute-tasks)(?:[ \t]+(.*))?")
ACTION, ACTION_END = "<user-action-required>", "</user-action-required>"


def read_commands(lines: Lines, section: range) -> Iterator[SlashCommand]:
    """The commands of a section: lines after `Claude:`, and known commands without it in code and user actions."""
    following, action = section.start, False
    for line in section:
        text = lines.text(line).strip()
        action = (action or text == ACTION) and text != ACTION_END
        if line < following or lines.kinds[line] in {HIDDEN, QUOTED}:
            continue
        code = lines.kinds[line] == CODE
        match = COMMAND.fullmatch(text) or (BARE_COMMAND.fullmatch(text) if code or action else None)
        if match:
            argument, following = _argument(lines, line, match[2] or "", _stop(lines, line, section))
            yield SlashCommand(match[1], argument, line)


def _stop(lines: Lines, line: int, section: range) -> int:
    """Where an argument ends at the latest: with the code that it is in."""
    fence = lines.document.fence_at(line)
    return min(fence.end, section.stop) if fence else section.stop


def _argument(lines: Lines, line: int, first: str, stop: int) -> tuple[str, int]:
    """A command's argument and the line after it: text in quotes ends at the first line with the closing quote last."""
    if not first.startswith('"'):
        return first.strip(), line + 1
    parts = [first[1:]]
    if len(first) > 1 and (_closes(first) or _even(first)):
        return _unquoted(parts), line + 1
    for number in range(line + 1, stop):
        text = lines.text(number)
        if COMMAND.fullmatch(text.rstrip()):
            break
        parts.append(text)
        if _closes(text):
            return _unquoted(parts), number + 1
    return _unquoted(parts[:1]), line + 1


def _closes(text: str) -> bool:
    """Whether a line ends in a quote that is not escaped."""
    bare = text.rstrip()
    slashes = len(bare[:-1]) - len(bare[:-1].rstrip("\\"))
    return bare.endswith('"') and slashes % 2 == 0


def _even(text: str) -> bool:
    """Whether the quotes of a line that are not escaped come in pairs: then the argument ends in it."""
    return text.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 0


def _unquoted(parts: list[str]) -> str:
    text = "\n".join(parts).strip()
    return text[:-1].rstrip() if _closes(text) else text
