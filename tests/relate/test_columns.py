"""Files and their list: folded, swept, crash-safe, one writer at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from crowdalogue.models import Message, Reading
from crowdalogue.relate import columns, facts
from tests.relate.seen import as_stored, shown

pytestmark = pytest.mark.django_db


def test_many_small_changes_are_folded_and_old_files_go_after_a_minute(
    make: Any, own_columns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "MAX_DELTAS", 3)
    monkeypatch.setattr(columns, "MAX_DELTA_ROWS", 12)
    monkeypatch.setattr(columns, "TARGET_ROWS", 10)
    ids = [make.message().pk for _ in range(8)]
    facts.refresh()
    for n in range(30):
        Reading.objects.update_or_create(
            message_id=ids[n % 8], defaults={"version": "1", "sentiment": ("negative", "positive")[n % 2]}
        )
        Message.objects.filter(pk=ids[n % 8]).update(changed_at=datetime.now(UTC))
        ids.append(make.message().pk)
        facts.refresh()
        assert {i: r["sentiment"] for i, r in shown().items()} == as_stored()
    manifest = columns.read_manifest(own_columns)
    assert manifest is not None and len(manifest.table("messages").base) > 1
    assert len(manifest.table("messages").delta) <= 4
    assert len(manifest.retired) > 5
    with columns.writing(own_columns) as writer:
        assert writer.sweep(manifest, now=time.time() + 30) == 0
        assert writer.sweep(manifest, now=time.time() + 61) > 5
    assert {p.name for p in own_columns.glob("*.parquet")} == manifest.files()
    assert {i: r["sentiment"] for i, r in shown().items()} == as_stored()


@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.tuples(st.sampled_from("acdr"), st.integers(0, 30)), min_size=1, max_size=25))
def test_whatever_happens_the_columns_say_what_the_store_says(
    make: Any, own_columns: Path, deeds: list[tuple[str, int]]
) -> None:
    Message.objects.all().delete()
    old = columns.MAX_DELTAS, columns.MAX_DELTA_ROWS, columns.TARGET_ROWS
    columns.MAX_DELTAS, columns.MAX_DELTA_ROWS, columns.TARGET_ROWS = 2, 6, 4
    try:
        facts.rebuild()
        for deed, which in deeds:
            ids = list(Message.objects.order_by("id").values_list("id", flat=True))
            chosen = ids[which % len(ids)] if ids else None
            if deed == "a":
                make.message(sentiment="neutral" if which % 2 else "")
            elif deed == "c" and chosen:
                Reading.objects.update_or_create(message_id=chosen, defaults={"version": "1", "sentiment": "positive"})
                Message.objects.filter(pk=chosen).update(changed_at=datetime.now(UTC))
            elif deed == "d" and chosen:
                Message.objects.filter(pk=chosen).delete()
            else:
                facts.refresh(thorough=True)
        facts.refresh(thorough=True)
        assert {i: r["sentiment"] for i, r in shown().items()} == as_stored()
    finally:
        columns.MAX_DELTAS, columns.MAX_DELTA_ROWS, columns.TARGET_ROWS = old


def test_a_crash_at_any_point_leaves_the_last_numbers(
    make: Any, own_columns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    make.message()
    facts.refresh()
    before = shown()
    make.message()

    def crash(*_: object) -> None:
        raise Crash

    for name in ("fsync", "replace"):
        with monkeypatch.context() as broken:
            if name == "fsync":
                broken.setattr(columns.os, "fsync", crash)
            else:
                broken.setattr(Path, "replace", crash)
            with pytest.raises(Crash):
                facts.refresh()
        assert shown() == before
    facts.refresh()
    assert len(shown()) == 2
    manifest = columns.read_manifest(own_columns)
    assert manifest is not None
    orphans = {p.name for p in own_columns.glob("*.parquet")} - manifest.files()
    assert orphans, "the crash left a file"
    with columns.writing(own_columns) as writer:
        writer.sweep(manifest, now=time.time() + 61)
    assert not {p.name for p in own_columns.glob("*.parquet")} - manifest.files()


def test_one_writer_at_a_time_and_a_killed_one_lets_go(make: Any, own_columns: Path) -> None:
    make.message()
    with columns.writing(own_columns):
        assert facts.refresh().busy
    hold = (
        "import fcntl,os,sys,time; d=os.open(sys.argv[1], os.O_RDWR|os.O_CREAT); "
        "fcntl.flock(d, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", hold, str(own_columns / "lock")], stdout=subprocess.PIPE)
    assert other.stdout is not None and other.stdout.readline()
    assert facts.refresh().busy
    os.kill(other.pid, 9)
    other.wait()
    other.stdout.close()
    assert facts.refresh().done
