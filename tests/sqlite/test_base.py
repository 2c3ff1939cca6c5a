"""A small write beside a busy writer gets its turn; one that waits in vain says so."""

from __future__ import annotations

import gc
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError
from django.utils.timezone import now

from crowdalogue import live
from crowdalogue.models import LiveEvent
from crowdalogue.sqlite import base

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has no such lock"),
]


class Greedy(threading.Thread):
    """Holds the write lock for `hold` seconds, again and again with hardly a pause."""

    def __init__(self, path: str, hold: float, pause: float) -> None:
        super().__init__(daemon=True)
        self.path, self.hold, self.pause = path, hold, pause
        self.over = threading.Event()
        self.began = threading.Event()

    def run(self) -> None:
        store = sqlite3.connect(self.path, isolation_level=None, timeout=20, uri=True)
        while not self.over.is_set():
            store.execute("BEGIN IMMEDIATE")
            self.began.set()
            time.sleep(self.hold)
            store.execute("ROLLBACK")
            time.sleep(self.pause)
        store.close()


@pytest.fixture
def path() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        found = str(cursor.fetchone()[2])
    if not found or not Path(found).exists():
        pytest.skip("this test's store is in memory, which is locked by tables")
    return found


def test_small_writes_get_their_turn_beside_a_greedy_writer(path: str) -> None:
    greedy = Greedy(path, hold=0.05, pause=0.015)
    greedy.start()
    greedy.began.wait(5)
    taken = []
    try:
        for number in range(20):
            begin = time.monotonic()
            with transaction.atomic():
                live.announce("test", number + 1)
            taken.append(time.monotonic() - begin)
    finally:
        greedy.over.set()
        greedy.join(5)
    assert LiveEvent.objects.count() == 20
    assert sorted(taken)[10] < 0.2, taken


def test_who_had_the_lock_for_long_lets_others_come_first() -> None:
    def began_after(held: float) -> float:
        with transaction.atomic():
            time.sleep(held)
        ended = time.monotonic()
        with transaction.atomic():
            return time.monotonic() - ended

    assert began_after(2 * base.LONG) >= 0.9 * base.FREE
    assert min(began_after(0.0) for _ in range(20)) < 0.5 * base.FREE


def test_who_waits_in_vain_is_told_and_can_go_on(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.3)
    greedy = Greedy(path, hold=1.5, pause=0.5)
    greedy.start()
    greedy.began.wait(5)
    begin = time.monotonic()
    with pytest.raises(OperationalError, match="locked"), transaction.atomic():
        live.announce("test", 1)
    assert 0.25 < time.monotonic() - begin < 1.2
    greedy.over.set()
    greedy.join(5)
    with transaction.atomic():
        live.announce("test", 1)
    assert LiveEvent.objects.count() == 1


def test_garbage_of_one_who_waits_does_not_stop_everybody(path: str) -> None:
    """A cursor left in a ring of references by a thread that now waits for the lock is swept by the one that has it."""
    waits = threading.Event()
    failed: list[BaseException] = []

    def wait_for_the_lock() -> None:
        try:
            cursor = connection.cursor()
            cursor.execute("SELECT name FROM sqlite_master")
            ring: list[object] = [cursor.cursor]
            ring.append(ring)
            del cursor, ring
            waits.set()
            LiveEvent.objects.update(at=now())  # no transaction around it
        except BaseException as error:  # noqa: BLE001 - carried to the test's own thread
            failed.append(error)
        finally:
            connection.close()

    gc.disable()
    try:
        with transaction.atomic():
            live.announce("test", 2)
            thread = threading.Thread(target=wait_for_the_lock)
            thread.start()
            assert waits.wait(5)
            time.sleep(0.3)
            begin = time.monotonic()
            gc.collect()
            taken = time.monotonic() - begin
    finally:
        gc.enable()
    thread.join(30)
    assert failed == []
    assert taken < 5


def test_who_waits_already_leaves_it_free_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread of the process held it for long while this one waited: the first turn is not ours."""
    free_from = 0.0
    looks: list[float] = []

    def once() -> None:
        nonlocal free_from
        looks.append(time.monotonic())
        if len(looks) == 1:
            free_from = looks[0] + 0.05
            monkeypatch.setattr(base, "_free_until", free_from)
            raise sqlite3.OperationalError("database is locked")

    base.patiently(once, 5)
    assert len(looks) == 2 and looks[1] >= free_from
