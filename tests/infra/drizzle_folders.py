"""Folders as drizzle-kit writes them, in both forms, and the table as its migrators leave it."""

from __future__ import annotations

import hashlib
import json

import psycopg

MARK = "--> statement-breakpoint"
INDEX = 'CREATE INDEX "by_name" ON users (name);'
USERS = f'CREATE TABLE "users" ("id" serial PRIMARY KEY, "name" text NOT NULL);\n{MARK}\n{INDEX}'
POSTS = 'CREATE TABLE "posts" ("id" int PRIMARY KEY, "author" int REFERENCES users);'
AGES = 'ALTER TABLE "users" ADD COLUMN "age" int DEFAULT 1;'
TIMES = {"init": 1763883141123, "posts": 1763883142456, "ages": 1763883143789}
"""In milliseconds, and each in a second of its own."""
FOLDERS = {"init": "20251123073221", "posts": "20251123073222", "ages": "20251123073223"}
SCRIPTS = {"init": USERS, "posts": POSTS, "ages": AGES}


def sql(url, statement, values=None):
    with psycopg.connect(url) as connection:
        found = connection.execute(statement, values)
        return found.fetchall() if found.description else None


def entry(at, tag, when):
    return {"idx": at, "version": "7", "when": when, "tag": tag, "breakpoints": True}


def journal(folder, scripts, times=TIMES, **changes):
    """A folder of 0.45; `changes` are other members of its journal."""
    (folder / "meta").mkdir(parents=True, exist_ok=True)
    entries = []
    for at, (name, text) in enumerate(scripts.items()):
        tag = f"{at:04}_{name}"
        (folder / f"{tag}.sql").write_bytes(text if isinstance(text, bytes) else text.encode())
        snapshot = {"id": f"id-{at}", "prevId": f"id-{at - 1}", "version": "7", "dialect": "postgresql"}
        (folder / "meta" / f"{at:04}_snapshot.json").write_text(json.dumps(snapshot))
        entries.append(entry(at, tag, times[name]))
    whole = {"version": "7", "dialect": "postgresql", "entries": entries, **changes}
    (folder / "meta" / "_journal.json").write_text(json.dumps(whole))
    return folder


def folders(folder, scripts, times=FOLDERS):
    """A folder of 1.x."""
    for at, (name, text) in enumerate(scripts.items()):
        own = folder / f"{times[name]}_{name}"
        own.mkdir(parents=True, exist_ok=True)
        (own / "migration.sql").write_text(text)
        snapshot = {"id": f"id-{at}", "prevIds": [f"id-{at - 1}"], "version": "8", "dialect": "postgres", "ddl": []}
        (own / "snapshot.json").write_text(json.dumps(snapshot))
    return folder


def some(*names):
    return {name: SCRIPTS[name] for name in names}


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


TABLE = "id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint"
NEWER = f"{TABLE}, name text, applied_at timestamp with time zone DEFAULT now()"


def booked(url, rows, columns=TABLE, schema="drizzle"):
    """The table as Drizzle makes it, with rows of (hash, created_at) or (hash, created_at, name)."""
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(f"CREATE TABLE {schema}.__drizzle_migrations ({columns})")
        for row in rows:
            names = ", ".join(("hash", "created_at", "name")[: len(row)])
            places = ", ".join(["%s"] * len(row))
            connection.execute(f"INSERT INTO {schema}.__drizzle_migrations ({names}) VALUES ({places})", row)


def rows(url, names="hash, created_at"):
    return sql(url, f"SELECT {names} FROM drizzle.__drizzle_migrations ORDER BY id")


def relations(url):
    """The tables of the product."""
    found = sql(url, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [name for (name,) in found]
