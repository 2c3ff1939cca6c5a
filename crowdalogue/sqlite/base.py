"""Django's SQLite backend, where whoever waits for the write lock looks every few milliseconds, in Python.

SQLite's own waiting pauses ever longer between looks, up to a tenth of a second, and is nobody's turn: beside
a writer that takes one transaction after the other, such as an import, a small write would wait for seconds.
And it holds the connection's mutex while it waits: where the garbage collector, in the thread that has the write
lock, meets a forgotten cursor of that connection, it waits for the mutex with the interpreter's lock in hand, and
every thread of the process stands still until the waiting one gives up.

Looking now and then misses short gaps. So a process that had the lock for long leaves it free for a moment before it
takes it again, whichever of its threads wants it or waits for it already: a worker that files and reads as much as it
can keeps nobody out.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from itertools import chain, repeat
from typing import Any

from django.db.backends.sqlite3 import base

PAUSES = (0.0005, 0.001, 0.002, 0.004)  # seconds between looks; the last one again and again
LONG = 0.005  # seconds of a transaction after which others come first
FREE = 1.5 * PAUSES[-1]  # seconds: whoever waits looks once

_free_until = 0.0  # when this process may take the lock again


class PatientCursor(base.SQLiteCursorWrapper):
    patience = 5.0  # seconds

    def execute(self, query: str, params: Any = None) -> Any:
        def once() -> Any:
            return super(PatientCursor, self).execute(query, params)

        if self.connection.in_transaction:  # it has the write lock, and a part of a transaction is not for repeating
            return once()
        return patiently(once, self.patience)


def patiently(once: Callable[[], Any], patience: float) -> Any:
    """The result of `once`, tried again while another has the lock; after `patience` seconds the error it raises."""
    give_up = time.monotonic() + patience
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            return once()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
        time.sleep(pause)
        let_others()
    raise AssertionError("pauses have no end")


def let_others() -> None:
    """Wait while this process leaves the lock free."""
    time.sleep(max(0.0, _free_until - time.monotonic()))


class DatabaseWrapper(base.DatabaseWrapper):
    took_lock_at: float | None = None

    def _start_transaction_under_autocommit(self) -> None:
        let_others()
        super()._start_transaction_under_autocommit()  # type: ignore[misc]
        self.took_lock_at = time.monotonic()

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self.leave_free()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self.leave_free()

    def leave_free(self) -> None:
        global _free_until
        now = time.monotonic()
        if self.took_lock_at is not None and now - self.took_lock_at > LONG:
            _free_until = now + FREE
        self.took_lock_at = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = self.connection.cursor(factory=PatientCursor)
        cursor.patience = float(self.settings_dict["OPTIONS"].get("timeout", 5.0))
        return cursor
