"""What the store must know of words: how each database is prepared to search them."""

from __future__ import annotations

from typing import Any


def prepare_connection(sender: object, connection: Any, **kwargs: object) -> None:
    """PostgreSQL: commit means on disk, and no statement waits for ever. SQLite is set up by its init_command."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")
