"""Kept apart on the page: why, taking back, and the rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.act import apart
from crowdalogue.models import Account, Apart, Audit, Handle, Message, User
from tests.said import write

pytestmark = pytest.mark.django_db
For = Callable[..., Client]


@pytest.fixture
def message(account: Callable[..., Account]) -> Message:
    write(account("social"), "Cheap watches <b>now</b>")
    return Message.objects.get()


def test_a_message_is_kept_apart_and_taken_back(client_for: For, helper: User, message: Message) -> None:
    client = client_for(helper)
    client.post(reverse("judge", args=[message.pk]), {"kind": "spam"})
    page = client.get(reverse("apart")).content.decode()
    assert "Spam, judged by Hana Helper" in page
    assert "&lt;b&gt;now" in page
    row = Apart.objects.get()
    client.post(reverse("release", args=[row.pk]))
    assert "Nothing is kept apart" in client.get(reverse("apart")).content.decode()
    assert "Taken back" in client.get(reverse("apart") + "?which=undone").content.decode()
    assert Message.objects.get().conversation.waiting_since is not None


def test_what_rules_got_wrong_is_counted(client_for: For, helper: User, message: Message) -> None:
    Handle.objects.update(blocked_at=timezone.now(), blocked_why="Threats")
    flow.process(embed=False)
    client = client_for(helper)
    client.post(reverse("release", args=[Apart.objects.get().pk]))
    assert "1 message; 1 of them taken back by people" in client.get(reverse("apart")).content.decode()


def test_an_unknown_kind_is_refused_in_words(client_for: For, helper: User, message: Message) -> None:
    answer = client_for(helper).post(
        reverse("judge", args=[message.pk]), {"kind": "dull"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert "not a reason" in answer.content.decode()


def test_only_who_manages_changes_the_rules(client_for: For, owner: User, helper: User) -> None:
    given = {"spam_sure": "80", "copies": "9", "flood": "0", "trolled": "2", "hide": ["spam"], "block_after": "4"}
    assert client_for(helper).post(reverse("apart_rules"), given).status_code == 403
    client = client_for(owner)
    assert client.post(reverse("apart_rules"), given).status_code == 302
    rules = apart.rules()
    assert (rules.spam_sure, rules.copies, rules.flood, rules.bots) == (0.8, 9, 0, False)
    assert (rules.hide, rules.block_after) == (("spam",), 4)
    assert Audit.objects.filter(deed="changed_settings", what__contains="kept apart").exists()
    assert client.post(reverse("apart_rules"), given | {"spam_sure": "20"}).status_code == 422


def test_a_stranger_sees_nothing(client: Client, message: Message) -> None:
    assert client.get(reverse("apart")).status_code == 302
    assert client.post(reverse("judge", args=[message.pk]), {"kind": "spam"}).status_code in (302, 403)
    assert not Apart.objects.exists()
