"""Settings: who may open what, and that nothing is changed without a line in the audit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from crowdalogue.models import User

pytestmark = pytest.mark.django_db
For = Callable[..., Client]
PAGES = (
    *("channels", "channel_choose", "imports", "import_new", "deliveries", "promises", "hours_new", "brands"),
    *("products", "team"),
)
ALL = (*PAGES, "tokens", "audit", "audit_export", "imports_rows")


@pytest.mark.parametrize("name", ALL)
def test_managers_open_it_and_others_get_a_plain_403(
    name: str, client_for: For, owner: User, manager: User, helper: User, analyst: User, stranger: User
) -> None:
    for user in (owner, manager):
        assert client_for(user).get(reverse(name)).status_code == 200
    for user in (helper, analyst, stranger):
        refused = client_for(user).get(reverse(name))
        assert refused.status_code == 403
        assert "Your role does not include this page" in refused.content.decode()


def test_nobody_signed_in_is_sent_to_sign_in(client_for: For, owner: User) -> None:
    assert client_for(None).get(reverse("channels")).status_code == 302


def test_the_first_page_shows_each_what_is_theirs(client_for: For, owner: User, helper: User) -> None:
    full = client_for(owner).get(reverse("settings")).content.decode()
    own = client_for(helper).get(reverse("settings")).content.decode()
    assert reverse("team") in full and reverse("audit") in full
    assert reverse("team") not in own and reverse("channels") not in own
    assert "Two-factor sign-in" in own
