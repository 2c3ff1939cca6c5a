"""API tokens: shown once, ended at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from crowdalogue.models import Audit, Token, User

pytestmark = pytest.mark.django_db
For = Callable[..., Client]


@pytest.fixture
def client(client_for: For, owner: User) -> Client:
    return client_for(owner)


def test_a_token_is_shown_once_and_ends(client: Client, owner: User) -> None:
    made = client.post(reverse("tokens"), {"name": "Warehouse sync"})
    key, token = made.context["key"], Token.objects.get()
    assert key in made.content.decode() and token.digest == Token.digest_of(key)
    assert key not in client.get(reverse("tokens")).content.decode()
    client.post(reverse("token_end", args=[token.pk]))
    token.refresh_from_db()
    assert token.ended_at is not None
    deeds = Audit.objects.exclude(deed="signed_in").order_by("id").values_list("deed", flat=True)
    assert list(deeds) == ["made_token", "ended_token"]
    assert key not in " ".join(map(str, Audit.objects.values_list("what", "facts")))


def test_a_token_without_a_name_is_refused(client: Client) -> None:
    answer = client.post(reverse("tokens"), {"name": "  "})
    assert answer.status_code == 422 and "has no name" in answer.content.decode() and not Token.objects.exists()
