"""Columns follow the store: late changes, announcements, deletions, a build that is interrupted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crowdalogue import live
from crowdalogue.models import Conversation, Message, Reading, Tag, Wait
from crowdalogue.relate import columns, engine, facts
from tests.relate.seen import shown

pytestmark = pytest.mark.django_db


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


def test_the_first_build_goes_on_where_it_stopped(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "BATCH", 3)
    ids = {make.message().pk for _ in range(10)}
    steps = 0
    while not facts.refresh(budget_s=0).done:
        steps += 1
        assert facts.as_of() is None, "numbers are not dated before all of them are in"
    assert steps >= 4
    assert set(shown()) == ids


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


def test_catching_up_waits_for_whoever_is_at_it(make: Any, own_columns: Path) -> None:
    make.message()
    with columns.writing(own_columns):
        assert not facts.catch_up(0.3), "somebody else writes, and does not end"
    assert facts.catch_up(30)
    assert len(shown()) == 1
