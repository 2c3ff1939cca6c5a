"""Topics for programs: listed, shaped, split by a digest, and every deed's opposite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.models import Account, Audit, Message, Topic, TopicMessage, User
from tests.analyze.test_refit import said
from tests.api.conftest import Program, refused
from tests.said import write

pytestmark = pytest.mark.django_db
Make = Callable[..., Program]


@pytest.fixture
def parcels(account: Callable[..., Account]) -> Topic:
    said(account("social"))
    assert flow.find_topics()
    return TopicMessage.objects.get(message__text="Where is my blue parcel?").topic


@pytest.fixture
def passwords(parcels: Topic) -> Topic:
    return TopicMessage.objects.get(message__text="I forgot the blue password").topic


def test_lists_and_one(program: Make, analyst: User, parcels: Topic) -> None:
    caller = program(analyst)
    rows = caller.everything("/topics")
    assert {r["id"] for r in rows} == set(Topic.objects.values_list("pk", flat=True))
    one = caller.get(f"/topics/{parcels.pk}").json()
    assert one["name"] == one["customers_words"] == parcels.name
    assert one["words"][0]["phrase"] == parcels.words[0][0]
    assert [e["kind"] for e in one["events"]] == ["new"]
    said_there = caller.everything(f"/topics/{parcels.pk}/messages", limit=5)
    assert {m["id"] for m in said_there} == set(parcels.members.values_list("pk", flat=True))
    assert {m["topic"] for m in said_there} == {parcels.pk}
    assert len(caller.everything(f"/messages?topic={parcels.pk}", limit=50)) == len(said_there)
    assert caller.get("/topics?state=adopted").json()["items"] == []
    refused(caller.get("/topics/99999"), 404)
    fit = caller.get("/topics/fit").json()
    assert (fit["running"], fit["topics"]) == (False, Topic.objects.count())
    assert fit["messages"] == TopicMessage.objects.count()


def test_deeds_and_their_opposites(program: Make, analyst: User, parcels: Topic, passwords: Topic) -> None:
    caller = program(analyst)
    path = f"/topics/{parcels.pk}"
    for deed, state in (("adopt", "adopted"), ("release", "emerging"), ("retire", "retired"), ("restore", "adopted")):
        assert caller.post(f"{path}/{deed}").json()["state"] == state
    named = caller.post(f"{path}/rename", {"name": "Late parcels"}).json()
    assert (named["name"], named["events"][0]["by"]) == ("Late parcels", analyst.pk)
    refused(caller.post(f"/topics/{passwords.pk}/rename", {"name": "late parcels"}), 409)
    merged = caller.post(f"/topics/{passwords.pk}/merge", {"into": parcels.pk}).json()
    assert merged["id"] == parcels.pk
    gone = caller.get(f"/topics/{passwords.pk}").json()
    assert (gone["state"], gone["merged_into"], gone["representatives"]) == ("retired", parcels.pk, [])
    refused(caller.post(f"/topics/{passwords.pk}/adopt"), 409)
    assert caller.post(f"/topics/{passwords.pk}/part").json()["merged_into"] is None
    assert Audit.objects.filter(deed="changed_topic").count() == 7


def test_a_split(program: Make, analyst: User, parcels: Topic, passwords: Topic) -> None:
    caller = program(analyst)
    caller.post(f"/topics/{passwords.pk}/merge", {"into": parcels.pk})
    shown = caller.get(f"/topics/{parcels.pk}/parts").json()
    assert len(shown["parts"]) > 1 and sum(p["messages"] for p in shown["parts"]) == shown["messages"]
    body = {"digest": shown["digest"], "parts": [{"part": 1, "name": "Part of it"}]}
    refused(caller.post(f"/topics/{parcels.pk}/split", {**body, "digest": "old"}), 409)
    made = caller.post(f"/topics/{parcels.pk}/split", body)
    assert made.status_code == 201
    (new,) = made.json()["items"]
    assert (new["name"], new["messages"], new["state"]) == ("Part of it", shown["parts"][1]["messages"], "adopted")
    refused(caller.post(f"/topics/{parcels.pk}/split", {"digest": "", "parts": []}), 422)


def test_messages_are_placed(program: Make, analyst: User, parcels: Topic, passwords: Topic) -> None:
    caller = program(analyst)
    message = Message.objects.get(text="Where is my blue parcel?")
    assert caller.post(f"/topics/{passwords.pk}/messages", {"messages": [message.pk, 99999]}).json() == {"placed": 1}
    row = TopicMessage.objects.get(message=message)
    assert (row.topic, row.user) == (passwords, analyst)


def test_found_now(program: Make, analyst: User, manager: User, account: Callable[..., Account]) -> None:
    here = account("social")
    write(here, sent_at=timezone.now() - timedelta(days=1))
    flow.process()
    assert "at least 20" in refused(program(manager).post("/topics/fit"), 409)
    said(here)
    refused(program(analyst).post("/topics/fit"), 403)
    asked = program(manager).post("/topics/fit")
    assert (asked.status_code, asked.json()["running"]) == (202, True)
    assert "already" in refused(program(manager).post("/topics/fit"), 409)
    assert flow.find_asked_topics()
    assert program(analyst).get("/topics/fit").json()["running"] is False


def test_who_may_not(program: Make, stranger: User, parcels: Topic) -> None:
    refused(program(stranger).get("/topics"), 403)
    refused(program(stranger).post(f"/topics/{parcels.pk}/adopt"), 403)
