"""The simulator's memory: one SQLite file, so that what was promised before a restart is kept after it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
  seq INTEGER PRIMARY KEY, sid TEXT UNIQUE NOT NULL, owner_sid TEXT NOT NULL, friendly_name TEXT NOT NULL,
  status TEXT NOT NULL, auth_token TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL);
CREATE TABLE IF NOT EXISTS api_key (
  seq INTEGER PRIMARY KEY, sid TEXT UNIQUE NOT NULL, account_sid TEXT NOT NULL, friendly_name TEXT NOT NULL,
  secret_sha256 TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS number (
  seq INTEGER PRIMARY KEY, sid TEXT UNIQUE NOT NULL, account_sid TEXT NOT NULL, friendly_name TEXT NOT NULL,
  phone_number TEXT UNIQUE NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS service (
  seq INTEGER PRIMARY KEY, sid TEXT UNIQUE NOT NULL, account_sid TEXT NOT NULL, friendly_name TEXT NOT NULL,
  status_callback TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS service_number (
  seq INTEGER PRIMARY KEY, service_sid TEXT NOT NULL, number_sid TEXT UNIQUE NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS message (
  seq INTEGER PRIMARY KEY, sid TEXT UNIQUE NOT NULL, account_sid TEXT NOT NULL, recipient TEXT NOT NULL, sender TEXT,
  service_sid TEXT, body TEXT NOT NULL, segments INTEGER NOT NULL, status TEXT NOT NULL, error_code INTEGER,
  price_micros INTEGER, status_callback TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, sent REAL);
CREATE INDEX IF NOT EXISTS message_by_account ON message (account_sid, recipient, seq);
-- A status to come, or a callback to deliver.
CREATE TABLE IF NOT EXISTS event (
  id INTEGER PRIMARY KEY, message_sid TEXT NOT NULL, kind TEXT NOT NULL, due REAL NOT NULL, happened REAL NOT NULL,
  status TEXT NOT NULL, error_code INTEGER, token TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
  under_way INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS event_by_due ON event (under_way, due, id);
CREATE TABLE IF NOT EXISTS turned_away (
  account_sid TEXT NOT NULL, recipient TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (account_sid, recipient));
-- What was used: what a deleted message cost stays on the bill. Records show it from `seen` on.
CREATE TABLE IF NOT EXISTS used (
  seq INTEGER PRIMARY KEY, account_sid TEXT NOT NULL, day TEXT NOT NULL, category TEXT NOT NULL,
  count INTEGER NOT NULL, usage INTEGER NOT NULL, micros INTEGER NOT NULL, at REAL NOT NULL, seen REAL NOT NULL,
  subject TEXT, UNIQUE (subject, category));
CREATE INDEX IF NOT EXISTS used_by_day ON used (account_sid, day);
CREATE TABLE IF NOT EXISTS usage_trigger (
  seq INTEGER PRIMARY KEY, sid TEXT UNIQUE NOT NULL, account_sid TEXT NOT NULL, friendly_name TEXT NOT NULL,
  category TEXT NOT NULL, recurring TEXT NOT NULL, trigger_by TEXT NOT NULL, value TEXT NOT NULL,
  callback_url TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, fired REAL, fired_in TEXT);
CREATE TABLE IF NOT EXISTS call (
  seq INTEGER PRIMARY KEY, sid TEXT UNIQUE NOT NULL, parent_sid TEXT, account_sid TEXT NOT NULL,
  recipient TEXT NOT NULL, sender TEXT NOT NULL, direction TEXT NOT NULL, status TEXT NOT NULL, twiml TEXT NOT NULL,
  status_callback TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, started REAL, ended REAL,
  seconds INTEGER);
CREATE INDEX IF NOT EXISTS call_by_account ON call (account_sid, recipient, seq);
CREATE TABLE IF NOT EXISTS content (
  seq INTEGER PRIMARY KEY, sid TEXT UNIQUE NOT NULL, account_sid TEXT NOT NULL, friendly_name TEXT NOT NULL,
  language TEXT NOT NULL, variables TEXT NOT NULL, body TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS told (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

# Columns that came later: a state file from before gets them when it is opened.
_ADDED = (
    ("number", "sms_url", "TEXT NOT NULL DEFAULT ''"),
    ("number", "voice_url", "TEXT NOT NULL DEFAULT ''"),
    ("number", "voice_fallback_url", "TEXT NOT NULL DEFAULT ''"),
    ("number", "status_callback", "TEXT NOT NULL DEFAULT ''"),
    ("service", "inbound_request_url", "TEXT NOT NULL DEFAULT ''"),
    ("message", "num_media", "INTEGER NOT NULL DEFAULT 0"),
)


def new_sid(prefix: str) -> str:
    """A SID of Twilio's form: two letters and 32 hexadecimal digits."""
    return prefix + uuid4().hex


class Ledger:
    """Runs statements on the file; used from the event loop alone."""

    def __init__(self, state: Path | None) -> None:
        self._connection = sqlite3.connect(state or ":memory:", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing with WAL
        self._connection.executescript(_SCHEMA)
        for table, column, kind in _ADDED:
            if column not in {row["name"] for row in self.rows(f"PRAGMA table_info({table})")}:
                self.write(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        self.write("UPDATE event SET under_way = 0")  # deliveries that a restart cut off begin anew

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """All rows."""
        return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> sqlite3.Row | None:
        """The first row."""
        found: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return found

    def write(self, statement: str, *values: Any) -> int:
        """Change something; how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def insert(self, table: str, **columns: Any) -> None:
        """Add one row; the names are the code's own."""
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        self.write(f"INSERT INTO {table} ({names}) VALUES ({marks})", *columns.values())  # noqa: S608  names from code

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
