"""The one room that prints: text to standard output, progress and errors to standard error."""

from __future__ import annotations

import codecs
import importlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from devnet_runner.reports.lines import STYLES, Line, plain
from devnet_runner.reports.live import Live
from devnet_runner.terminal import visible, visible_json

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a command shows what it has to say."""

    out: TextIO
    err: TextIO
    coloured: bool
    moving: bool

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Screen:
        """The screen of this process. Colours need a terminal and no NO_COLOR."""
        for stream in (sys.stdout, sys.stderr):
            # A name that the terminal's encoding lacks must not end a run.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        usable = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        return cls(sys.stdout, sys.stderr, usable and sys.stdout.isatty(), usable and sys.stderr.isatty())

    def text(self, text: str) -> None:
        """Write JSON to standard output: what steers a terminal, or what the stream's encoding may lack, as escapes."""
        self.out.write(visible_json(text, ascii_only=codecs.lookup(self.out.encoding or "ascii").name != "utf-8"))
        self.out.flush()

    def bytes(self, data: bytes) -> None:
        """Write bytes to standard output as they are, for a program that takes them; a terminal gets them as text."""
        if self.out.isatty():
            self.out.write("".join(f"{visible(line)}\n" for line in data.decode("utf-8", "replace").splitlines()))
        else:
            self.out.flush()
            self.out.buffer.write(data)
        self.out.flush()

    def lines(self, lines: list[Line], *, error: bool = False) -> None:
        """Write styled lines to standard output, or to standard error."""
        stream, coloured = (self.err, self.moving) if error else (self.out, self.coloured)
        if coloured:
            self._colours(lines, stream)
        else:
            stream.write(plain(lines))
        stream.flush()

    def _colours(self, lines: list[Line], stream: TextIO) -> None:
        # Loaded here only: most callers are programs, which want no colours and no wait for rich.
        console = importlib.import_module("rich.console").Console(file=stream, highlight=False, emoji=False)
        text = importlib.import_module("rich.text").Text
        for one in lines:
            console.print(text.assemble(*((piece.text, STYLES[piece.style]) for piece in one)))

    def live(self, *, quiet: bool) -> Live:
        """The progress of a run; quiet runs show it on a terminal only."""

        def write(content: str) -> None:
            self.err.write(content)
            self.err.flush()

        return Live((lambda _: None) if quiet and not self.moving else write, self.moving, _width())


def _width() -> int:
    # Loaded for a run only: it brings every kind of archive along.
    columns: int = importlib.import_module("shutil").get_terminal_size((80, 24)).columns
    return columns
