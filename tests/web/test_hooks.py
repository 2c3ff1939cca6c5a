"""The door for webhooks: nothing bad comes in, nothing good is lost or doubled."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test import Client

from crowdalogue import flow
from crowdalogue.channels.webhook import sign
from crowdalogue.flow import inwards
from crowdalogue.listen.rush import Rush
from crowdalogue.models import Account, Conversation, Delivery, Message
from crowdalogue.web import hooks

SECRET = "a secret of forty characters, more or less"
PARCEL = {"id": "1", "author": "ada@example.com", "name": "Ada Ex", "text": "Where is my parcel?"}

Post = Callable[..., Any]


@pytest.fixture
def hook(account: Callable[..., Account]) -> Account:
    return account("webhook", secrets={"secret": SECRET})


@pytest.fixture
def post(hook: Account) -> Post:
    """`post(what)` posts JSON (or bytes) signed for the account; `header` and `at` change the signature."""

    def send(what: Any, *, at: float | None = None, header: str | None = None, key: str = "", **more: Any) -> Any:
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        signature = sign(SECRET, body, int(at or time.time())) if header is None else header
        signed = {"X-Crowdalogue-Signature": signature} if signature else {}
        return Client(enforce_csrf_checks=True).post(
            f"/hooks/{key or hook.key}/", body, content_type="application/json", headers={**signed, **more}
        )

    return send


def test_a_message_becomes_a_conversation(post: Post, hook: Account) -> None:
    answer = post(PARCEL)
    assert answer.status_code == 200
    delivery = Delivery.objects.get()
    assert answer.json() == {"kept": delivery.pk, "repeated": False, "state": "filed", "reason": ""}
    message = Message.objects.get()
    assert (message.text, message.external_id, message.direction) == ("Where is my parcel?", "1", "in")
    assert message.delivery == delivery
    assert message.conversation.person is not None
    assert message.conversation.person.name == "Ada Ex"


def test_in_a_rush_it_is_kept_and_a_worker_files_it(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Rush(knocks=1)
    busy.inside = 1  # another knock at the same moment
    monkeypatch.setattr(inwards, "_rush", busy)
    at = time.time()
    answer = post(PARCEL, at=at)
    assert answer.status_code == 202
    assert answer.json() == {"kept": Delivery.objects.get().pk, "repeated": False, "state": "kept", "reason": ""}
    assert flow.pick_up() == 1
    assert Message.objects.get().text == "Where is my parcel?"
    assert post(PARCEL, at=at).json()["repeated"] is True


@pytest.mark.parametrize(
    ("header", "says"),
    [("", "signature is missing"), ("t=1,v1=00", "signature is wrong"), ("hello", "cannot be read")],
)
def test_bad_signatures_stay_outside(post: Post, header: str, says: str) -> None:
    answer = post(PARCEL, header=header)
    assert answer.status_code == 403
    assert says in answer.json()["error"]["text"]
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("seconds", [-400, 400])
def test_old_and_future_signatures_stay_outside(post: Post, seconds: int) -> None:
    answer = post(PARCEL, at=time.time() + seconds)
    assert answer.status_code == 403
    assert not Delivery.objects.exists()


def test_replay_is_the_same_delivery(post: Post) -> None:
    now = time.time()
    first, second = post(PARCEL, at=now), post(PARCEL, at=now)
    assert second.status_code == 200
    assert second.json()["repeated"] is True
    assert second.json()["kept"] == first.json()["kept"]
    again = post(PARCEL, at=now - 1)  # signed anew: another delivery of the same message
    assert again.json()["repeated"] is False
    assert (Delivery.objects.count(), Message.objects.count(), Conversation.objects.count()) == (2, 1, 1)


def test_batch_of_a_hundred(post: Post) -> None:
    batch = [{**PARCEL, "id": str(i), "author": f"c{i % 30}", "conversation": f"t{i % 50}"} for i in range(100)]
    assert post({"messages": batch}).json()["state"] == "filed"
    assert (Message.objects.count(), Conversation.objects.count()) == (100, 50)


def test_huge_is_not_read(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MAX_BODY", 1 << 20)
    answer = post(b"x" * ((1 << 20) + 1))
    assert answer.status_code == 413
    assert "larger than 1 MB" in answer.json()["error"]["text"]
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("body", [b"", b"not json", b'{"author": "a"}', b'{"author": "a", "text": {}}', b"\xff"])
def test_malformed_is_kept_and_can_be_replayed(post: Post, hook: Account, body: bytes) -> None:
    answer = post(body)
    assert answer.status_code == 202
    assert answer.json()["state"] == "failed"
    assert answer.json()["reason"]
    delivery = Delivery.objects.get()
    assert bytes(delivery.body) == body
    assert flow.replay(delivery).state == Delivery.State.FAILED
    assert not Message.objects.exists()


def test_replay_after_a_fix(post: Post, hook: Account) -> None:
    assert post({"data": {"id": "9", "who": "ada", "said": "Hello"}}).status_code == 202
    hook.settings = {"map": "messages = data\nauthor = who\ntext = said"}
    hook.save()
    assert flow.replay(Delivery.objects.select_related("account").get()).state == Delivery.State.FILED
    assert Message.objects.get().external_id == "9"


def test_unknown_fields_are_kept(post: Post) -> None:
    post({**PARCEL, "stars": 2, "shop": {"city": "Oslo"}})
    assert Message.objects.get().extra == {"stars": 2, "shop": {"city": "Oslo"}}


def test_html_controls_emoji_and_right_to_left(post: Post) -> None:
    text = "<b>bold</b><script>alert(1)</script>\x00\x07 👩🏽‍🚀 مرحبا \u202etxt.exe"
    assert post({**PARCEL, "text": text, "subject": "a\x00b"}).status_code == 200
    message = Message.objects.get()
    assert message.text == "<b>bold</b><script>alert(1)</script> 👩🏽‍🚀 مرحبا \u202etxt.exe"
    assert (message.html, message.subject) == ("", "ab")


def test_unknown_address(post: Post) -> None:
    answer = post(PARCEL, key="nobody")
    assert answer.status_code == 404
    assert "Copy it again" in answer.json()["error"]["text"]


def test_channels_without_a_hook_take_nothing(post: Post, account: Callable[..., Account]) -> None:
    for kind in ("email", "phone", "survey"):
        assert post(PARCEL, key=account(kind).key).status_code == 404
    assert not Delivery.objects.exists()


def test_paused_asks_to_come_later(post: Post, hook: Account) -> None:
    Account.objects.update(state=Account.State.PAUSED)
    answer = post(PARCEL)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


def test_only_post(client: Client, hook: Account) -> None:
    answer = client.get(f"/hooks/{hook.key}/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


def test_store_away_is_said_and_nothing_acknowledged(post: Post) -> None:
    """The real connection refuses, at the moment the delivery is to be kept."""

    def away(execute: Any, sql: str, *args: Any) -> Any:
        if "delivery" in sql.lower() and sql.startswith("INSERT"):
            raise OperationalError("database or disk is full")
        return execute(sql, *args)

    with connection.execute_wrapper(away):
        answer = post(PARCEL)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "nothing was kept" in answer.json()["error"]["text"]
    assert post(PARCEL).status_code == 200


def test_a_reader_that_breaks_loses_nothing(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    with patch("crowdalogue.channels.webhook.items_of", side_effect=ZeroDivisionError), caplog.at_level(logging.DEBUG):
        answer = post(PARCEL)
    assert answer.status_code == 202
    assert "broke" in answer.json()["reason"]
    assert flow.replay(Delivery.objects.select_related("account").get()).state == Delivery.State.FILED


def test_passwords_in_headers_are_not_kept(account: Callable[..., Account], client: Client) -> None:
    hook = account("webhook", settings={"proof": "bearer"}, secrets={"secret": SECRET})
    answer = client.post(
        f"/hooks/{hook.key}/",
        PARCEL,
        content_type="application/json",
        headers={"Authorization": f"Bearer {SECRET}", "Cookie": "a=b", "X-Request": "7"},
    )
    assert answer.status_code == 200
    kept = Delivery.objects.get().headers
    assert kept["x-request"] == "7"
    assert not {"authorization", "cookie"} & set(kept)


def test_logs_hold_no_message_text(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post(PARCEL)
        post({**PARCEL, "text": ["Where is my parcel?"]})
        post(PARCEL, header="t=1,v1=00")
    assert "parcel" not in caplog.text
    assert SECRET not in caplog.text
