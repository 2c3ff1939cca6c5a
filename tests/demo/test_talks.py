"""Single conversations of the demo company."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from crowdalogue.channels.base import Kind
from crowdalogue.demo import company, people, speech
from crowdalogue.demo.talks import Talk, Teller

NOW = datetime(2026, 5, 20, 15, 0, tzinfo=UTC)
START = NOW - timedelta(days=89)


def teller(seed: int = 1) -> Teller:
    return Teller(Random(seed), NOW, START)


def tell(seed: int, kind: str, at: datetime, **more: bool) -> Talk | None:
    who = teller(seed)
    customer = people.make_customer(who.random, seed)
    product = company.PRODUCTS[seed % 10]
    slots = speech.slots_for(who.random, customer, product, at)
    return who.converse(kind, customer, "fault", product, at, slots=slots, **more)


@pytest.mark.parametrize("kind", ["email", "webchat", "social", "phone", "store"])
def test_an_answered_talk_is_threaded_and_closed(kind: str) -> None:
    talks = [tell(seed, kind, NOW - timedelta(days=20), silent=False) for seed in range(40)]
    assert all(talks)
    for talk in filter(None, talks):
        for before, item in zip(talk.items, talk.items[1:], strict=False):
            assert item.parents == (before.external_id,)
            assert before.sent_at < item.sent_at
        for item in talk.items:
            assert bool(item.to) == item.author.ours
    answered = [t for t in talks if t and any(i.author.ours and i.kind is Kind.MESSAGE for i in t.items)]
    assert len(answered) > 30
    assert sum(t.state == "closed" for t in answered) > 0.8 * len(answered)


def test_what_has_not_happened_is_not_told() -> None:
    assert tell(1, "email", NOW + timedelta(minutes=1)) is None
    for seed in range(30):
        talk = tell(seed, "email", NOW - timedelta(minutes=1), silent=False)
        assert talk is not None
        assert all(item.sent_at <= NOW for item in talk.items)


def test_a_chat_at_night_gets_an_automatic_word() -> None:
    night = (NOW - timedelta(days=3)).replace(hour=3)
    talk = tell(5, "webchat", night, silent=True)
    assert talk is not None
    assert [i.kind for i in talk.items if i.author.ours] == [Kind.AUTOMATIC]


def test_silence_is_silent_and_mostly_closed_later() -> None:
    talks = [tell(seed, "email", NOW - timedelta(days=30), silent=True) for seed in range(60)]
    assert not any(item.author.ours for talk in talks if talk for item in talk.items)
    assert 0.6 < sum(talk.state == "closed" for talk in talks if talk) / 60 < 0.99


def test_posts_about_others_wait_for_nobody() -> None:
    who = teller()
    customer = people.make_customer(who.random, 1)
    talk = who.post("listening", customer, "rival", "Northgale again", NOW - timedelta(minutes=1), brand="Northgale")
    assert talk is not None
    assert talk.state == "closed"
    assert talk.items[0].extra == {"brand": "Northgale"}
    assert talk.items[0].public
