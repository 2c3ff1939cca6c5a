"""A store with calm weeks and one rise, for tests of alarms: rows made directly, and brought into the columns."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from crowdalogue.models import (
    Account,
    Category,
    Company,
    Conversation,
    Handle,
    Message,
    MessageCategory,
    Reading,
    Topic,
    TopicMessage,
)
from crowdalogue.relate import facts

NOW = datetime.now(UTC).replace(minute=5, second=0, microsecond=0)
# Days are the company's: wherever the sun stands, it is about three in the afternoon there, so that a rise twenty
# hours ago is in the same part of a day whenever the tests run.
AHEAD = min(15 - NOW.hour, 14)
ZONE = f"Etc/GMT{-AHEAD:+d}" if AHEAD else "UTC"


class Town:
    """People who write: `town.say(at, ...)` is one message; nothing is committed to columns before `settle`."""

    def __init__(self, people: int = 400) -> None:
        if not Company.objects.update(timezone=ZONE):
            Company.objects.create(name="Town", timezone=ZONE)
        self.accounts: dict[str, Account] = {}
        self.talks: dict[str, Conversation] = {}
        self.handles = [Handle(kind="email", address=f"p{n}@example.com") for n in range(people)]
        Handle.objects.bulk_create(self.handles)
        self.numbers = itertools.count()
        self.messages: list[tuple[Message, dict[str, Any], Topic | None]] = []
        self.inside: list[tuple[Message, Category]] = []

    def topic(self, name: str) -> Topic:
        return Topic.objects.create(name=name, centroid=b"", messages_count=1)

    def talk(self, channel: str) -> Conversation:
        if channel not in self.talks:
            account = Account.objects.create(kind=channel, name=channel, created_at=NOW - timedelta(days=400))
            self.talks[channel] = Conversation.objects.create(
                account=account, kind=channel, first_at=NOW, last_at=NOW, opened_by_customer=True
            )
        return self.talks[channel]

    def say(
        self,
        at: datetime,
        who: int,
        text: str = "Where is it?",
        *,
        channel: str = "email",
        topic: Topic | None = None,
        category: Category | None = None,
        late: timedelta = timedelta(0),
        direction: str = "in",
        **reading: Any,
    ) -> None:
        talk, number = self.talk(channel), next(self.numbers)
        message = Message(
            account=talk.account,
            external_id=f"m{number}",
            conversation=talk,
            direction=direction,
            channel=channel,
            handle=self.handles[who % len(self.handles)],
            sent_at=at,
            received_at=at + late,
            text=text,
            read_at=at,
        )
        self.messages.append((message, reading, topic))
        if category:
            self.inside.append((message, category))

    def calm(self, days: int, a_day: int, end: datetime = NOW, *, seed: int = 1, **more: Any) -> None:
        """About so many messages a day, by different people, at hours when people write."""
        rng = np.random.default_rng(seed)
        for back in range(days, 0, -1):
            for _one in range(rng.poisson(a_day)):
                at = end - timedelta(days=back) + timedelta(hours=float(rng.uniform(0, 24)))
                self.say(at, int(rng.integers(0, 300)), f"It is fine {rng.integers(0, 10**9)}", **more)

    def settle(self) -> None:
        Message.objects.bulk_create([m for m, _r, _t in self.messages], batch_size=500)
        Reading.objects.bulk_create(
            [Reading(message=m, version="1", **reading) for m, reading, _t in self.messages], batch_size=500
        )
        about = [TopicMessage(message=m, topic=t, alike=0.9) for m, _r, t in self.messages if t]
        TopicMessage.objects.bulk_create(about, batch_size=500)
        told = [MessageCategory(message=m, category=c, sent_at=m.sent_at) for m, c in self.inside]
        MessageCategory.objects.bulk_create(told, batch_size=500)
        self.messages, self.inside = [], []
        while not facts.refresh().done:
            pass


def burst(town: Town, topic: Topic | None, n: int = 30, *, hours_ago: int = 20, **more: Any) -> datetime:
    """So many people in a few hours, who say a new word; returns when it begins."""
    begin = NOW - timedelta(hours=hours_ago)
    for i in range(n):
        at = begin + timedelta(minutes=12 * i)
        town.say(at, 300 + i, f"The lid leaks again, number {i}", topic=topic, **more)
    return begin


def leaking(**more: Any) -> Topic:
    """Sixty calm days of two topics and two channels, then thirty people about a leaking lid by e-mail."""
    town = Town()
    lids, other = town.topic("lids"), town.topic("delivery")
    town.calm(60, 2, topic=lids, seed=1, intent="complaint", sentiment="negative")
    town.calm(60, 6, topic=other, seed=2, channel="sms", intent="question", sentiment="neutral")
    burst(town, lids, intent="complaint", sentiment="negative", **more)
    town.settle()
    return lids
