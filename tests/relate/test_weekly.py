"""The week composed from real rows: what changed beyond chance is said with its evidence, what did not is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.models import Message
from crowdalogue.relate import facts, weekly
from crowdalogue.relate.filters import parse
from tests.relate.conftest import NOW, Maker

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 9)
Say = Callable[..., Message]


@pytest.fixture
def say(make: Maker) -> Say:
    """`say(weeks=2, intent="complaint")`: somebody new writes so many weeks before the one looked at."""

    def one(
        weeks: int = 0, *, text: str = "hello", channel: str = "email", hours: float = 30, **labels: Any
    ) -> Message:
        at = datetime(2026, 11, 9, tzinfo=NOW.tzinfo) - timedelta(weeks=weeks) + timedelta(hours=hours)
        conversation = make.conversation(channel=channel, at=at)
        return make.message(conversation, at=at, handle=make.person()[1], text=text, reading=labels)

    return one


def compose(query: str = "") -> dict[str, Any]:
    facts.rebuild()
    return weekly.compose(parse(query), MONDAY, now=NOW)


def kinds(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {line["kind"]: line for line in content["changed"]}


def test_what_rose_is_said_with_its_evidence(say: Say) -> None:
    for weeks in range(1, 9):
        for n in range(30):
            say(weeks, text=f"thanks {weeks} {n}", hours=n, intent="praise" if n % 3 else "complaint")
    for n in range(90):
        say(text=f"the battery is dead {n}", hours=n, intent="complaint" if n % 9 else "praise")
    content = compose()
    found = kinds(content)
    assert "90 people wrote, more than usual (3.0 times as many)" in found["volume"]["text"]
    assert found["volume"]["direction"] == "up"
    complaint = found["intent"]
    assert complaint["text"].startswith(("complaint: 80 people of 90 (88.9%), after 33.3% before", "praise: 10"))
    assert "95% from" in complaint["sure"]
    assert "from=2026-11-09&to=2026-11-15" in complaint["query"]
    assert "battery" in " ".join(found["words"]["words"])
    assert content["people"] == 90 and content["people_before"] == 120


def test_a_week_like_the_others_says_so(say: Say) -> None:
    for weeks in range(9):
        for n in range(30):
            say(weeks, text=f"thanks {n}", hours=n, intent="praise" if n % 3 else "complaint")
    content = compose()
    [line] = content["changed"]
    assert line["usual"] and "as many as usual" in line["text"]
    assert content["looks"] > 0


def test_few_people_and_a_short_past_are_admitted(say: Say) -> None:
    for n in range(5):
        say(text=f"hello {n}")
    content = compose()
    assert "Too few to say" in content["refused"]
    assert "nobody can say yet" in content["changed"][0]["text"]


def test_a_concern_sees_only_its_own(say: Say) -> None:
    for weeks in range(6):
        for n in range(25):
            say(weeks, text=f"a {weeks} {n}", channel="sms", intent="praise")
            say(weeks, text=f"b {weeks} {n}", intent="praise" if weeks else "complaint")
    assert kinds(compose("channel=sms")).keys() == {"volume"}
    assert "intent" in kinds(compose("channel=email"))


def test_slower_and_less_often_answered(say: Say, make: Maker) -> None:
    for weeks in range(5):
        for n in range(40):
            message = say(weeks, text=f"where {weeks} {n}", hours=n)
            late = not weeks and n % 2
            make.wait(
                message.conversation,
                at=message.sent_at,
                answer_s=None if late else (7200 if not weeks else 600) + n,
                due_at=message.sent_at + timedelta(hours=4),
            )
    found = kinds(compose())
    assert "50.0% were answered, after 100.0%" in found["answered"]["text"]
    assert found["answered"]["direction"] == "worse"
    assert "took 2.0 h, after 10 min" in found["first_response"]["text"]


@given(st.lists(st.integers(0, 10_000), min_size=4, max_size=8))
def test_what_is_expected_holds_the_middle(past: list[int]) -> None:
    low, high = weekly.expected(past)
    assert 0 <= low <= sum(past) / len(past) <= high


def test_a_promise_of_95_percent_is_kept() -> None:
    """Over steady weeks with more spread than Poisson's, about one week in twenty lies outside."""
    chance = np.random.default_rng(7)
    outside = 0
    for _ in range(4000):
        mean = chance.uniform(20, 400)
        drawn = chance.negative_binomial(20, 20 / (20 + mean), size=9).tolist()
        low, high = weekly.expected(drawn[:8])
        outside += not low <= drawn[8] <= high
    assert 0.035 <= outside / 4000 <= 0.06
