"""Replies on their way out."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue.models import Conversation, Reply, User
from tests.api.conftest import Program, refused


def test_recall_and_resend(
    program: Callable[..., Program], say: Callable[..., Conversation], helper: User, analyst: User
) -> None:
    row = say()
    caller = program(helper)
    made = caller.post(
        f"/conversations/{row.pk}/reply", {"text": "Soon.", "delay": 60}, Idempotency_Key="answer-0001"
    ).json()
    assert [r["id"] for r in caller.get("/replies?state=queued").json()["items"]] == [made["id"]]
    assert caller.get(f"/replies?conversation={row.pk}&state=sent").json()["items"] == []
    refused(program(analyst).post(f"/replies/{made['id']}/recall"), 403)
    assert caller.post(f"/replies/{made['id']}/recall").json()["state"] == "recalled"
    assert caller.post(f"/replies/{made['id']}/recall").status_code in (404, 409)  # not twice
    second = caller.post(f"/conversations/{row.pk}/reply", {"text": "Now."}, Idempotency_Key="answer-0002").json()
    Reply.objects.filter(pk=second["id"]).update(state="failed", reason="The mailbox is full.")
    assert caller.get(f"/replies/{second['id']}").json()["reason"] == "The mailbox is full."
    assert caller.post(f"/replies/{second['id']}/resend").json()["state"] == "queued"
    refused(caller.get("/replies/9999"), 404)
