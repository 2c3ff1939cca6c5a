"""Opening the store for a command: settings, and migrations where they are missing."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from crowdalogue.errors import Failure

LOCK = 0x63726F77  # "crow": any number, the same in every process


def open_store() -> None:
    """Read the settings and bring the store's tables up to date, one process at a time and without a word."""
    import django

    django.setup()
    if missing():
        with alone():
            if missing():
                from django.core.management import call_command

                call_command("migrate", verbosity=0, interactive=False)


def missing() -> list[str]:
    """Migrations the store lacks. Raises `Failure` where the store is ahead of this program, or away."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
    except DatabaseError as error:
        raise Failure(away(error), permanent=False) from None
    loader = executor.loader
    ahead = {k for k in loader.applied_migrations if k[0] == "crowdalogue"} - set(loader.disk_migrations)
    if ahead:
        raise Failure(
            "The store was made by a newer Crowdalogue. Install that version, or open a backup from before the upgrade."
        )
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def away(error: Exception) -> str:
    """Why the store does not answer, in words."""
    from django.conf import settings
    from django.db import connection

    said = str(error).lower()
    if connection.vendor == "sqlite":
        path = settings.DATABASES["default"]["NAME"]
        if "full" in said:
            return "The disk is full, so the store cannot be written. Make room, then try again."
        if "not a database" in said or "malformed" in said:
            return f"{path} is damaged. Put back your last backup of it."
        return f"The store {path} cannot be opened. See that the folder exists and belongs to you."
    database = settings.DATABASES["default"]
    if "password" in said:
        return "PostgreSQL refused the password. Correct it in CROWDALOGUE_DATABASE_URL."
    if "does not exist" in said:
        return f"PostgreSQL has no database {database['NAME']} or no such user. Make it, or correct the address."
    return (
        f"PostgreSQL at {database['HOST'] or 'the local socket'} does not answer. "
        "Start it, or correct CROWDALOGUE_DATABASE_URL."
    )


@contextmanager
def alone() -> Iterator[None]:
    """One process at a time, on this machine or at this PostgreSQL; freed when the process ends, however it ends."""
    from django.conf import settings
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        return
    with (settings.HOME / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
