"""What was done and what waits, counted in the rows of one week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crowdalogue.models import Correction, Delivery, Event, Person, Question, Resemblance, Topic, User
from crowdalogue.relate import weekly_rows
from crowdalogue.relate.filters import parse
from tests.relate.conftest import NOW, Maker

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 9)
IN_IT = datetime(2026, 11, 11, 12, tzinfo=UTC)


def test_deeds_of_the_week_and_no_other(make: Maker, helper: User) -> None:
    for at in (IN_IT, IN_IT + timedelta(days=7), IN_IT - timedelta(days=7)):
        conversation = make.conversation(at=at)
        make.wait(conversation, at=at, answer_s=60)
        Event.objects.create(conversation=conversation, at=at, user=helper, deed="closed")
        Event.objects.create(conversation=conversation, at=at, deed="closed")  # by a rule, not a person
    Correction.objects.create(message=make.message(), step="intent", label="praise", user=helper, at=IN_IT)
    lines = [line["text"] for line in weekly_rows.done(MONDAY, ZoneInfo("UTC"))]
    assert sorted(lines) == [
        "1 conversations closed",
        "1 readings of messages corrected",
        "1 waits of customers ended by an answer",
    ]


def test_what_waits_for_a_decision(make: Maker, helper: User) -> None:
    assert weekly_rows.decide(NOW, parse("")) == []
    one, other = Person.objects.create(name="A"), Person.objects.create(name="B")
    Resemblance.objects.create(one=one, other=other, confidence=0.7, reason="same name", evidence="name")
    Question.objects.create(text="Why?", asked_by=helper, due=(NOW - timedelta(days=1)).date())
    Delivery.objects.create(account=make.account(), key="k", body=b"?", state=Delivery.State.FAILED)
    Topic.objects.create(name="battery dies", unique_count=40, centroid=b"")
    Topic.objects.create(name="small", unique_count=3, centroid=b"")
    views = {line["view"]: line for line in weekly_rows.decide(NOW, parse(""))}
    assert set(views) == {"same", "questions", "deliveries", "topic"}
    assert "battery dies" in views["topic"]["text"]
