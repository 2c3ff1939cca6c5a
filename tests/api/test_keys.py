"""Tokens at the door: who comes in, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from crowdalogue.models import Account, Conversation, Token, User
from tests.api.conftest import Program, refused

LISTS = ("/messages", "/conversations", "/conversations/counts", "/replies", "/persons", "/accounts", "/tokens")
FIGURES = ("/reports", "/reports/response")
MANAGING = ("/deliveries", "/imports")


def test_nobody_without_a_token(program: Callable[..., Program]) -> None:
    for key in ("", "cw_wrong", "x" * 5000, "ü"):
        response = program(key=key).get("/me")
        assert "token is missing, wrong or ended" in refused(response, 401)
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_session_is_no_token(client_for: Callable[..., Client], owner: User) -> None:
    """Cookies do not open the API, so no other site can make a browser call it."""
    refused(client_for(owner).get("/api/v1/me"), 401)


def test_ended_tokens_and_people_who_left(program: Callable[..., Program], owner: User) -> None:
    caller = program(owner)
    assert caller.get("/me").status_code == 200
    User.objects.update(is_active=False)
    refused(caller.get("/me"), 401)
    User.objects.update(is_active=True)
    Token.objects.update(ended_at=timezone.now())
    refused(caller.get("/me"), 401)


def test_use_is_noted_once_a_minute(program: Callable[..., Program], owner: User) -> None:
    caller = program(owner)
    caller.get("/me")
    first = Token.objects.get().used_at
    assert first is not None
    caller.get("/me")
    assert Token.objects.get().used_at == first
    Token.objects.update(used_at=timezone.now() - timedelta(minutes=2))
    caller.get("/me")
    assert (Token.objects.get().used_at or first) >= first


def test_guessing_is_slowed_down(program: Callable[..., Program], owner: User) -> None:
    guesser = program(key="cw_guess")
    statuses = [guesser.get("/me").status_code for _ in range(25)]
    assert statuses[:20] == [401] * 20
    assert set(statuses[20:]) == {429}
    assert guesser.get("/me")["Retry-After"] == "60"
    assert program(owner).get("/me").status_code == 200


@pytest.mark.parametrize("path", [*LISTS, *FIGURES, *MANAGING, "/search?q=parcel", "/search/persons?q=ada"])
def test_strangers_see_nothing(program: Callable[..., Program], stranger: User, path: str) -> None:
    assert "does not include" in refused(program(stranger).get(path), 403)


@pytest.mark.parametrize("path", [*LISTS, *FIGURES, *MANAGING, "/search?q=parcel"])
def test_owners_see_everything(program: Callable[..., Program], owner: User, path: str) -> None:
    assert program(owner).get(path).status_code == 200


def test_roles_reach_as_far_as_their_rights(program: Callable[..., Program], helper: User, analyst: User) -> None:
    for path in MANAGING:
        refused(program(helper).get(path), 403)
        refused(program(analyst).get(path), 403)
    for path in (*LISTS, *FIGURES):
        assert program(helper).get(path).status_code == 200
        assert program(analyst).get(path).status_code == 200


DEEDS = (
    ("assign", {"owner": None}),
    ("tag", {"name": "late"}),
    ("untag", {"name": "late"}),
    ("snooze", {"until": "2100-01-01T09:00:00Z"}),
    ("close", {}),
    ("reopen", {}),
    ("apart", {"reason": "spam"}),
    ("reply", {"text": "Hello"}),
    ("note", {"text": "Hello"}),
)


@pytest.mark.parametrize(("deed", "body"), DEEDS)
def test_only_those_who_answer_change_anything(
    program: Callable[..., Program],
    say: Callable[..., Conversation],
    analyst: User,
    stranger: User,
    deed: str,
    body: dict[str, object],
) -> None:
    row = say()
    before = Conversation.objects.filter(pk=row.pk).values().get()
    for user in (analyst, stranger):
        refused(program(user).post(f"/conversations/{row.pk}/{deed}", body, Idempotency_Key="key-0001"), 403)
    assert Conversation.objects.filter(pk=row.pk).values().get() == before


def test_writing_needs_the_right(
    program: Callable[..., Program], account: Callable[..., Account], helper: User, analyst: User
) -> None:
    messages = {"account": account("x").pk, "messages": [{"author": "ada", "text": "Hi"}]}
    refused(program(analyst).post("/messages", messages), 403)
    refused(program(analyst).post("/messages/by-hand", {"text": "Hi"}, Idempotency_Key="key-0001"), 403)
    refused(program(helper).post("/accounts", {"kind": "webhook", "name": "Shop"}), 403)
    refused(program(helper).patch(f"/accounts/{messages['account']}", {"state": "paused"}), 403)
    caller = program(helper)
    file = {"file": SimpleUploadedFile("a.csv", b"text\nHi\n")}
    refused(caller.client.post("/api/v1/imports", file, headers={"Authorization": f"Bearer {caller.key}"}), 403)
