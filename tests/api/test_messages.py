"""Messages by the API: the same door, the same fields, the same once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.models import Account, Conversation, Correction, Message, User, Watch, WatchHit
from tests.api.conftest import Program, refused

Say = Callable[..., Conversation]


def test_reading_one(program: Callable[..., Program], say: Say, helper: User) -> None:
    row = say("Where is my parcel?", subject="Late", extra={"order": "A-1"})
    message = Message.objects.get()
    got = program(helper).get(f"/messages/{message.pk}").json()
    assert got["text"] == "Where is my parcel?"
    assert got["conversation"] == row.pk
    assert got["author"] == {
        "address": "ada@example.com",
        "name": "Ada Ex",
        "ours": False,
        "person": row.person_id,
    }
    assert got["extra"] == {"order": "A-1"}
    assert got["reading"] is None
    flow.process(embed=False)
    assert set(program(helper).get(f"/messages/{message.pk}").json()["reading"]["findings"]) >= {
        "language",
        "sentiment",
    }


def test_absent_and_hidden_look_alike(program: Callable[..., Program], say: Say, owner: User) -> None:
    say()
    refused(program(owner).get("/messages/999999"), 404)
    refused(program(owner).get("/messages/0"), 422)
    refused(program(owner).get(f"/messages/{2**70}"), 422)
    refused(program(owner).get("/messages/x"), 404)


def test_filters(program: Callable[..., Program], say: Say, owner: User) -> None:
    old = timezone.now() - timedelta(days=30)
    one = say("first", address="a@example.com", sent_at=old)
    two = say("second", kind="x", address="bee")
    caller = program(owner)

    def texts(query: str) -> list[str]:
        return [m["text"] for m in caller.get(f"/messages?{query}").json()["items"]]

    assert texts("") == ["second", "first"]
    assert texts("order=oldest") == ["first", "second"]
    assert texts("channel=x") == ["second"]
    assert texts(f"conversation={one.pk}") == ["first"]
    assert texts(f"person={two.person_id}") == ["second"]
    assert texts("direction=out") == []
    assert texts("since=2020-01-01T00:00:00Z&until=2020-02-01T00:00:00Z") == []
    assert len(texts("since=2020-01-01T00:00:00Z")) == 2
    for wrong in ("since=yesterday", "since=2020-01-01T00:00:00", "since=0001-01-01T00:00:00Z", "direction=up"):
        refused(caller.get(f"/messages?{wrong}"), 422)


def test_created_once(program: Callable[..., Program], account: Callable[..., Account], helper: User) -> None:
    body = {
        "account": account("review").pk,
        "messages": [
            {"id": "r1", "author": "ada", "text": "Lovely", "stars": 5, "sent_at": "2026-03-01T12:00:00Z"},
            {"author": "bob", "text": "No id"},
        ],
    }
    caller = program(helper)
    first, second = caller.post("/messages", body), caller.post("/messages", body)
    assert first.status_code == 201
    assert (first.json()["new"], first.json()["repeated"]) == (2, 0)
    assert (second.json()["new"], second.json()["repeated"], second.json()["ids"]) == (0, 2, [])
    row = Message.objects.get(external_id="r1")
    assert row.extra == {"stars": 5}
    assert (row.sent_at.year, row.channel) == (2026, "review")


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([{"text": "x"}], '"author" is missing'),
        ([{"author": "a", "text": 5, "sent_at": "soon"}], "date and time"),
        ([], "messages"),
        ("x", "messages"),
    ],
)
def test_what_is_not_understood_is_named(
    program: Callable[..., Program], account: Callable[..., Account], owner: User, messages: object, says: str
) -> None:
    assert says in refused(program(owner).post("/messages", {"account": account("x").pk, "messages": messages}), 422)
    assert not Message.objects.exists()


def test_values_are_not_repeated_in_errors(program: Callable[..., Program], owner: User) -> None:
    response = program(owner).post("/messages", {"account": "my secret parcel", "messages": []})
    refused(response, 422)
    assert "secret parcel" not in response.content.decode()


def test_unknown_account(program: Callable[..., Program], owner: User) -> None:
    refused(program(owner).post("/messages", {"account": 99, "messages": [{"author": "a", "text": "b"}]}), 404)


def test_entry_by_hand(program: Callable[..., Program], helper: User) -> None:
    caller = program(helper)
    body = {"text": "Called about the invoice", "name": "Ada Ex", "phone": "+1 (555) 010-0199"}
    first = caller.post("/messages/by-hand", body, Idempotency_Key="call-0001")
    second = caller.post("/messages/by-hand", body, Idempotency_Key="call-0001")
    assert first.status_code == 201
    assert first.json()["author"]["address"] == "+15550100199"
    assert second.json()["id"] == first.json()["id"]
    refused(caller.post("/messages/by-hand", body), 422)
    within = caller.post(
        "/messages/by-hand",
        {"text": "Called again", "phone": "+15550100199", "conversation": first.json()["conversation"]},
        Idempotency_Key="call-0002",
    )
    assert within.json()["conversation"] == first.json()["conversation"]


def test_correcting(program: Callable[..., Program], say: Say, analyst: User) -> None:
    say("This is bad")
    flow.process(embed=False)
    pk = Message.objects.get().pk
    got = program(analyst).post(f"/messages/{pk}/correct", {"step": "sentiment", "label": "positive"})
    assert got.json()["reading"]["sentiment"] == "positive"
    assert Correction.objects.get().user == analyst


def test_filters_on_what_stands_beside_the_words(program: Callable[..., Program], say: Say, owner: User) -> None:
    say("bad", extra={"rating": 1, "rating_max": 5, "verified_purchase": True, "product": "Kettle"})
    say("good", address="b@example.com", extra={"rating": 4.5, "rating_max": 5, "verified_purchase": False})
    spam = say("spam", address="c@example.com")
    Message.objects.filter(conversation=spam).update(apart="spam")
    watch = Watch.objects.create(name="Kettles", purpose="product")
    WatchHit.objects.create(watch=watch, message=Message.objects.get(text="bad"))
    WatchHit.objects.create(watch=watch, message=Message.objects.get(text="good"), right=False)
    caller = program(owner)
    found = {q: [m["text"] for m in caller.get(f"/messages?{q}").json()["items"]] for q in BESIDE}
    assert found == BESIDE
    assert [m["text"] for m in caller.get(f"/messages?watch={watch.pk}").json()["items"]] == ["bad"]
    assert caller.get("/messages?apart=only").json()["items"][0]["apart"] == "spam"


BESIDE = {
    "": ["spam", "good", "bad"],
    "apart=no": ["good", "bad"],
    "apart=only": ["spam"],
    "rating_from=4": ["good"],
    "rating_to=4.5&rating_from=1": ["good", "bad"],
    "verified_purchase=true": ["bad"],
    "verified_purchase=false": ["good"],
    "product=Kettle": ["bad"],
}
