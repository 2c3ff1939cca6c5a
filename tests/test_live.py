"""News for open pages: ids in order, from where a browser left off, gone after a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from crowdalogue import live
from crowdalogue.models import LiveEvent

pytestmark = pytest.mark.django_db


def test_news_come_in_order_and_once_from_where_one_left_off() -> None:
    live.announce("conversation", 5, 7, 5)
    seen = live.newest_id()
    live.announce("reply", 9)
    assert [(e.kind, e.object_id) for e in live.since(0)] == [("conversation", 5), ("conversation", 7), ("reply", 9)]
    assert [(e.kind, e.object_id) for e in live.since(seen)] == [("reply", 9)]
    assert live.since(live.newest_id()) == []


def test_nobody_hears_of_what_was_not_done() -> None:
    before = live.newest_id()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        live.announce("conversation", 1)
        _ = 1 / 0
    assert live.since(before) == []


def test_old_news_are_forgotten_and_fresh_ones_kept() -> None:
    live.announce("conversation", 1, 2)
    LiveEvent.objects.filter(object_id=1).update(at=timezone.now() - live.KEPT - timedelta(minutes=1))
    assert live.forget_old() == 1
    assert [e.object_id for e in live.since(0)] == [2]


def test_at_most_so_many_at_a_time() -> None:
    live.announce("conversation", *range(1, 21))
    assert [e.object_id for e in live.since(0, limit=5)] == [1, 2, 3, 4, 5]
