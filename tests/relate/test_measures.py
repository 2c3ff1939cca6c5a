"""Numbers against the same numbers counted by hand in plain Python."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, Brand, Company, Conversation, Message, Tag
from crowdalogue.relate import facts, measures, volume
from crowdalogue.relate.filters import EVERYTHING, parse
from crowdalogue.relate.reports import REPORTS, report
from crowdalogue.relate.scope import Scope
from crowdalogue.relate.statistics import wilson

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)  # a Thursday


def scope(query: str = "") -> Scope:
    facts.refresh()
    return Scope.of(parse(query), now=NOW)


def test_answered_share_leaves_out_what_can_still_be_answered_in_time(make: Any) -> None:
    for answer_s, due in ((60, 30), (7200, 30), (None, 30), (None, None)):
        talk = make.conversation(at=NOW - timedelta(hours=5))
        due_at = talk.first_at + timedelta(minutes=due) if due else None
        make.message(talk, at=talk.first_at)
        make.wait(talk, at=talk.first_at, answer_s=answer_s, due_at=due_at)
    in_time = make.conversation(at=NOW)
    make.message(in_time)
    make.wait(in_time, due_at=NOW + timedelta(minutes=20))
    unwanted = make.conversation()
    make.wait(unwanted, waived=True)
    shown = scope()
    row = measures.figure(shown, "answered")
    assert (row["n"], row["hits"], row["value"]) == (4, 2, 0.5)
    assert (row["low"], row["high"]) == wilson(2, 4)
    assert row["few"]
    kept = measures.figure(shown, "kept")
    assert (kept["n"], kept["hits"]) == (3, 1)
    # What a number links to holds as many messages as it counts.
    for wait, n in (("decided", 4), ("promised", 3), ("kept", 1), ("broken", 2), ("unanswered", 2), ("started", 5)):
        assert measures.figure(scope(f"wait={wait}"), "messages")["n"] == n, wait


def test_first_response_with_an_interval_of_order_statistics(make: Any) -> None:
    seconds = [7, 30, 60, 61, 120, 240, 241, 300, 600, 900, 1200, 3000, 3001, 8000, 90_000]
    for s in seconds:
        make.wait(make.conversation(), answer_s=s)
    make.wait(make.conversation())  # never answered: no time yet
    make.wait(make.conversation(opened_by_customer=False), answer_s=1)  # ours was first
    second = make.conversation()
    make.wait(second, answer_s=50)
    make.wait(second, answer_s=1)  # not a first response
    values = sorted([*seconds, 50])
    row = measures.figure(scope(), "first_response")
    assert (row["n"], row["value"]) == (16, np.median(values))
    assert (row["low"], row["high"]) == (values[3], values[12])
    p90 = measures.figure(scope(), "first_response_p90")
    assert p90["value"] == pytest.approx(np.percentile(values, 90))
    assert (p90["low"], p90["high"]) == (None, None)
    assert measures.figure(scope(), "first_response_business")["value"] is None


def test_mentions_texts_and_authors_are_three_numbers(make: Any) -> None:
    person, handle = make.person()
    first = make.message(handle=handle)
    make.message(handle=handle, reading={"duplicate_of": first.pk})
    make.message(handle=make.person("Noor")[1], reading={"duplicate_of": first.pk})
    make.message(handle=handle)
    counts = [measures.figure(scope(), name)["n"] for name in ("messages", "texts", "authors")]
    assert counts == [4, 2, 2]
    assert measures.figure(scope(f"author={person.pk}"), "messages")["n"] == 3


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


def test_small_lines_are_added_up_as_others(make: Any) -> None:
    for n, channel in enumerate(("email", "sms", "webchat", "x", "review", "phone", "store"), 1):
        talk = make.conversation(channel=channel)
        for _ in range(n):
            make.message(talk)
    lines = volume.over_time(scope("period=7d"), "messages", across="channel")
    assert [(s.name, s.total) for s in lines] == [
        ("store", 7), ("phone", 6), ("review", 5), ("x", 4), ("webchat", 3), ("others", 3)
    ]  # fmt: skip
    assert {len(s.rows) for s in lines} == {7}


def test_every_report_and_every_cross_table_answers_on_any_store(make: Any, brand: Brand) -> None:
    for filled in (False, True):
        if filled:
            talk = make.conversation(brand=brand)
            make.message(talk, sentiment="neutral")
            make.wait(talk, answer_s=5)
        for name in REPORTS:
            assert isinstance(report(name, EVERYTHING, now=NOW, fresh_s=5)["rows"], list)
        for measure in measures.ALL:
            for first in measures.dimensions(measure):
                for second in ("", "channel", "hour"):
                    by = (first, second) if second and second != first else (first,)
                    rows = measures.table(Scope.of(EVERYTHING, now=NOW), measure.name, by)
                    assert all({"n", "value", "low", "high", "few"} <= row.keys() for row in rows)


def test_an_unknown_report_names_the_known() -> None:
    from crowdalogue.errors import Failure

    with pytest.raises(Failure, match=r"There is no report “nonsense”. Reports are: response, volume"):
        report("nonsense")


def test_response_of_76_brands_as_counted_by_hand(data: Path, account: Callable[..., Account]) -> None:
    """Care conversations as they were: the report against medians and percentiles of numpy over the same messages."""
    with (data / "care_tweets" / "tweets.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    mailbox = account("archive")
    items = [tweet(row) for row in rows]
    for start in range(0, len(items), 1_000):
        flow.file(mailbox, items[start : start + 1_000], bulk=True)
    made = report("response", EVERYTHING, fresh_s=60)
    expected = by_hand()
    assert len(made["rows"]) == len(expected) > 70
    for row in made["rows"]:
        times, opened, answered = expected[row["brand"]]
        assert (row["n"], row["conversations"]) == (len(times), opened), row["brand"]
        assert row["answered_share"] == pytest.approx(answered / opened, abs=1e-6)
        if times:
            assert row["first_response_median_s"] == pytest.approx(np.median(times))
            assert row["first_response_p90_s"] == pytest.approx(np.percentile(times, 90))
    assert [r["n"] for r in made["rows"]] == sorted((r["n"] for r in made["rows"]), reverse=True)
    assert measures.figure(Scope.of(EVERYTHING), "messages")["n"] == sum(r["inbound"] == "True" for r in rows)


def tweet(row: dict[str, str]) -> Incoming:
    ours = row["inbound"] == "False"
    author = Author(row["author_id"], ours=ours, brand=row["author_id"] if ours else "")
    at = datetime.strptime(row["created_at"], "%a %b %d %H:%M:%S %z %Y")
    parent = row["in_response_to_tweet_id"]
    return Incoming(row["tweet_id"], author, row["text"], at, parents=(parent,) if parent else (), public=True)


def by_hand() -> dict[str | None, tuple[list[float], int, int]]:
    """Per brand: first response times, conversations a customer opened, and how many of them were answered."""
    talks: dict[int, list[tuple[datetime, int, str]]] = defaultdict(list)
    for talk, at, pk, direction in Message.objects.values_list("conversation_id", "sent_at", "id", "direction"):
        talks[talk].append((at, pk, direction))
    brands = dict(Conversation.objects.values_list("id", "brand__name"))
    found: dict[str | None, tuple[list[float], int, int]] = {}
    for talk, said in talks.items():
        said.sort()
        if said[0][2] != "in":
            continue
        times, opened, answered = found.get(brands[talk], ([], 0, 0))
        ours = next((at for at, _, direction in said if direction == "out"), None)
        if ours is not None:
            times.append((ours - said[0][0]).total_seconds())
        found[brands[talk]] = times, opened + 1, answered + (ours is not None)
    return found
