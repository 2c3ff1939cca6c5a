"""What rose and fell, over messages made so that it is known."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from crowdalogue.errors import Failure
from crowdalogue.models import Topic, TopicMessage
from crowdalogue.relate import movers
from crowdalogue.relate.comparison import koopman
from tests.relate.seen import NOW, scope

pytestmark = pytest.mark.django_db
EARLIER = NOW - timedelta(days=30)


@pytest.fixture
def said(make: Any) -> dict[str, Topic]:
    """Sixty people now and before; late parcels rise from 6 to 30, wrong colours fall from 24 to 4, the rest stays."""
    topics = {name: Topic.objects.create(name=name) for name in ("late parcel", "wrong colour", "thanks", "rare")}
    for at, counts in ((NOW, (30, 4, 24, 2)), (EARLIER, (6, 24, 27, 3))):
        for topic, many in zip(topics.values(), counts, strict=True):
            for _n in range(many):
                handle = make.person()[1]
                for _again in range(2):  # who writes twice counts once
                    row = make.message(at=at, handle=handle, sentiment="neutral")
                    TopicMessage.objects.create(message=row, topic=topic)
    make.message(at=NOW)  # without a topic yet
    return topics


def test_what_moved_beyond_chance_is_told_from_what_did_not(said: dict[str, Topic]) -> None:
    found = movers.movers(scope("period=28d"), "topic")
    assert found.people == (60, 60)
    (rose,), (fell,), (still,) = found.rose, found.fell, found.still
    assert rose.name == f"{said['late parcel'].pk} late parcel"
    assert (rose.k1, rose.n1, rose.k2, rose.n2, rose.messages) == (30, 60, 6, 60, (60, 12))
    assert rose.ratio == 5
    low, high = koopman([30], [60], [6], [60])
    assert (rose.low, rose.high) == (low[0], high[0]) and low[0] > 1
    assert fell.name.endswith("wrong colour") and fell.high < 1
    assert still.name.endswith("thanks") and not still.stands
    assert (found.few, found.looks) == (1, 3)
    whole = movers.plain(scope("period=28d"), "topic")
    assert json.loads(json.dumps(whole)) == whole
    assert [row["moved"] for row in whole["rows"]] == ["rose", "fell", ""]
    assert whole["before"].startswith("from=2026-09-25&to=2026-10-22")


def test_one_text_sent_by_many_is_one(make: Any) -> None:
    for at in (NOW, EARLIER):
        for n in range(25):
            make.message(make.conversation(channel="email"), at=at, handle=make.person()[1], text=f"a{n}")
    first = make.message(make.conversation(channel="sms"), handle=make.person()[1])
    for _n in range(30):
        make.message(make.conversation(channel="sms"), handle=make.person()[1], reading={"duplicate_of": first.pk})
    found = movers.movers(scope("period=28d"), "channel")
    assert not found.rose and found.people == (26, 25)


def test_where_nothing_can_be_said(make: Any) -> None:
    make.message()
    assert "has no period before" in movers.movers(scope("period=all"), "topic").refused
    assert movers.movers(scope(), "channel").refused.startswith("Too few to say: n = 1 people")
    assert movers.plain(scope(), "product")["rows"] == []
    with pytest.raises(Failure, match="There are by: topic"):
        movers.movers(scope(), "mood")
    for by in movers.OFFERED:
        movers.movers(scope(), by)
