"""Standings: stated rules with their reasons; what a person says stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming, Interaction
from crowdalogue.errors import Failure
from crowdalogue.listen import identity, standing
from crowdalogue.listen.standing import DEFAULTS, Facts
from crowdalogue.models import Account, BusinessRecord, Company, Handle, Message, Person, Reading, Standing, User

MARCH = datetime(2026, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "kind", "reason"),
    [
        (Facts(orders=3, value=Decimal(1240), currency="EUR"), "vip", "3 orders for EUR 1,240 in 12 months"),
        (Facts(orders=8), "vip", "8 orders in 12 months"),
        (
            Facts(followers=12400, where="bluesky", topics=["batteries"]),
            "influencer",
            "12,400 followers on bluesky; writes about batteries",
        ),
        (
            Facts(followers=1500, verified=True, echoes=7),
            "influencer",
            "1,500 followers; verified there; echoed 7 times here",
        ),
        (Facts(messages=6, praise=5), "advocate", "5 of 6 messages are praise; no complaint"),
        (
            Facts(messages=5, praise=4, complaints=1, last_complaint=MARCH),
            "advocate",
            "4 of 5 messages are praise; last complaint on 5 March 2026",
        ),
        (
            Facts(messages=2, ratings=[1.0, 1.0]),
            "advocate",
            "2 reviews, 100% of the best rating on average; no complaint",
        ),
        (Facts(messages=4, complaints=3), "detractor", "3 of 4 messages are complaints"),
        (Facts(messages=2, ratings=[0.0, 0.25]), "detractor", "2 reviews, 12% of the best rating on average"),
    ],
)
def test_rules_say_why(facts: Facts, kind: str, reason: str) -> None:
    (found,) = standing.judge(facts, DEFAULTS)
    assert (found.kind, found.reason) == (kind, reason)


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        Facts(followers=4999),
        Facts(followers=999, verified=True),
        Facts(messages=2, praise=2),  # too few to say
        Facts(messages=9, praise=4),
        Facts(messages=20, complaints=3),
        Facts(messages=1, ratings=[1.0]),
        Facts(orders=7, value=Decimal(999)),
    ],
)
def test_what_is_not_enough(facts: Facts) -> None:
    assert standing.judge(facts, DEFAULTS) == []


def read(message: Message, intent: str) -> None:
    Reading.objects.update_or_create(message=message, defaults={"version": "test", "intent": intent})


@pytest.fixture
def fan(account: Callable[..., Account]) -> Person:
    """Somebody with followers who praised three times in public, and whose post was liked."""
    social = account("social")
    who = Author("@fan", "Fan", facts={"followers": 12400})
    items: list[Any] = [Incoming(f"p{n}", who, f"The kettle boils so fast, number {n}", public=True) for n in range(3)]
    likes = [Interaction(f"l{n}", Author(f"@other{n}"), "like", target="p0") for n in range(3)]
    flow.file(social, [*items, *likes])
    for message in Message.objects.filter(handle__address="@fan"):
        read(message, "praise")
    person = Handle.objects.get(address="@fan").person
    assert person is not None
    return person


def everything() -> None:
    while identity.recognise().looked:
        pass


def test_the_worker_finds_them(fan: Person) -> None:
    everything()
    found = {row.kind: row for row in standing.shown(fan)}
    assert set(found) == {"influencer", "advocate"}
    assert found["influencer"].reason == (
        "12,400 followers on social; echoed 3 times here; writes about boils and kettle"
    )
    assert found["influencer"].source == "rule"
    assert found["influencer"].facts["followers"] == 12400
    Handle.objects.filter(address="@fan").update(facts={"followers": 10})
    identity.look_again()
    everything()
    assert [row.kind for row in standing.shown(fan)] == ["advocate"]


def test_orders_of_the_last_year_make_a_vip(fan: Person) -> None:
    now = timezone.now()
    for n, days in enumerate((10, 20, 500)):
        BusinessRecord.objects.create(
            kind="order", external_id=f"O{n}", person=fan, at=now - timedelta(days=days), amount=600, currency="EUR"
        )
    BusinessRecord.objects.create(kind="order", external_id="O9", person=fan, at=now, amount=600, currency="SEK")
    everything()
    assert Standing.objects.get(kind="vip").reason == "3 orders for EUR 1,200 in 12 months"


def test_what_a_person_set_or_took_away_stays(fan: Person, helper: User) -> None:
    everything()
    standing.give(fan, "influencer", "I know her", user=helper)
    assert standing.take(fan, "advocate", helper)
    assert not standing.take(fan, "vip", helper)
    identity.look_again()
    everything()
    (row,) = standing.shown(fan)
    assert (row.kind, row.source, row.reason, row.user) == ("influencer", "person", "I know her", helper)
    standing.give(fan, "advocate", "", user=helper)
    assert {row.kind for row in standing.shown(fan)} == {"influencer", "advocate"}
    with pytest.raises(Failure, match="There are: vip"):
        standing.give(fan, "king", "")


def test_the_company_chooses_the_numbers(company: Company, fan: Person) -> None:
    company.rules = {"standing": {"followers": 20000, "praise": -1, "unknown": 3, "days": "x"}}
    company.save()
    assert standing.settings() == {**DEFAULTS, "followers": 20000}
    everything()
    assert [row.kind for row in standing.shown(fan)] == ["advocate"]
