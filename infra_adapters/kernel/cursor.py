"""Cursors: where a page ended, in a text that says nothing to its holder and that nobody else can make.

A cursor is the base64 of a version, a tag (HMAC-SHA256, RFC 2104, cut to 16 bytes) and the values as JSON. The tag also
covers the scope, which names the list; so a cursor of another list, or of another tenant, is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from infra_adapters.errors import InvalidCursor, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

VERSION = b"\x01"
TAG = 16
LONGEST = 65_536
"""The most characters: more than the texts of an index of PostgreSQL make, and no burden to read."""

WRITE: dict[type, tuple[str, Callable[[Any], object]]] = {
    str: ("s", lambda value: value),
    bool: ("b", lambda value: value),
    int: ("i", str),
    UUID: ("u", str),
    Decimal: ("d", str),
    datetime: ("t", lambda moment: moment.astimezone(UTC).isoformat()),
}
READ: dict[str, Callable[[str], object]] = {
    "s": str,
    "b": bool,
    "i": int,
    "u": UUID,
    "d": Decimal,
    "t": datetime.fromisoformat,
}


def write_cursor(scope: str, values: Sequence[object], key: bytes) -> str:
    """The cursor after an item with these values. Raises InvalidRequest for what a cursor cannot hold."""
    body = json.dumps([_written(value) for value in values], separators=(",", ":"), ensure_ascii=False).encode()
    text = base64.urlsafe_b64encode(VERSION + _tag(scope, body, key) + body).decode().rstrip("=")
    if len(text) > LONGEST:
        raise InvalidRequest("what the list is ordered by is too long for a cursor; order it by something shorter")
    return text


def read_cursor(scope: str, text: str, keys: Sequence[bytes]) -> tuple[object, ...]:
    """The values of a cursor made for this scope with one of the keys. Raises InvalidCursor for any other text."""
    try:
        raw = (
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            if len(text) <= LONGEST
            else b""
        )
    except (binascii.Error, ValueError):
        raw = b""
    version, tag, body = raw[:1], raw[1 : 1 + TAG], raw[1 + TAG :]
    known = [hmac.compare_digest(tag, _tag(scope, body, key)) for key in keys]
    if version != VERSION or not any(known):
        raise InvalidCursor("the cursor was not made for this list")
    return tuple(READ[kind](value) for kind, value in json.loads(body))


def _tag(scope: str, body: bytes, key: bytes) -> bytes:
    name = scope.encode("utf-8", "surrogatepass")
    return hmac.new(key, VERSION + len(name).to_bytes(4) + name + body, hashlib.sha256).digest()[:TAG]


def _written(value: object) -> tuple[str, object]:
    if type(value) not in WRITE:
        raise InvalidRequest(f"a list cannot be ordered by a {type(value).__name__}")
    kind, write = WRITE[type(value)]
    return kind, write(value)
