"""Kept apart over the API."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue.models import Conversation, Message, User
from tests.api.conftest import Program, refused


def test_keep_apart_list_and_undo(
    program: Callable[..., Program], say: Callable[..., Conversation], helper: User, analyst: User
) -> None:
    say()
    pk = Message.objects.get(direction="in").pk
    caller = program(helper)
    made = caller.post("/apart", {"message": pk, "kind": "spam"})
    assert made.status_code == 201
    refused(caller.post("/apart", {"message": pk, "kind": "spam"}), 422)
    refused(program(analyst).post("/apart", {"message": pk, "kind": "spam"}), 403)
    [row] = caller.get("/apart").json()["items"]
    assert (row["message"], row["kind"], row["undone_at"]) == (pk, "spam", None)
    assert caller.get("/apart?kind=troll").json()["items"] == []
    undone = caller.post(f"/apart/{row['id']}/undo").json()
    assert undone["undone_at"]
    assert caller.post(f"/apart/{row['id']}/undo").json() == undone
    assert Message.objects.get(pk=pk).apart is None
