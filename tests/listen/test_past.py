"""What was already received, for watches: nothing that meets a query is missing among its candidates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crowdalogue.channels.base import Kind
from crowdalogue.listen import past
from crowdalogue.models import Account, Message
from crowdalogue.text.watching import typed
from tests.listen.test_watches import hear, say

pytestmark = pytest.mark.django_db
TEXTS = [
    "Acme is late",
    "#NorthPier",
    "north  pier",
    "my norvele",
    "Café acme",
    "ring @acme_care",
    "delivered",
    "other",
]


@pytest.fixture
def filed(account: Callable[..., Account]) -> list[Message]:
    hear(account("social"), *(say(text) for text in TEXTS))
    return list(Message.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("acme", {"Acme is late", "Café acme", "ring @acme_care"}),
        ('"north pier"', {"#NorthPier", "north  pier"}),
        ("#northpier", {"#NorthPier"}),
        ("@acme_care", {"ring @acme_care"}),
        ("cafe", {"Café acme"}),
        ("deliver*", {"delivered"}),
        ("norvelle~", {"my norvele"}),
        ("any:norvelle~ any:delivered -late", {"my norvele", "delivered"}),
        ("acme late -other", {"Acme is late"}),
        ('near:"acme|late ~3 late|cafe"', {"Acme is late", "Café acme"}),
        ("acme channel:email", set()),
    ],
)
def test_the_past_is_walked_in_steps_and_nothing_is_missed(filed: list[Message], line: str, found: set[str]) -> None:
    before, met = filed[-1].pk + 1, []
    while before:
        some, before = past.step(typed(line), before, 2)
        met += some
    assert met == sorted(met, reverse=True)
    assert {m.text for m in filed if m.pk in met} == found


def test_a_message_as_a_watch_sees_it(account: Callable[..., Account]) -> None:
    author = {"followers": 12, "place": "Oslo", "verified": True}
    hear(
        account("social"),
        say("one", facts=author, subject="About", extra={"place": "Harbour"}),
        say("two", kind=Kind.AUTOMATIC),
        say("three", facts={"followers": "many", "place": 7}),
    )
    ids = list(Message.objects.order_by("-pk").values_list("pk", flat=True))
    three, one = past.heard(ids).values()
    assert (one.text, one.place, one.reach, one.kind, one.ours) == ("About\none", "Harbour Oslo", 12, "social", False)
    assert (three.place, three.reach) == ("", None), "facts of the wrong kind are not known"
    Message.objects.update(apart="spam")
    assert past.heard(ids) == {}


def test_spellings_that_came_later_are_found_too(account: Callable[..., Account]) -> None:
    social, query = account("social"), typed("norvelle~")
    hear(social, say("my norvele"))
    assert len(past.step(query, 1 << 62, 10)[0]) == 1
    hear(social, say("my norvelles"))
    top = Message.objects.order_by("-pk")[0].pk
    assert len(past.step(query, top + 1, 10)[0]) == 2
    assert len(past.step(query, top, 10)[0]) == 1
