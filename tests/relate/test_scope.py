"""Filters and the company's own days, against the same counted by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.models import Brand, Company, Message, Tag, Watch, WatchHit
from crowdalogue.relate import measures, volume
from crowdalogue.relate.scope import offsets
from tests.relate.seen import NOW, scope

pytestmark = pytest.mark.django_db


def test_filters_narrow_messages_and_the_waits_they_begin(make: Any, brand: Brand) -> None:
    rival = Brand.objects.create(name="Oakhusk", competitor=True)
    angry = make.conversation(brand=brand, channel="sms")
    make.message(angry, sentiment="negative", reading={"intent": "complaint", "needs_answer": True})
    make.wait(angry, answer_s=60)
    angry.tags.add(Tag.objects.create(name="battery"))
    glad = make.conversation(brand=brand)
    make.message(glad, sentiment="positive", at=NOW - timedelta(hours=3))
    make.wait(glad, answer_s=600, at=NOW - timedelta(hours=3))
    make.message(make.conversation(brand=rival))
    make.message(make.conversation())
    make.message(glad, direction="out")
    n = {q: measures.figure(scope(q), "messages")["n"] for q in QUERIES}
    assert n == QUERIES
    assert measures.figure(scope("sentiment=negative"), "first_response")["value"] == 60
    assert measures.figure(scope("tag=battery"), "first_response")["value"] == 60
    assert measures.figure(scope("channel=email"), "first_response")["value"] == 600


QUERIES = {
    "": 3,
    "whose=any": 4,
    "whose=competitor": 1,
    "brand=Oakhusk": 1,
    "brand=Northwind": 2,
    "brand=Nobody": 0,
    "brand=-": 1,
    "brand=-&brand=Northwind": 3,
    "channel=sms": 1,
    "channel=sms&channel=email": 3,
    "direction=out": 1,
    "direction=any": 4,
    "sentiment=negative": 1,
    "sentiment=-": 1,
    "intent=complaint": 1,
    "needs_answer=yes": 1,
    "needs_answer=no": 0,
    "tag=battery": 1,
    "tag=nothing": 0,
    "weekday=3": 3,
    "weekday=2": 0,
    "hour=14": 2,
    "hour=11": 1,
    "period=today": 3,
    "from=2026-11-18&to=2026-11-18": 0,
    "period=all": 3,
}


def test_what_is_kept_apart_taken_back_or_a_note_is_not_counted(make: Any) -> None:
    talk = make.conversation()
    make.message(talk, extra={"rating": 2, "rating_max": 5, "verified_purchase": True, "product": "Kettle"})
    make.message(talk, extra={"rating": 9, "rating_max": 10, "verified_purchase": False})
    make.message(talk, extra={"rating": 4, "product": "Lamp"})  # of an unknown scale
    make.message(talk, apart="spam", extra={"rating": 1, "rating_max": 5})
    make.message(talk, apart="troll")
    make.message(talk, deleted_at=NOW)
    make.message(talk, direction="note")
    make.message(talk, direction="out")
    heard = make.message(kind="overheard")
    WatchHit.objects.create(watch=Watch.objects.create(name="Lamps", purpose="need"), message=heard)
    n = {q: measures.figure(scope(q), "messages")["n"] for q in BESIDE}
    assert n == BESIDE
    mean = measures.figure(scope(), "rating")
    assert (mean["n"], mean["value"]) == (2, pytest.approx((0.25 + 0.9) / 2))
    assert measures.figure(scope("rated_from=0.0"), "messages")["n"] == mean["n"]
    by_product = {r["product"]: r["n"] for r in measures.table(scope(), "messages", ("product",))}
    assert by_product == {"Kettle": 1, "Lamp": 1, "-": 2}
    assert volume.said_beside() == {"rated": True, "bought": True, "product": True, "watch": True, "apart": True} | {
        "topic": False,
        "country": False,
        "hearsay": False,
        "category": False,
    }


def test_what_the_rules_found_is_counted_and_chosen(make: Any) -> None:
    talk = make.conversation()
    make.message(talk, reading={"country": "GB", "hearsay": "first_hand", "product": "Tarn Kettle"})
    make.message(talk, reading={"country": "und", "hearsay": "hearsay"}, extra={"product": "Lamp"})
    make.message(talk, reading={})
    found = {name: {r[name]: r["n"] for r in measures.table(scope(), "messages", (name,))} for name in FOUND_BY_RULE}
    assert found == FOUND_BY_RULE
    assert volume.said_beside() | {"country": True, "hearsay": True, "product": True} == volume.said_beside()
    for name, counts in FOUND_BY_RULE.items():
        assert {v: measures.figure(scope(f"{name}={v}"), "messages")["n"] for v in counts} == counts


FOUND_BY_RULE = {
    "country": {"GB": 1, "und": 1, "-": 1},
    "hearsay": {"first_hand": 1, "hearsay": 1, "-": 1},
    "product": {"Tarn Kettle": 1, "Lamp": 1, "-": 1},
}
BESIDE = {
    "": 4,
    "direction=any": 5,
    "direction=note": 1,
    "apart=any": 7,
    "apart=only": 3,
    "apart=spam": 1,
    "apart=troll": 1,
    "apart=bot": 0,
    "apart=deleted": 1,
    "rated_from=4": 1,
    "rated_from=0.9": 1,
    "rated_to=2": 1,
    "rated_to=2&apart=any": 2,
    "rated_from=0.25&rated_to=1.0": 2,
    "bought=yes": 1,
    "bought=no": 1,
    "product=Kettle": 1,
    "product=Kettle&product=Lamp": 2,
    "product=-": 2,
    "product=Nothing": 0,
    "watch=Lamps": 1,
    "watch=Nothing": 0,
    "about=Nobody": 0,
}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"])
def test_days_weeks_and_hours_are_the_companys(make: Any, zone: str) -> None:
    Company.objects.create(name="N", timezone=zone)
    start = datetime(2026, 3, 1, 0, 7, tzinfo=UTC)
    times = [start + timedelta(hours=h * 7, minutes=h) for h in range(900)]  # over both clock changes of a year
    talk = make.conversation()
    Message.objects.bulk_create(
        Message(
            account=talk.account, external_id=str(i), conversation=talk, direction="in", channel="email", sent_at=at
        )
        for i, at in enumerate(times)
    )
    by_hand: dict[str, dict[Any, int]] = {d: defaultdict(int) for d in ("day", "week", "hour", "weekday")}
    for at in times:
        local = at.astimezone(ZoneInfo(zone))
        day = local.date()
        by_hand["day"][day] += 1
        by_hand["week"][day - timedelta(days=day.weekday())] += 1
        by_hand["hour"][local.hour] += 1
        by_hand["weekday"][local.weekday()] += 1
    for query in ("period=all", "from=2026-02-20&to=2026-12-31"):
        shown = scope(query)
        for dimension, counts in by_hand.items():
            rows = measures.table(shown, "messages", (dimension,))
            assert {r[dimension]: r["n"] for r in rows} == counts
    days = volume.over_time(scope("from=2026-02-20&to=2026-03-02"), "messages")[0].rows
    assert [r["n"] for r in days][:5] == [0, 0, 0, 0, 0] and len(days) == 11


@given(
    st.sampled_from(["UTC", "Europe/Stockholm", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham"]),
    st.datetimes(datetime(1995, 1, 1), datetime(2035, 1, 1)),
)
def test_pieces_of_offset_are_those_of_the_zone(name: str, moment: datetime) -> None:
    zone = ZoneInfo(name)
    quarter = int(moment.replace(tzinfo=UTC).timestamp()) // 900
    pieces = offsets(zone, quarter - 4 * 24 * 200, quarter + 4 * 24 * 200)
    found = [offset for start, offset in pieces if start <= quarter][-1]
    at = datetime.fromtimestamp(quarter * 900, UTC).astimezone(zone).utcoffset()
    assert at is not None and found * 900 == at.total_seconds()
