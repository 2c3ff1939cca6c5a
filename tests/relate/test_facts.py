"""Columns follow the store: late changes, deletions, crashes, two writers, a slow reader."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ibis import _

from crowdalogue import live
from crowdalogue.models import Conversation, Message, Reading, Tag, Wait
from crowdalogue.relate import columns, engine, facts
from crowdalogue.relate.rows import SPECS

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)


def shown() -> dict[int, dict[str, Any]]:
    rows = engine.run(lambda t: t.messages.order_by("id"))
    words = [None, *engine.words()]
    for row in rows:
        row |= {name: words[row[name]] for name in ("channel", "sentiment", "intent", "direction")}
    assert len({row["id"] for row in rows}) == len(rows), "a message counted twice"
    return {row["id"]: row for row in rows}


def as_stored() -> dict[int, str | None]:
    rows = Message.objects.values_list("id", "reading__sentiment")
    return {i: sentiment or None for i, sentiment in rows}


def test_a_message_with_its_reading_and_waits(make: Any, brand: Any) -> None:
    talk = make.conversation(brand=brand)
    person, handle = make.person()
    message = make.message(talk, handle=handle, sentiment="negative", reading={"intent": "complaint"})
    make.wait(talk, answer_s=600)
    done = facts.refresh()
    assert done.done and done.rows >= 1
    row = shown()[message.pk]
    assert (row["brand"], row["author"], row["sentiment"], row["intent"]) == (
        brand.pk,
        person.pk,
        "negative",
        "complaint",
    )
    assert row["quarter"] == int(NOW.timestamp()) // 900
    assert row["sent_at"] == NOW
    (wait,) = engine.run(lambda t: t.waits)
    assert (wait["calendar_s"], wait["opened_by_customer"], wait["brand"]) == (600, True, brand.pk)


def test_nothing_at_all_is_an_answer_too(db: None) -> None:
    assert facts.as_of() is None
    assert engine.one(lambda t: t.messages.agg(n=_.count())) == {"n": 0}
    facts.refresh()
    assert facts.as_of() is not None
    assert shown() == {}


def test_late_changes_replace_what_was_written(make: Any) -> None:
    first, second = make.message(), make.message()
    facts.refresh()
    Reading.objects.create(message=first, version="1", sentiment="positive")
    Message.objects.filter(pk=first.pk).update(changed_at=datetime.now(UTC))
    third = make.message()
    facts.refresh()
    assert {i: r["sentiment"] for i, r in shown().items()} == {first.pk: "positive", second.pk: None, third.pk: None}


def test_what_was_announced_of_a_conversation_is_followed(make: Any) -> None:
    talk = make.conversation()
    make.message(talk)
    facts.refresh()
    talk.tags.add(Tag.objects.create(name="battery"))
    make.wait(talk, answer_s=60)
    live.announce("conversation", talk.pk)
    facts.refresh()
    (row,) = engine.run(lambda t: t.conversations)
    assert row["tags"] == [Tag.objects.get().pk]
    assert len(engine.run(lambda t: t.waits)) == 1
    Wait.objects.all().delete()
    live.announce("conversation", talk.pk)
    facts.refresh()
    assert engine.run(lambda t: t.waits) == []


def test_deleted_rows_go(make: Any) -> None:
    keep, gone = make.message(), make.message()
    make.wait(gone.conversation)
    facts.refresh()
    Conversation.objects.filter(pk=gone.conversation_id).delete()
    facts.refresh(thorough=True)
    assert set(shown()) == {keep.pk}
    assert engine.run(lambda t: t.waits) == []


def test_a_row_committed_with_an_older_time_is_not_missed(make: Any) -> None:
    make.message()
    facts.refresh()
    late = make.message(changed_at=datetime.now(UTC) - timedelta(seconds=20))
    facts.refresh()
    assert late.pk in shown()


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
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
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


def test_the_first_build_goes_on_where_it_stopped(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "BATCH", 3)
    ids = {make.message().pk for _ in range(10)}
    steps = 0
    while not facts.refresh(budget_s=0).done:
        steps += 1
        assert facts.as_of() is None, "numbers are not dated before all of them are in"
    assert steps >= 4
    assert set(shown()) == ids


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


def test_a_reader_that_slept_too_long_reads_the_new_list(make: Any, own_columns: Path) -> None:
    make.message()
    facts.refresh()
    assert len(shown()) == 1
    manifest = columns.read_manifest(own_columns)
    assert manifest is not None
    # The files go while the reader still holds the old list.
    (part,) = manifest.table("messages").base
    (own_columns / part.file).rename(own_columns / "messages-moved.parquet")
    moved = columns.replace(part, file="messages-moved.parquet")
    manifest.table("messages").base = [moved]
    real, calls = columns.read_manifest, []

    def stale_then_new(folder: Path) -> Any:
        calls.append(folder)
        if len(calls) == 2:
            with columns.writing(folder) as writer:
                writer.commit(manifest)
        return real(folder)

    columns.read_manifest = stale_then_new  # type: ignore[assignment]
    try:
        assert len(engine.run(lambda t: t.messages)) == 1
    finally:
        columns.read_manifest = real
    assert len(calls) == 2


def test_columns_of_another_store_are_not_read(make: Any, own_columns: Path) -> None:
    make.message()
    facts.refresh()
    manifest = columns.read_manifest(own_columns)
    assert manifest is not None
    manifest.store = "another"
    with columns.writing(own_columns) as writer:
        writer.commit(manifest)
    assert facts.as_of() is None
    assert engine.run(lambda t: t.messages) == []
    facts.refresh()
    assert len(shown()) == 1


def test_no_text_is_copied(make: Any, own_columns: Path) -> None:
    make.message(text="Weizenbierglas")
    facts.refresh()
    assert all(b"Weizenbierglas" not in p.read_bytes() for p in own_columns.glob("*"))
    assert {s.name for s in SPECS} == {"messages", "conversations", "waits"}
    assert Path(settings.HOME) == own_columns.parent
