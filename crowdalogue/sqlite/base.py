"""Django's SQLite backend, where a transaction that waits for the write lock looks every few milliseconds.

SQLite's own waiting pauses ever longer between looks, up to a tenth of a second, and is nobody's turn: beside
a writer that takes one transaction after the other, such as an import, a small write would wait for seconds.
"""

from __future__ import annotations

import time
from itertools import chain, repeat

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

PAUSES = (0.0005, 0.001, 0.002, 0.004)  # seconds between looks; the last one again and again


class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self) -> None:
        patience = float(self.settings_dict["OPTIONS"].get("timeout", 5.0))
        give_up = time.monotonic() + patience
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            for pause in chain(PAUSES, repeat(PAUSES[-1])):
                try:
                    super()._start_transaction_under_autocommit()  # type: ignore[misc]
                    return
                except OperationalError as error:
                    if "locked" not in str(error) or time.monotonic() > give_up:
                        raise
                time.sleep(pause)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
