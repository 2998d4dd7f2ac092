"""What happens when the phase is done: the tag, the checkpoint, the progress file, what comes next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from devnet_runner.phase.lines import Lines, bare, squeezed
from devnet_runner.phase.shell import words_from
from devnet_runner.phase.values import CheckpointTemplate, Item, NextPhase, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.phase.values import OverviewField

KEY = re.compile(r"[A-Z][A-Z0-9_]*")
DELIMITER = re.compile(r"-?\s*(?:'(\w+)'|\"(\w+)\"|\\?(\w+))")
PHASE = re.compile(r"\bPhase ([A-Za-z]?\d+|[A-Z])\b\**(?: ?[:—–-])? ?(.*)")
COUNT = re.compile(r" \(\d+ \w+\)$")
PATH = re.compile(r"[`(]([^`()\s]{1,300}\.md)[`)]")
NO_VALUE = {"-d", "--delete", "-l", "--list", "-v", "--verify", "-n"}


class Heredoc(NamedTuple):
    """The start of a here-document: the file it goes to, its delimiter, whether it is appended."""

    path: str
    delimiter: str
    appended: bool


def read_tag(lines: Lines) -> Tag | None:
    """The first tag that the document's code makes."""
    for _, code in lines.code(lines.all):
        for line in code:
            text = lines.text(line)
            position = text.find("git tag ")
            tag = _tag(words_from(lines, code, line, position), line) if position >= 0 and not _comment(text) else None
            if tag:
                return tag
    return None


def _tag(words: tuple[str, ...], line: int) -> Tag | None:
    if NO_VALUE & set(words):
        return None
    message, name, following = "", "", iter(words[2:])
    for word in following:
        if word in {"-m", "-am", "--message"}:
            message = next(following, "")
        elif not word.startswith("-"):
            name = name or word
    return Tag(name, message, line) if name else None


def _comment(text: str) -> bool:
    return text.lstrip().startswith("#")


def code_lines(lines: Lines) -> Iterator[tuple[int, str]]:
    """Every line of the document's code."""
    for _, code in lines.code(lines.all):
        for line in code:
            yield line, lines.text(line)


def read_checkpoint(lines: Lines) -> CheckpointTemplate | None:
    """The checkpoint that the document's code writes: a here-document of `KEY: value` lines, with what is appended."""
    found: CheckpointTemplate | None = None
    for _, code in lines.code(lines.all):
        for line in code:
            start = _heredoc(lines.text(line))
            if start and (found is None or (start.appended and start.path == found.path)):
                pairs = tuple(_pairs(lines, range(line + 1, code.stop), start.delimiter))
                found = CheckpointTemplate(start.path, found.line if found else line,
                                           (*(found.values if found else ()), *pairs))  # fmt: skip
    return found


def _heredoc(text: str) -> Heredoc | None:
    """The here-document that a line begins, where it goes to a checkpoint file."""
    before, found, after = text.partition("<<")
    match = DELIMITER.match(after) if found and "CHECKPOINT" in text and before.split()[:1] == ["cat"] else None
    if match is None:
        return None
    words = f"{before} {after[match.end() :]}"
    path = words.rpartition(">")[2].strip().strip("\"'") if ">" in words else ""
    return Heredoc(path, match[1] or match[2] or match[3], ">>" in words) if "CHECKPOINT" in path else None


def _pairs(lines: Lines, code: range, delimiter: str) -> Iterator[tuple[str, str]]:
    for line in code:
        text = lines.text(line).strip()
        if text == delimiter:
            return
        key, colon, value = text.partition(":")
        if colon and KEY.fullmatch(key):
            yield key, value.strip()


def read_progress(lines: Lines) -> Item | None:
    """The instruction to update the progress file."""
    for line, text in code_lines(lines):
        words = text.strip().lstrip("# ")
        if words[:7].lower() == "update " and "PROGRESS" in words.split(None, 2)[1].upper():
            return Item(words, line)
    return None


def read_context_clears(lines: Lines) -> tuple[Item, ...]:
    """Where the document asks to clear the context, in a heading or in a comment of its code."""
    headings = [(heading.line, heading.text) for heading, _ in lines.headings()]
    comments = [(line, text) for line, text in code_lines(lines) if _comment(text)]
    found = [(line, text) for line, text in (*headings, *comments) if "context clear point" in text.lower()]
    return tuple(Item(text.strip("# 🔄"), line) for line, text in sorted(found))


def read_next_phase(lines: Lines, overview: tuple[OverviewField, ...], number: str) -> NextPhase | None:
    """The phase that follows the one with a number: from its own section, else from the overview."""
    sections = [section for heading, section in lines.headings() if heading.text.strip().lower() == "next phase"]
    for line in lines.prose(sections[0] if sections else ()):
        match = PHASE.search(squeezed(lines.text(line)))
        if match and match[1].casefold() != number.casefold():
            return _next(lines, match, line, sections[0])
    named = next((field for field in overview if field.name.lower() == "next phase"), None)
    if named is None or named.value.lower().startswith(("none", "final", "-", "{")):
        return None
    match = PHASE.search(squeezed(named.value))
    return NextPhase(match[1] if match else "", bare(match[2] if match else named.value), "", named.line)


def _next(lines: Lines, match: re.Match[str], line: int, section: range) -> NextPhase:
    title = match[2].partition("→")[0].partition("->")[0].strip()
    path = next((found for one in section if (found := PATH.search(lines.text(one)))), None)
    return NextPhase(match[1], bare(COUNT.sub("", title)), path[1] if path else "", line)
