"""Reports as programs get them, and the response report against numpy over real conversations."""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Brand, Conversation, Message
from crowdalogue.relate import measures
from crowdalogue.relate.filters import EVERYTHING
from crowdalogue.relate.reports import REPORTS, report
from crowdalogue.relate.scope import Scope
from tests.relate.seen import NOW

pytestmark = pytest.mark.django_db


def test_every_report_and_every_dimension_answers_on_any_store(make: Any, brand: Brand) -> None:
    scope = Scope.of(EVERYTHING, now=NOW)
    assert all(report(name, EVERYTHING, now=NOW, fresh_s=5)["rows"] is not None for name in REPORTS)  # of nothing
    assert all(measures.table(scope, measure.name, ("channel",)) is not None for measure in measures.ALL)
    talk = make.conversation(brand=brand)
    make.message(talk, sentiment="neutral")
    make.wait(talk, answer_s=5)
    for name in REPORTS:
        assert isinstance(report(name, EVERYTHING, now=NOW, fresh_s=5)["rows"], list)
    second = itertools.cycle(("", "channel", "hour"))
    for measure, first in ((m, d) for m in measures.ALL for d in measures.dimensions(m)):
        rows = measures.table(scope, measure.name, tuple(dict.fromkeys(filter(None, (first, next(second))))))
        assert all({"n", "value", "low", "high", "few"} <= row.keys() for row in rows)


def test_an_unknown_report_names_the_known() -> None:
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
