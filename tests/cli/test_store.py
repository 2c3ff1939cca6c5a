"""Opening the store: migrations where they are missing, and in words where it cannot be opened."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from crowdalogue.cli import store
from crowdalogue.errors import Failure


def test_nothing_is_missing(db: None) -> None:
    assert store.missing() == []
    store.open_store()


def test_a_store_from_the_future_is_left_alone(db: None) -> None:
    MigrationRecorder(connection).record_applied("crowdalogue", "9999_later")
    with pytest.raises(Failure, match="newer Crowdalogue"):
        store.missing()


def test_a_missing_migration_is_seen(db: None) -> None:
    recorder = MigrationRecorder(connection)
    name = sorted(n for a, n in recorder.applied_migrations() if a == "crowdalogue")[-1]
    recorder.record_unapplied("crowdalogue", name)
    assert f"crowdalogue.{name}" in store.missing()


@pytest.mark.parametrize(
    ("said", "remedy"),
    [("disk is full", "Make room"), ("file is not a database", "backup"), ("unable to open", "belongs")],
)
def test_away_on_sqlite(said: str, remedy: str) -> None:
    if connection.vendor == "sqlite":
        assert remedy in store.away(OperationalError(said))


def test_the_lock_is_free_again(db: None) -> None:
    for _ in range(2):
        with store.alone():
            pass
