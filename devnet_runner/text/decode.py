"""Bytes into text: UTF-8 of bounded size, or a refusal that says which byte is wrong."""

from __future__ import annotations

import codecs
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.text.mistakes import mistake

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 5_000_000
MAX_LINES = 500_000
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
BOMS = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"),
        (codecs.BOM_UTF16_BE, "UTF-16"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A document's text with line endings as LF; `data` are its bytes as they are, BOM and line endings included.

    `damaged` names the encoding that its UTF-8 was read with by mistake, or is empty.
    """

    path: str
    data: bytes
    content: str
    damaged: str = ""


class Irregular(ValueError):
    """A file that is no text of ours, whatever its bytes; the message says why."""


def read_text(file: Path | str, path: str) -> Text:
    """The text of a file, shown as `path`. Raises InputError for what is no readable UTF-8 text of at most 5 MB."""
    try:
        data = read_regular(os.fspath(file))
    except Irregular as error:
        raise _fault(path, str(error), "name a Markdown document of at most 5 MB") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise _fault(path, f"it cannot be read ({why})", "check that it exists and may be read") from error
    return decode(data, path)


def read_regular(name: str, *, folder: int | None = None, flags: int = 0) -> bytes:
    """The bytes of a regular file; `folder` is the descriptor that `name` starts from.

    Neither waits for a pipe nor reads a file that is too large. Raises OSError, or Irregular for what is no regular
    file of at most 5 MB.
    """
    descriptor = os.open(name, FLAGS | flags, dir_fd=folder)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Irregular("it is no regular file")
        if found.st_size > MAX_BYTES:
            raise Irregular(f"it has {found.st_size:,} bytes, more than {MAX_BYTES:,}")
        return _whole(descriptor, found.st_size)
    finally:
        os.close(descriptor)


def _whole(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    # Some file systems state no size, and a file may grow while it is read.
    parts = [data]
    while len(data) <= MAX_BYTES and parts[-1]:
        parts.append(os.read(descriptor, MAX_BYTES))
        data += parts[-1]
    if len(data) > MAX_BYTES:
        raise Irregular(f"it has more than {MAX_BYTES:,} bytes")
    return data


def decode(data: bytes, path: str) -> Text:
    """Bytes as text.

    Raises InputError, with the place, for UTF-16, UTF-32, NUL bytes, invalid UTF-8, and above 5 MB or 500,000 lines.
    """
    if len(data) > MAX_BYTES:
        raise _fault(path, f"it has {len(data):,} bytes, more than {MAX_BYTES:,}", "split it")
    for mark, name in BOMS:
        if data.startswith(mark):
            raise _fault(path, f"it is {name}", "save it as UTF-8")
    if b"\0" in data:
        raise _fault(path, f"byte {data.index(0)} is NUL", "save it as UTF-8 text", _line(data, data.index(0)))
    try:
        # Not `utf-8-sig`: its errors count from behind the mark.
        content = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = _line(data, error.start)
        raise _fault(path, f"byte {error.start} is no UTF-8", "save it as UTF-8", place) from error
    if data.count(b"\n") > MAX_LINES:
        raise _fault(path, f"it has more than {MAX_LINES:,} lines", "split it")
    return Text(path, data, content.replace("\r\n", "\n"), mistake(content))


def _fault(path: str, what: str, fix: str, line: int = 0) -> InputError:
    return InputError(Finding("document-unreadable", Place(path, line), f"the document cannot be used: {what}", fix))


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
