"""Team: adding by a link that works once, roles, deactivating, and what managers may not do to owners."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crowdalogue.models import Account, Audit, Conversation, Token, User

pytestmark = pytest.mark.django_db
For = Callable[..., Client]
NEW = {"name": "Nora New", "email": "Nora@Example.com", "role": "agent"}
PASSWORD = "a fresh long sentence"


@pytest.fixture
def client(client_for: For, owner: User) -> Client:
    return client_for(owner)


def test_somebody_new_signs_in_by_a_link_that_works_once(client: Client, client_for: For) -> None:
    answer = client.post(reverse("team"), NEW)
    link = answer.context["link"]
    user = User.objects.get(email="nora@example.com")
    assert link in answer.content.decode() and not user.has_usable_password()
    fresh, path = client_for(None), urlsplit(link).path
    form = fresh.get(path, follow=True)
    assert form.status_code == 200
    fresh.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    again = client_for(None).get(path, follow=True)
    client_for(None).post(
        again.request["PATH_INFO"], {"password1": "another long one", "password2": "another long one"}
    )
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert Audit.objects.filter(deed="added_member", what="Nora New").exists()


def test_an_address_in_use_is_said_beside_the_field(client: Client, helper: User) -> None:
    answer = client.post(reverse("team"), NEW | {"email": helper.email.upper()})
    assert answer.status_code == 422
    assert "signs in with this address already" in answer.context["form"].errors["email"][0]


def test_a_manager_makes_no_owner_and_changes_none(client_for: For, manager: User, owner: User, helper: User) -> None:
    boss = client_for(manager)
    assert boss.post(reverse("team"), NEW | {"role": "owner"}).status_code == 422
    assert boss.post(reverse("member", args=[helper.pk, "role"]), {"role": "owner"}).status_code == 422
    for deed in ("role", "link", "deactivate"):
        assert boss.post(reverse("member", args=[owner.pk, deed]), {"role": "agent"}).status_code == 422
    owner.refresh_from_db()
    helper.refresh_from_db()
    assert (owner.role, owner.is_active, helper.role) == ("owner", True, "agent")


def test_nobody_locks_themselves_out(client: Client, owner: User) -> None:
    assert client.post(reverse("member", args=[owner.pk, "deactivate"])).status_code == 422
    owner.refresh_from_db()
    assert owner.is_active


def test_a_role_is_changed(client: Client, helper: User) -> None:
    client.post(reverse("member", args=[helper.pk, "role"]), {"role": "analyst"})
    helper.refresh_from_db()
    assert helper.role == "analyst"
    assert Audit.objects.get(deed="changed_role").facts == {"was": "agent", "now": "analyst"}


def test_deactivating_signs_out_ends_tokens_and_gives_work_back(
    client: Client, client_for: For, helper: User, account: Callable[..., Account]
) -> None:
    at = timezone.now()
    mine = Conversation.objects.create(account=account(), kind="email", first_at=at, last_at=at, owner=helper)
    token, _ = Token.make(helper, "phone")
    theirs = client_for(helper)
    assert theirs.get(reverse("inbox")).status_code == 200
    client.post(reverse("member", args=[helper.pk, "deactivate"]))
    assert theirs.get(reverse("inbox")).status_code == 302
    mine.refresh_from_db()
    token.refresh_from_db()
    assert mine.owner is None and token.ended_at is not None
    client.post(reverse("member", args=[helper.pk, "activate"]))
    helper.refresh_from_db()
    assert helper.is_active and set(Audit.objects.values_list("deed", flat=True)) >= {"deactivated", "activated"}


def test_an_agent_changes_nobody(client_for: For, helper: User, analyst: User) -> None:
    assert client_for(helper).post(reverse("member", args=[analyst.pk, "deactivate"])).status_code == 403
    analyst.refresh_from_db()
    assert analyst.is_active
