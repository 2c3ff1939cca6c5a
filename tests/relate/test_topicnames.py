"""Topics as a dimension and a filter: by number, by name, through a merge; and what addresses keep of them."""

from __future__ import annotations

from typing import Any

import pytest

from crowdalogue.models import Topic, TopicMessage
from crowdalogue.relate import groups, measures, topicnames
from crowdalogue.relate.filters import parse
from crowdalogue.relate.reports import report
from tests.relate.seen import NOW, scope

pytestmark = pytest.mark.django_db


def topic(name: str, **more: Any) -> Topic:
    made: Topic = Topic.objects.create(name=name, centroid=b"", **more)
    return made


@pytest.fixture
def late(make: Any) -> Topic:
    """Two messages about late parcels, one about a password, one about nothing found yet."""
    late, password = topic("late parcel", messages_count=2), topic("password", own_name="Sign-in", messages_count=1)
    for about in (late, late, password, None):
        message = make.message(sentiment="negative" if about == late else "neutral")
        if about:
            TopicMessage.objects.create(message=message, topic=about)
    return late


def test_a_topic_narrows_by_number_name_and_its_absence(late: Topic) -> None:
    def n(query: str) -> int:
        return int(measures.figure(scope(query), "messages")["n"])

    other = Topic.objects.get(own_name="Sign-in")
    assert n("") == 4
    assert (n(f"topic={late.pk}"), n(f"topic={late.pk}+late+parcel"), n("topic=Late+Parcel")) == (2, 2, 2)
    assert (n("topic=sign-in"), n("topic=password")) == (1, 0)  # a person's name counts
    assert (n("topic=-"), n(f"topic=-&topic={other.pk}"), n("topic=999999"), n("topic=nonsense")) == (1, 2, 0, 0)
    assert measures.figure(scope().with_(topic=(str(late.pk),)), "messages")["n"] == 2


def test_a_merged_topic_leads_to_what_it_went_into(late: Topic) -> None:
    middle = topic("parcel", state="retired", merged_into=late)
    old = topic("parcels", state="retired", merged_into=middle)
    assert topicnames.resolve([str(old.pk)]) == (late.pk,)
    Topic.objects.filter(pk=late.pk).update(merged_into=old)  # a ring, which nothing should make, ends all the same
    assert len(topicnames.resolve([str(old.pk)])) == 1


def test_tables_name_topics_and_addresses_keep_the_number(late: Topic) -> None:
    rows = measures.table(scope(), "negative", ("topic",))
    assert next((r["topic"], r["n"], r["hits"]) for r in rows) == (f"{late.pk} late parcel", 2, 2)
    assert {topicnames.name(r["topic"]) for r in rows} == {"late parcel", "Sign-in", "-"}
    assert parse(scope().filters.with_(topic=(rows[0]["topic"],)).to_query()).topic == (str(late.pk),)
    assert topicnames.said([str(late.pk), "-", "Sign-in", "999999"]) == ["late parcel", "No topic", "Sign-in", "999999"]
    assert [str(t) for t in topicnames.largest(5)] == ["late parcel", "Sign-in"]


def test_the_report_of_topics(late: Topic) -> None:
    rows = report("topics", now=NOW, fresh_s=5)["rows"]
    assert next((r["topic"] == late.pk, r["name"], r["messages"], r["negative_n"]) for r in rows) == (
        *(True, "late parcel", 2, 2),
    )
    assert [r["name"] for r in rows if r["topic"] is None] == [None]


def test_a_topic_that_sets_groups_apart_is_a_row(make: Any) -> None:
    """Thirty people each way: of the negative ones most write about one topic."""
    kinds = {True: topic("late parcel"), False: topic("praise")}
    for i in range(60):
        negative = i % 2 == 0
        _person, handle = make.person(f"P{i}")
        message = make.message(handle=handle, sentiment="negative" if negative else "positive", text=f"hello {i}")
        TopicMessage.objects.create(message=message, topic=kinds[negative if i > 8 else not negative])
    scope()
    found = groups.contrast(parse("sentiment=negative"), parse("sentiment=positive"), now=NOW)
    rows = {r.value: r for r in found.rows if r.kind == "topic"}
    label = f"{kinds[True].pk} late parcel"
    assert found.figures is not None and found.figures.stands[rows[label].at]
