"""The field map of a webhook, from a pasted example to what it reads."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from crowdalogue import flow
from crowdalogue.channels.base import Raw
from crowdalogue.models import Account, Message, User

pytestmark = pytest.mark.django_db
EXAMPLE = json.dumps(
    {"items": [{"comment": {"id": 7, "body": "Where is it?"}, "user": {"email": "mara@example.com", "login": "mara"}}]}
)


@pytest.fixture
def hook(account: Callable[..., Account]) -> Account:
    return account("webhook", settings={"proof": "signature"}, secrets={"secret": "s" * 40})


def test_guessed_corrected_kept_and_used(client_for: Callable[..., Client], owner: User, hook: Account) -> None:
    client, address = client_for(owner), reverse("fieldmap", args=[hook.pk])
    assert client.get(address).status_code == 200
    page = client.post(address, {"example": EXAMPLE, "then": ""})
    assert "comment.body" in page.context["lines"]
    assert "mara@example.com" in page.content.decode()
    chosen = {"map_messages": "items", "map_text": "comment.body", "map_author": "user.login", "map_id": "comment.id"}
    again = client.post(address, {"example": EXAMPLE, "then": "try", **chosen})
    assert again.context["read"][0]["author"] == "(mara)"
    assert client.post(address, {"example": EXAMPLE, "then": "keep", **chosen}).status_code == 302
    hook.refresh_from_db()
    assert "author = user.login" in hook.settings["map"]
    flow.receive(hook, Raw(EXAMPLE.encode()), trusted=True)
    message = Message.objects.get()
    assert (message.external_id, message.text, str(message.handle)) == ("7", "Where is it?", "mara")


def test_what_cannot_be_read_is_not_kept(client_for: Callable[..., Client], owner: User, hook: Account) -> None:
    client, address = client_for(owner), reverse("fieldmap", args=[hook.pk])
    for example, says in (("", "There is no example"), ("{", "breaks at line 1"), (EXAMPLE, "say who wrote it")):
        answer = client.post(address, {"example": example, "then": "keep", "map_text": "comment.body",
                                       "map_messages": "items"})  # fmt: skip
        assert answer.status_code == 422
        assert says in answer.content.decode()
    hook.refresh_from_db()
    assert "map" not in hook.settings


def test_only_for_webhooks_and_who_manages(
    client_for: Callable[..., Client], owner: User, helper: User, account: Callable[..., Account], hook: Account
) -> None:
    other = account("email", settings={"from_address": "help@example.com"})
    assert client_for(owner).get(reverse("fieldmap", args=[other.pk])).status_code == 404
    assert client_for(helper).get(reverse("fieldmap", args=[hook.pk])).status_code == 403
