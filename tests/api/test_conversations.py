"""Conversations by the API: everything an agent does, and answers that are sent once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crowdalogue.models import Conversation, Event, Message, Reply, User
from tests.api.conftest import Program, refused

Say = Callable[..., Conversation]


def test_queues(program: Callable[..., Program], say: Say, helper: User, owner: User) -> None:
    row = say("Where is it?", name="Ada Ex")
    caller = program(helper)
    [item] = caller.get("/conversations").json()["items"]
    assert (item["id"], item["person_name"], item["state"], item["owner"]) == (row.pk, "Ada Ex", "open", None)
    assert item["waiting_since"] and item["due_at"]
    assert caller.get("/conversations?queue=mine").json()["items"] == []
    caller.post(f"/conversations/{row.pk}/assign", {"owner": helper.pk})
    assert [i["id"] for i in caller.get("/conversations?queue=mine").json()["items"]] == [row.pk]
    assert caller.get("/conversations?owner=none").json()["items"] == []
    assert program(owner).get("/conversations/counts").json()["queues"]["team"] == 1
    refused(caller.get("/conversations?queue=nowhere"), 422)
    refused(caller.get("/conversations?owner=ada"), 422)


def test_deeds(program: Callable[..., Program], say: Say, helper: User) -> None:
    row = say()
    caller, base = program(helper), f"/conversations/{row.pk}"
    assert caller.post(f"{base}/tag", {"name": "late"}).json()["tags"] == ["late"]
    assert caller.post(f"{base}/tag", {"name": "late"}).json()["tags"] == ["late"]
    assert caller.post(f"{base}/untag", {"name": "late"}).json()["tags"] == []
    snoozed = caller.post(f"{base}/snooze", {"until": "2100-01-01T09:00:00+01:00"}).json()
    assert (snoozed["state"], snoozed["snoozed_until"]) == ("snoozed", "2100-01-01T08:00:00Z")
    assert caller.post(f"{base}/reopen").json()["state"] == "open"
    apart = caller.post(f"{base}/apart", {"reason": "advertising"}).json()
    assert (apart["state"], apart["why"]) == ("apart", "advertising")
    caller.post(f"{base}/reopen")
    assert caller.post(f"{base}/close").json()["state"] == "closed"
    assert set(Event.objects.filter(user=helper).values_list("deed", flat=True)) >= {"tagged", "snoozed", "closed"}


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("assign", {}),
        ("assign", {"owner": 99999}),
        ("tag", {"name": ""}),
        ("tag", {"name": "x" * 61}),
        ("snooze", {"until": "tomorrow"}),
        ("snooze", {"until": "2100-01-01T09:00:00"}),
        ("apart", {"reason": ""}),
        ("reply", {"text": ""}),
        ("reply", {"text": "x", "then": "delete"}),
        ("reply", {"text": "x", "delay": -1}),
        ("note", {}),
    ],
)
def test_bad_bodies_are_refused(
    program: Callable[..., Program], say: Say, owner: User, deed: str, body: dict[str, object]
) -> None:
    refused(program(owner).post(f"/conversations/{say().pk}/{deed}", body, Idempotency_Key="key-0001"), 422)


def test_nobody_without_the_right_is_assigned(
    program: Callable[..., Program], say: Say, owner: User, analyst: User
) -> None:
    refused(program(owner).post(f"/conversations/{say().pk}/assign", {"owner": analyst.pk}), 422)


def test_reply_is_sent_once(program: Callable[..., Program], say: Say, helper: User) -> None:
    row = say()
    caller, path = program(helper), f"/conversations/{row.pk}/reply"
    first = caller.post(path, {"text": "On its way."}, Idempotency_Key="answer-0001")
    assert first.status_code == 201
    assert first.json()["state"] == "queued"
    again = caller.post(path, {"text": "On its way."}, Idempotency_Key="answer-0001")
    assert again.json()["id"] == first.json()["id"]
    assert Reply.objects.count() == 1
    refused(caller.post(path, {"text": "Another text"}, Idempotency_Key="answer-0001"), 409)
    refused(caller.post(path, {"text": "On its way."}), 422)
    other = say(address="bob@example.com")
    refused(
        caller.post(f"/conversations/{other.pk}/reply", {"text": "On its way."}, Idempotency_Key="answer-0001"), 409
    )
    assert Reply.objects.count() == 1


def test_reply_and_close(program: Callable[..., Program], say: Say, helper: User) -> None:
    row = say()
    program(helper).post(
        f"/conversations/{row.pk}/reply", {"text": "Done.", "then": "close"}, Idempotency_Key="done-0001"
    )
    assert Conversation.objects.get(pk=row.pk).state == "closed"


def test_channels_without_answers_say_so(program: Callable[..., Program], say: Say, owner: User) -> None:
    row = say(kind="review", address="ada")
    answer = program(owner).post(f"/conversations/{row.pk}/reply", {"text": "Thanks"}, Idempotency_Key="key-0001")
    assert "cannot be answered from here" in refused(answer, 422)


def test_note_stays_inside(program: Callable[..., Program], say: Say, helper: User) -> None:
    row = say()
    caller, path = program(helper), f"/conversations/{row.pk}/note"
    first = caller.post(path, {"text": "Ask Sam."}, Idempotency_Key="note-0001")
    assert (first.status_code, first.json()["direction"]) == (201, "note")
    caller.post(path, {"text": "Ask Sam."}, Idempotency_Key="note-0001")
    assert Message.objects.filter(direction="note").count() == 1
    refused(caller.post(path, {"text": "Else"}, Idempotency_Key="note-0001"), 409)


def test_control_characters_do_no_harm(program: Callable[..., Program], say: Say, owner: User) -> None:
    caller = program(owner)
    assert caller.get("/conversations?tag=%00&channel=%00").status_code == 200
    got = caller.post(f"/conversations/{say().pk}/tag", {"name": "a\u0000b👩‍🚀"}).json()
    assert got["tags"] == ["ab👩‍🚀"]


def test_absent(program: Callable[..., Program], owner: User) -> None:
    refused(program(owner).get("/conversations/1"), 404)
    refused(program(owner).post("/conversations/1/close"), 404)
