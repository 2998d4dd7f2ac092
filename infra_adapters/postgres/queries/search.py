"""Full text: a column of lexemes that the server keeps, its index, and a user's words as a query that cannot fail."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Computed, Float, Index, Text, cast, func, literal, true
from sqlalchemy.dialects.postgresql import REGCONFIG, TSVECTOR

from infra_adapters.errors import ConfigError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement

FEWEST = 2
"""The words of a headline: the server wants its least number below its most."""
LONGEST = 500
"""The most characters of a query: a word of more than 2,046 bytes is an error to the server."""
CONFIGURATION = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?")
WEIGHTS = "ABCD"
START, STOP = "\ue000", "\ue001"
"""What stands around a found word in a headline: characters that no text is meant to have."""


def search_column(name: str, weights: Mapping[str, str], *, config: str = "english") -> Column[Any]:
    """A generated column of the lexemes of text columns, each with its weight, A to D. Raises ConfigError."""
    if not weights or any(weight not in WEIGHTS or len(weight) != 1 for weight in weights.values()):
        raise ConfigError(f"{name}: text columns are searched with a weight of {', '.join(WEIGHTS)} each")
    parts = [
        f"setweight(to_tsvector('{_known(config)}'::regconfig, coalesce({_quoted(column)}, '')), '{weight}')"
        for column, weight in weights.items()
    ]
    return Column(name, TSVECTOR, Computed(" || ".join(parts), persisted=True))


def search_index(column: Column[Any]) -> Index:
    """The GIN index of a table's column of lexemes; part of the table."""
    return Index(f"ix_{column.table.name}_{column.name}", column, postgresql_using="gin")


@dataclass(frozen=True, slots=True)
class TextQuery:
    """What a user typed into a search field: words, "phrases", `or` and `-`; whatever else it is, it never fails.

    Nothing typed is no filter; words that the language leaves out alone find nothing.
    """

    text: str | None
    config: str = "english"

    def matches(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a column of lexemes has the words; true where none are asked."""
        return column.op("@@", is_comparison=True)(self._query) if self._words else true()

    def rank(self, column: ColumnElement[Any]) -> ColumnElement[float]:
        """How well a column of lexemes has the words, more is better; 0 where none are asked."""
        return func.ts_rank_cd(column, self._query, type_=Float) if self._words else literal(0.0)

    def headline(self, column: ColumnElement[Any], *, words: int = 35) -> ColumnElement[str]:
        """The part of a text in which the words are, for `highlighted`; its beginning where none are asked.

        Raises InvalidRequest for less than two `words`.
        """
        if words < FEWEST:
            raise InvalidRequest(f"a headline has {FEWEST} words or more")
        clean = func.translate(column, START + STOP, "")
        options = f"StartSel={START}, StopSel={STOP}, MaxWords={words}, MinWords={max(words // 2, 1)}"
        return func.ts_headline(self._regconfig, clean, self._query, options, type_=Text)

    @property
    def _words(self) -> str:
        # A lone surrogate has no UTF-8, and PostgreSQL stores no NUL.
        return (self.text or "").encode("utf-8", "replace").decode().replace("\0", " ")[:LONGEST].strip()

    @property
    def _query(self) -> ColumnElement[Any]:
        return func.websearch_to_tsquery(self._regconfig, self._words)

    @property
    def _regconfig(self) -> ColumnElement[Any]:
        return cast(_known(self.config), REGCONFIG)


def highlighted(headline: str, start: str = "<b>", stop: str = "</b>") -> str:
    """A headline as HTML: the text is escaped, as the server does not, and found words are put between two tags."""
    return html.escape(headline).replace(START, start).replace(STOP, stop)


def _known(config: str) -> str:
    if not CONFIGURATION.fullmatch(config):
        raise ConfigError(f"{config!r} is no name of a text search configuration")
    return config


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
