"""XML of unknown origin, read as a stream of elements: no entity, no depth and no size can hurt the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[[str, dict[str, str], int], None]
    End = Callable[[str, str], None]

MAX_BYTES = 100_000_000
MAX_DEPTH = 200
MAX_ELEMENTS = 2_000_000
MAX_TEXT = 100_000
"""How many characters of one element's text are kept; more is cut off."""


class HostileXml(ValueError):
    """XML that declares entities, nests too deeply, is too large or is no XML; the message says which, and where."""


def read_elements(data: bytes, start: Start, end: End = lambda *_: None) -> None:
    """Call `start(name, attributes, line)` and `end(name, text)` for each element, in document order.

    Names come without their namespace. A DOCTYPE is tolerated (JaCoCo's reports have one) and what it names is never
    fetched; what it declares is refused, in any encoding, as it is the parser itself that finds it. Raises HostileXml.
    """
    if len(data) > MAX_BYTES:
        raise HostileXml(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    if not data.strip():
        raise HostileXml("it is empty")
    elements = _Elements(start, end)
    try:
        elements.parser.Parse(data, True)
    except HostileXml:
        raise
    except expat.ExpatError as error:
        raise HostileXml(f"it is no XML: {error}") from error
    except (ValueError, LookupError) as error:
        # Encodings are settled before the first element; later ones are errors of the caller.
        if elements.count:
            raise
        raise HostileXml(f"it is in an encoding that cannot be read: {error}") from error


class _Elements:
    """The handlers of one parser, and the texts of the elements that are open."""

    def __init__(self, start: Start, end: End) -> None:
        self._start, self._end = start, end
        self._texts: list[list[str]] = []
        self._room = 0
        self.count = 0
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        # Attributes that only a DOCTYPE supplies were never measured by anybody.
        parser.specified_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._finish
        parser.CharacterDataHandler = self._say
        parser.EntityDeclHandler = self._refuse_entity
        parser.SkippedEntityHandler = self._refuse_use

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise self._hostile(f"it holds more than {MAX_ELEMENTS} elements")
        if len(self._texts) >= MAX_DEPTH:
            raise self._hostile(f"it nests deeper than {MAX_DEPTH} elements")
        self._texts.append([])
        self._room = MAX_TEXT
        # An attribute with a namespace is another tool's, whatever its name.
        own = {key: value for key, value in attributes.items() if " " not in key}
        self._start(_local(name), own, self.parser.CurrentLineNumber)

    def _finish(self, name: str) -> None:
        self._end(_local(name), "".join(self._texts.pop()))

    def _say(self, text: str) -> None:
        if self._texts and self._room > 0:
            self._texts[-1].append(text[: self._room])
            self._room -= len(text)

    def _refuse_entity(self, name: str, *_: object) -> None:
        raise self._hostile(f"it declares the entity '{name[:60]}'")

    def _refuse_use(self, name: str, *_: object) -> None:
        raise self._hostile(f"it uses the entity '{name[:60]}', which it does not hold")

    def _hostile(self, what: str) -> HostileXml:
        return HostileXml(f"{what} (line {self.parser.CurrentLineNumber})")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
