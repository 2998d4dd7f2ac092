"""A statement as it is shown to people: on one line, without what its strings say."""

from __future__ import annotations

import postgast
from postgast import pg_query_pb2 as pb

SHOWN = 120
"""How many characters of a statement are shown."""
_TEXTS = {"SCONST", "USCONST", "BCONST", "XCONST"}
_REMARKS = {"SQL_COMMENT", "C_COMMENT"}


def shown(text: str) -> str:
    """A statement on one line without comments and what strings say, shortened; nothing of it where a quote is open."""
    whole = text.encode()
    try:
        tokens = postgast.scan(text).tokens
    except postgast.PgQueryError:
        return "…"
    pieces, at = [], 0
    for token in tokens:
        kind = pb.Token.Name(token.token)
        pieces.append(whole[at : token.start].decode())
        pieces.append("'…'" if kind in _TEXTS else " " if kind in _REMARKS else whole[token.start : token.end].decode())
        at = token.end
    line = " ".join("".join(pieces).split()).strip(" ;")
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
