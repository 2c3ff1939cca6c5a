"""Voices by hour and day: each author once an hour, copies once a day, on the company's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from crowdalogue.errors import Failure
from crowdalogue.models import Category, Company, Message, Topic
from crowdalogue.relate import alarm_series, alarm_watch, facts
from crowdalogue.relate.alarm_series import FAMILIES, Asked, Axis, Node
from crowdalogue.relate.scope import Scope
from tests.alarmed import NOW, Town

pytestmark = pytest.mark.django_db


def nodes(family: str, query: str = "", days: int = 10) -> dict[str, Node]:
    asked = Asked(family, query)
    found = alarm_series.nodes(Scope.of(asked.filters()), asked, NOW - timedelta(days=days), NOW)
    return {node.key: node for node in found}


def total(node: Node) -> float:
    return float(node.counts.sum())


def test_an_author_counts_once_an_hour_and_a_copy_once_a_day() -> None:
    town = Town()
    noon = (NOW - timedelta(days=2)).replace(hour=12, minute=0)
    for minute in (0, 10, 20):
        town.say(noon + timedelta(minutes=minute), 1, f"three different texts {minute}")
    town.settle()
    first = town.talks["email"].messages.order_by("id").first()
    assert first is not None
    for who in (2, 3, 4):
        town.say(noon + timedelta(hours=1), who, "passed on", duplicate_of=first.pk)
    town.say(noon + timedelta(days=1), 5, "passed on", duplicate_of=first.pk)
    town.settle()
    facts.refresh()
    (node,) = nodes("all").values()
    assert total(node) == 2  # the author once, and the text once more on the next day


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_counts_what_it_names(family: str) -> None:
    town = Town()
    topic = town.topic("lids")
    at = NOW - timedelta(days=1)
    town.say(at, 1, "a", topic=topic, sentiment="negative", intent="complaint", product="Tarn Kettle")
    town.say(at, 2, "b", channel="sms", sentiment="positive", intent="spam")
    town.settle()
    found = {node.name: total(node) for node in nodes(family).values()}
    assert found == {
        "all": {"Everything customers say": 2},
        "negative": {"Negative messages": 1},
        "topic": {"lids": 1},
        "product": {"Tarn Kettle": 1, "Complaints about Tarn Kettle": 1},
        "intent": {"complaint": 1},
        "channel": {"email": 1, "sms": 1},
    }.get(family, {})


def test_groups_of_topics_and_taught_categories_are_series_too() -> None:
    town = Town()
    lids, jugs, alone = (town.topic(name) for name in ("lids", "jugs", "alone"))
    Topic.objects.filter(pk__in=[lids.pk, jugs.pk]).update(group="kitchen")
    late = Category.objects.create(name="Late parcels")
    at = NOW - timedelta(days=1)
    for who, topic in enumerate((lids, jugs, jugs, alone)):
        town.say(at, who, f"text {who}", topic=topic, category=late if who == 3 else None)
    town.settle()
    found = nodes("topic") | nodes("intent")
    kitchen, taught = found[f"group:{lids.pk}"], found[f"category:{late.pk}"]
    assert (kitchen.kind, kitchen.name, total(kitchen)) == ("group", "kitchen", 3)
    assert (taught.kind, taught.name, total(taught)) == ("category", "Late parcels", 1)
    heard = [alarm_watch.heard_of(node, at - timedelta(hours=1), NOW) for node in (kitchen, taught)]
    texts = [set(Message.objects.filter(pk__in=ids).values_list("text", flat=True)) for ids in heard]
    assert texts == [{"text 0", "text 1", "text 2"}, {"text 3"}]


def test_filters_of_a_rule_narrow_its_series() -> None:
    town = Town()
    town.say(NOW - timedelta(days=1), 1, "a")
    town.say(NOW - timedelta(days=1), 2, "b", channel="sms")
    town.settle()
    assert total(nodes("all", "channel=sms")[""]) == 1
    assert Asked("all", "period=7d&channel=sms").clean() == "channel=sms"
    assert Asked("watch", "channel=sms").clean() == "channel=sms"
    with pytest.raises(Failure, match="Hour must be"):
        Asked("all", "hour=99").filters()


def test_topics_go_by_their_newest_name_and_retired_ones_stay_known() -> None:
    town = Town()
    topic = town.topic("lids")
    town.say(NOW - timedelta(days=1), 1, "a", topic=topic)
    town.settle()
    Topic.objects.filter(pk=topic.pk).update(own_name="Leaking lids")
    assert nodes("topic")[f"topic:{topic.pk}"].name == "Leaking lids"


def test_the_hour_that_comes_twice_is_halved_and_the_missing_one_unknown() -> None:
    Company.objects.create(name="Northwind Example", timezone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    scope = Scope.of(Asked("all").filters())
    autumn = Axis.of(scope, datetime(2026, 10, 24, tzinfo=berlin), datetime(2026, 10, 26, 12, tzinfo=berlin), 1)
    hours = np.arange(autumn.start, autumn.start + len(autumn.step))
    counts = autumn.fold(Node(Asked("all"), "", "all", hours, np.ones(len(hours))))
    assert len(autumn) == 24 + 24 + 13
    assert np.all(counts == 1)
    spring = Axis.of(scope, datetime(2026, 3, 28, tzinfo=berlin), datetime(2026, 3, 30, tzinfo=berlin), 1)
    hours = np.arange(spring.start, spring.start + len(spring.step))
    counts = spring.fold(Node(Asked("all"), "", "all", hours, np.ones(len(hours))))
    assert [int(i) for i in np.flatnonzero(np.isnan(counts))] == [24 + 2]


def test_steps_begin_at_local_midnight_and_end_with_the_last_hour() -> None:
    scope = Scope.of(Asked("all").filters())
    start = datetime(2026, 11, 2, 7, tzinfo=UTC)
    axis = Axis.of(scope, start, datetime(2026, 11, 5, 6, 30, tzinfo=UTC), 24)
    assert (len(axis), axis.weekday, axis.first) == (3, 1, 1)
    assert axis.begins(0) == datetime(2026, 11, 3, tzinfo=UTC)
    assert axis.begins(3) == datetime(2026, 11, 6, tzinfo=UTC)


def test_without_a_message_there_is_one_series_of_nothing() -> None:
    found: dict[str, Any] = nodes("all")
    assert [total(node) for node in found.values()] == [0]
    assert alarm_series.beginning(NOW) == NOW
