"""`devnet-run includes add` and `print`: a new include, in a document or on the screen."""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING

from devnet_runner import git
from devnet_runner.commands.includes_where import Where, split_source
from devnet_runner.commands.refusal import refuse
from devnet_runner.document import read_document
from devnet_runner.errors import PASSED, DevnetError, InputError
from devnet_runner.files import File, write_all
from devnet_runner.findings import Finding, Place
from devnet_runner.includes import Checker, scan
from devnet_runner.includes.compose import block_text, inserted, quotable
from devnet_runner.includes.overlay import Overlay
from devnet_runner.locks import repository_lock
from devnet_runner.reports.lines import row
from devnet_runner.screen import Screen
from devnet_runner.text import decode, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def command(*, start: Path, environ: Mapping[str, str], place: str, source: str) -> int:
    """Insert an include before a line of a document, or print one where no place is given."""
    screen = Screen.of(environ)
    try:
        where = Where.of(start)
        path, anchor = split_source(source)
        if not place:
            screen.bytes(_block(where, path, anchor, Place(source)))
            return PASSED
        file, line = _place(where, start, place)
        _insert(where, file, line, (path, anchor))
    except DevnetError as error:
        return refuse(screen, error, "text", "")
    screen.lines([row("added", f"{file}:{line}: {path}#{anchor}", "good")])
    return PASSED


def _block(where: Where, path: str, anchor: str, place: Place) -> bytes:
    """The block that quotes a section. Raises InputError where there is no such section."""
    found = Checker(where.jail).section(path, anchor)
    if isinstance(found, Finding):
        raise InputError(Finding(found.id, place, found.what, found.fix))
    if not quotable(found[0].body):
        what = f"{path}#{anchor} cannot be quoted: it opens or ends a fence, a comment or an include"
        raise InputError(Finding("include-unquotable", place, what, "close in the section what it opens"))
    return block_text(path, anchor, found[0].body)


def _place(where: Where, start: Path, place: str) -> tuple[str, int]:
    """The document and the line of FILE:LINE. Raises InputError where it is no such thing."""
    file, _, number = place.rpartition(":")
    if not file or not number.isascii() or not number.isdigit() or not int(number[:9]) > 0:
        what, fix = f"'{place[:80]}' names no line", "write FILE:LINE, as in phases/phase-1-core.md:12"
        raise InputError(Finding("path-missing", Place(place[:80]), what, fix))
    return where.named(str(start / file)), int(number[:9])


def _insert(where: Where, file: str, line: int, section: tuple[str, str]) -> None:
    with repository_lock(where.root, git.common_dir(where.root)):
        text = read_text(where.root / file, file)
        _refuse_place(text.content, file, line)
        new = inserted(text.data, line, _block(where, *section, Place(file, line)))
        _refuse_change(where, text.data, new, file, line)
        write_all((File(where.root / file, new, text.data),), where.root)


def _refuse_place(content: str, file: str, line: int) -> None:
    """Raise InputError for a line where an include would be no include, or would break one."""
    document = read_document(content, file)
    count = len(document.lines) - (document.lines[-1] == "")
    if line > count + 1:
        what = f"the document has {count} lines"
        raise InputError(Finding("path-missing", Place(file, line), what, f"name a line up to {count + 1}"))
    fence, comment = document.fence_at(line), document.comment_at(line)
    inside = (fence is not None and line > fence.start) or (comment is not None and line > comment.start)
    block = next((one for one in scan(document)[0] if one.line < line <= one.end), None)
    if inside or block is not None:
        what = f"line {line} is inside of {'another include' if block else 'a code fence or a comment'}"
        raise InputError(Finding("include-misplaced", Place(file, line), what, "name a line out of it"))


def _refuse_change(where: Where, old: bytes, new: bytes, file: str, line: int) -> None:
    """Raise InputError where the new document does not hold one include more, which verifies, and all the others."""
    checker = Checker(Overlay(where.root, where.jail.paths, {normpath(file): new}))
    before, _ = scan(read_document(decode(old, file).content, file))
    includes, _ = checker.check(new, file)
    added = next((one for one in includes if one.line == line), None)
    if added is not None and added.finding is not None:
        raise InputError(added.finding)
    if added is None or added.state != "verified" or len(includes) != len(before) + 1:
        what = "the section cannot be quoted there: it would break the document's own blocks"
        fix = "close in the section what it opens, or choose another line"
        raise InputError(Finding("include-unquotable", Place(file, line), what, fix))
