"""The kinds of danger, by the names that Squawk's rules have, and those it has no rule for.

Rules of taste (of types, names and `IF NOT EXISTS`) are not among them: they stop no service.
"""

from __future__ import annotations

_LINTED = """
adding-field-with-default adding-foreign-key-constraint adding-not-nullable-field adding-required-field
adding-serial-primary-key-field ban-alter-domain-with-add-constraint
ban-concurrent-index-creation-in-transaction ban-drop-column ban-drop-database ban-drop-domain
ban-drop-extension ban-drop-function ban-drop-schema ban-drop-sequence ban-drop-table ban-drop-type ban-drop-view
ban-set-schema ban-truncate-cascade changing-column-type constraint-missing-not-valid disallowed-unique-constraint
renaming-column renaming-object renaming-table require-concurrent-index-creation require-concurrent-index-deletion
require-concurrent-partition-detach require-concurrent-reindex syntax-error
"""

OPTIONAL = frozenset({"ban-add-enum-value", "ban-disable-trigger", "ban-drop-policy", "ban-drop-trigger", "ban-revoke"})
"""Squawk's rules of danger that it leaves out where nobody asks for them."""

LINTED = frozenset(_LINTED.split()) | OPTIONAL
"""Squawk's rules that tell of danger. Source: https://squawkhq.com/docs/rules"""

BEYOND: dict[str, tuple[str, str]] = {
    "table-rewrite": (
        "The table is written anew under a lock that stops readers too.",
        "Copy into a new table in batches, or do it while the service rests.",
    ),
    "whole-table-lock": (
        "Everybody who uses the table waits until it is done.",
        "Take a lock of rows, or use pg_repack.",
    ),
    "blocking-refresh": (
        "Who reads the view waits until it is made anew.",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index.",
    ),
    "truncation": (
        "Rows are thrown away, under a lock that stops readers.",
        "Delete in batches by a backfill of its own.",
    ),
    "unbounded-write": (
        "Nothing bounds the rows: each stays locked until the revision ends, and the table grows by a copy of itself.",
        "evolution.backfill_in, which writes in batches.",
    ),
    "partition-scan": (
        "The table to be attached is read under a lock, unless a valid check already says what is in it.",
        "Add the check NOT VALID, validate it, then attach and waive this.",
    ),
    "object-drop": (
        "What still uses it fails.",
        "Drop it once nothing uses it, and waive this.",
    ),
    "unread-block": (
        "What a block does by EXECUTE, by a procedure or in another language is known only when it runs.",
        "Write its statements out, or look at them and waive this.",
    ),
    "unread-statement": (
        "It is nested more deeply than it can be read.",
        "Write it flatter, or look at it and waive this.",
    ),
}
"""What Squawk has no rule for: why it is dangerous, and what to do instead."""

UNSEEN: dict[str, tuple[str, str]] = {
    "adding-field-with-default": (
        "A serial column is filled row by row, so that the table is written anew under a lock that stops readers too.",
        "Add the column empty, its sequence and default after it, and fill it in batches.",
    ),
    "constraint-missing-not-valid": (
        "A check of a new column is held against every row under a lock that stops readers too.",
        "Add the column, then the constraint NOT VALID, and validate it in a revision of its own.",
    ),
    "ban-disable-trigger": (
        "Triggers and foreign keys of every table are off until it is set back.",
        "Leave session_replication_role as it is.",
    ),
    "syntax-error": ("PostgreSQL would not read it.", ""),
}
"""What Squawk has a rule for but does not see: the same, under the name of its rule."""

RETYPED = "changing-column-type"
"""Whether this is dangerous depends on the type that the column has before."""

UNREADABLE = "unreadable-revision"
"""The revision cannot be written as SQL, so nobody can look at it before it runs."""

KINDS = LINTED | BEYOND.keys() | {UNREADABLE}
"""Every kind that a waiver may name."""
