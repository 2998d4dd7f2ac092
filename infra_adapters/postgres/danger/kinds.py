"""The kinds of danger, by the names that Squawk's rules have, and those it has no rule for.

Rules of taste (of types, names and `IF NOT EXISTS`) are not among them: they stop no service.
"""

from __future__ import annotations

import re

_LINTED = """
adding-field-with-default adding-foreign-key-constraint adding-not-nullable-field adding-required-field
adding-serial-primary-key-field ban-add-enum-value ban-alter-domain-with-add-constraint
ban-concurrent-index-creation-in-transaction ban-disable-trigger ban-drop-column ban-drop-database ban-drop-domain
ban-drop-extension ban-drop-function ban-drop-schema ban-drop-sequence ban-drop-table ban-drop-type ban-drop-view
ban-set-schema ban-truncate-cascade changing-column-type constraint-missing-not-valid disallowed-unique-constraint
renaming-column renaming-object renaming-table require-concurrent-index-creation require-concurrent-index-deletion
require-concurrent-partition-detach require-concurrent-reindex syntax-error
"""

_FIRST = r"(?:\A|;|^)\s*"
_CHANGES = r"(?:ALTER|CREATE|DROP|TRUNCATE|LOCK|EXECUTE|UPDATE|DELETE)"

BEYOND: dict[str, tuple[re.Pattern[str], str, str]] = {
    kind: (re.compile(pattern, re.IGNORECASE | re.MULTILINE | re.DOTALL), why, cure)
    for kind, pattern, why, cure in (
        (
            "table-rewrite",
            r"\bALTER\s+TABLE\b[^;]*?\bSET\s+(?:UNLOGGED|LOGGED|TABLESPACE|ACCESS\s+METHOD|EXPRESSION)\b",
            "The table is written anew under a lock that stops readers too.",
            "Copy into a new table in batches, or do it while the service rests.",
        ),
        (
            "whole-table-lock",
            _FIRST + r"(?:LOCK|CLUSTER|VACUUM\s*(?:FULL\b|\([^)]*\bFULL\b))",
            "Everybody who uses the table waits until it is done.",
            "Take a lock of rows, or use pg_repack.",
        ),
        (
            "blocking-refresh",
            _FIRST + r"REFRESH\s+MATERIALIZED\s+VIEW\s+(?!CONCURRENTLY\b)",
            "Who reads the view waits until it is made anew.",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index.",
        ),
        (
            "truncation",
            _FIRST + r"TRUNCATE\b",
            "Rows are thrown away, under a lock that stops readers.",
            "Delete in batches by a backfill of its own.",
        ),
        (
            "unbounded-write",
            _FIRST + r"(?:UPDATE\b|DELETE\s+FROM\b)(?![^;]*\bWHERE\b)",
            "Every row stays locked until the revision ends, and the table grows by another copy of itself.",
            "evolution.backfill_in, which writes in batches.",
        ),
        (
            "partition-scan",
            r"\bALTER\s+TABLE\b[^;]*?\bATTACH\s+PARTITION\b",
            "The table to be attached is read under a lock, unless a valid check already says what is in it.",
            "Add the check NOT VALID, validate it, then attach and waive this.",
        ),
        (
            "unread-block",
            # A block that evolution writes grants and comments, and nothing else.
            _FIRST + r"DO\b[^$']*(?!\$infra_carry\$)(?P<q>\$\w*\$|')(?:(?!(?P=q)).)*?\b" + _CHANGES + r"\b",
            "What a block does is known only when it runs.",
            "Write its statements out, or look at them and waive this.",
        ),
    )
}
"""What Squawk has no rule for: its pattern in SQL without comments, why it is dangerous, and what to do instead.

A pattern may find what is only text in a string; then a waiver says so.
"""

LINTED = frozenset(_LINTED.split())
"""Squawk's rules that tell of danger. Source: https://squawkhq.com/docs/rules"""

UNREADABLE = "unreadable-revision"
"""The revision cannot be written as SQL, so nobody can look at it before it runs."""

KINDS = LINTED | BEYOND.keys() | {UNREADABLE}
"""Every kind that a waiver may name."""
