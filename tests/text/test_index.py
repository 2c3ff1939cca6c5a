"""The word index follows every write, on the store under test."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from crowdalogue.models import Account, Message, User
from crowdalogue.text import index
from tests.text.said import Said, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(account: Callable[..., Account]) -> Said:
    return Said(account("email"))


def test_the_index_follows_every_write(helper: User, said: Said) -> None:
    first, second = said("the kettle leaks", "the toaster burns")
    assert texts(helper, "kettle") == ["the kettle leaks"]
    Message.objects.filter(pk=first.pk).update(text="the lamp flickers")
    assert texts(helper, "kettle") == []
    assert texts(helper, "lamp") == ["the lamp flickers"]
    second.subject = "Smoke"
    second.save()
    assert texts(helper, "smoke toaster") == ["the toaster burns"]
    Message.objects.bulk_update([Message(pk=second.pk, text="the kettle again")], ["text"])
    assert texts(helper, "kettle smoke") == ["the kettle again"]
    Message.objects.filter(pk=first.pk).delete()
    assert texts(helper, "lamp") == []
    assert texts(helper, "in:") == ["the kettle again"]


def test_rows_made_together_are_indexed_at_the_end(helper: User, said: Said) -> None:
    (old,) = said("the kettle leaks")
    with transaction.atomic(), index.at_once():
        first, second, third = said("the lamp flickers", "the toaster burns", "the radio hums")
        Message.objects.filter(pk=first.pk).update(text="the lamp glows")
        second.delete()
        Message.objects.filter(pk=old.pk).update(text="the kettle whistles")
        with index.at_once():
            said("the fan rattles")
    assert texts(helper, "the") == ["the fan rattles", "the radio hums", "the lamp glows", "the kettle whistles"]
    assert texts(helper, "flickers OR burns OR leaks") == []
    third.delete()
    said("one more lamp")
    assert texts(helper, "radio") == []
    assert texts(helper, "lamp") == ["one more lamp", "the lamp glows"]


def test_what_fails_half_way_leaves_the_index_as_it_was(helper: User, said: Said) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(), index.at_once():
        said("the lamp flickers")
        raise ZeroDivisionError
    assert texts(helper, "lamp") == []
    said("another lamp")
    assert texts(helper, "lamp") == ["another lamp"]


def test_triggers_of_an_earlier_version_are_replaced(helper: User, said: Said) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps words in a column and has no triggers")
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER crowdalogue_message_words_in")
        cursor.execute("DROP TABLE crowdalogue_later")
        cursor.execute(
            "CREATE TRIGGER crowdalogue_message_words_in AFTER INSERT ON crowdalogue_message BEGIN SELECT 1; END"
        )
    index.after_migrate(sender=None, using="default")
    said("the lamp flickers")
    assert texts(helper, "lamp") == ["the lamp flickers"]


def test_an_index_made_late_or_anew_holds_what_is_there(helper: User, said: Said) -> None:
    said("the kettle leaks", "the toaster burns")
    if connection.vendor == "postgresql":  # which alters no table with checks outstanding
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    index.drop()
    said("the lamp flickers")
    index.make()
    index.make()  # a second time changes nothing
    assert texts(helper, "kettle OR lamp") == ["the lamp flickers", "the kettle leaks"]
    index.rebuild()
    assert texts(helper, "the") == ["the lamp flickers", "the toaster burns", "the kettle leaks"]


def test_a_lost_trigger_is_made_again_by_migrate(helper: User, said: Said) -> None:
    """On SQLite a migration that rebuilds the table drops what hangs on it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER crowdalogue_message_words_in")
    said("unseen kettle")
    index.after_migrate(sender=None, using="default")
    said("seen kettle")
    assert texts(helper, "kettle")[0] == "seen kettle"
    assert len(texts(helper, "kettle")) == 2


def test_matches_in_old_blocks_of_ids_are_found(helper: User, said: Said) -> None:
    """PostgreSQL is asked block by block; ids leap as they do after deletions."""
    for number, block in enumerate((1, 2, 40, 41, 300)):
        said(f"kettle {number}", id=(block << index.BLOCK_BITS) + number)
    assert texts(helper, "kettle") == [f"kettle {n}" for n in (4, 3, 2, 1, 0)]
    assert texts(helper, "kettle", limit=2) == ["kettle 4", "kettle 3"]
    assert texts(helper, "kettle", after=40 << index.BLOCK_BITS) == ["kettle 1", "kettle 0"]


def test_a_huge_message_can_be_stored_and_found(helper: User, said: Said) -> None:
    said("needle " + " ".join(f"word{i:x}" for i in range(200_000)))
    said("x" * 3_000_000)
    assert len(texts(helper, "needle")) == 1


def test_the_index_is_asked_in_time_that_does_not_grow(helper: User, said: Said) -> None:
    """The look-up itself reads the index, never the table of messages."""
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's plan is looked at here; PostgreSQL's blocks are tested above")
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT rowid FROM crowdalogue_words WHERE crowdalogue_words MATCH 'x' AND rowid < 9 "
            "ORDER BY rowid DESC LIMIT 5"
        )
        plan = " ".join(str(row[-1]) for row in cursor.fetchall())
    assert "TEMP B-TREE" not in plan
