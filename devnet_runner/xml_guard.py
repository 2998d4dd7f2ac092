"""XML of unknown origin, read as a stream of elements: no entity, no depth and no size can hurt the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 200
MAX_BYTES = 100_000_000


class HostileXml(ValueError):
    """XML that declares entities, nests too deeply, is too large or is no XML; the message says which."""


def read_elements(
    data: bytes, start: Callable[[str, dict[str, str]], None], end: Callable[[str, str], None] = lambda *_: None
) -> None:
    """Call `start(name, attributes)` and `end(name, text)` for each element, in document order.

    Names come without their namespace. A DOCTYPE is tolerated (JaCoCo's reports have one), what it declares is not.
    Raises HostileXml.
    """
    if len(data) > MAX_BYTES:
        raise HostileXml(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    if not data.strip():
        raise HostileXml("it is empty")
    parser = expat.ParserCreate(namespace_separator=" ")
    texts: list[list[str]] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(texts) >= MAX_DEPTH:
            raise HostileXml(f"it nests deeper than {MAX_DEPTH} elements")
        texts.append([])
        start(_local(name), {_local(key): value for key, value in attributes.items()})

    def finish(name: str) -> None:
        end(_local(name), "".join(texts.pop()))

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = lambda text: texts[-1].append(text) if texts else None
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise HostileXml(f"it is no XML: {error}") from error


def _refuse_entity(name: str, *_: object) -> None:
    raise HostileXml(f"it declares the entity '{name}'")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
