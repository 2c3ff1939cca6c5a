"""Signing in: closed to newcomers, limited, audited; the second factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from crowdalogue.models import Audit, User
from crowdalogue.web.team import link_for
from tests.conftest import PASSWORD


@pytest.fixture(autouse=True)
def no_limits_left() -> None:
    cache.clear()


def sign_in(client: Client, email: str, password: str) -> int:
    return client.post("/accounts/login/", {"login": email, "password": password}).status_code


def test_with_the_password_one_is_in_and_it_is_written_down(helper: User, client_for: Callable[..., Client]) -> None:
    client = client_for(None)
    assert sign_in(client, "HANA@example.com", PASSWORD) == 302
    assert client.get("/inbox/").status_code == 200
    line = Audit.objects.get(deed="signed_in")
    assert line.user == helper and line.address == "127.0.0.1"
    client.post("/accounts/logout/")
    assert Audit.objects.filter(deed="signed_out", user=helper).count() == 1
    assert client.get("/inbox/").status_code == 302


def test_a_wrong_password_is_refused_and_written_down_without_it(
    helper: User, client_for: Callable[..., Client]
) -> None:
    assert sign_in(client_for(None), "hana@example.com", "not the password") == 200
    line = Audit.objects.get(deed="sign_in_refused")
    assert line.who == "hana@example.com" and "not the password" not in str(vars(line))


def test_guessing_is_slowed_down(helper: User, client_for: Callable[..., Client]) -> None:
    client = client_for(None)
    for _ in range(8):
        sign_in(client, "hana@example.com", "guess guess")
    sign_in(client, "hana@example.com", PASSWORD)  # the right one, too late
    assert client.get("/inbox/").status_code == 302


def test_nobody_signs_up_by_themselves(helper: User, client_for: Callable[..., Client]) -> None:
    client = client_for(None)
    answer = client.post("/accounts/signup/", {"email": "new@example.com", "password1": "a long enough one"})
    assert "owner or manager" in answer.content.decode()
    assert not User.objects.filter(email="new@example.com").exists()


def test_somebody_who_left_is_not_let_in(helper: User, client_for: Callable[..., Client]) -> None:
    helper.is_active = False
    helper.save()
    client = client_for(None)
    sign_in(client, "hana@example.com", PASSWORD)
    assert client.get("/inbox/").status_code == 302


def test_a_form_without_its_token_changes_nothing(helper: User, client_for: Callable[..., Client]) -> None:
    client = client_for(helper, enforce_csrf_checks=True)
    answer = client.post("/preferences/", {"theme": "dark"})
    assert answer.status_code == 403 and "open too long" in answer.content.decode()
    helper.refresh_from_db()
    assert helper.preferences == {}


def test_two_factor_sign_in_end_to_end(
    helper: User, client_for: Callable[..., Client], django_capture_on_commit_callbacks: Any
) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    link_for(helper)  # a link was made for them once: it leaves an address nobody confirmed
    client = client_for(None)
    sign_in(client, "hana@example.com", PASSWORD)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200, page["Location"]
    secret = page.context["form"].secret
    counter = next(iter(yield_hotp_counters_from_time()))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/accounts/2fa/totp/activate/", {"code": format_hotp_value(hotp_value(secret, counter))})
    assert answer.status_code == 302
    assert [a.deed for a in Audit.objects.filter(user=helper).order_by("id")][:2] == ["signed_in", "two_factor_added"]
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))
    client.post("/accounts/logout/")
    fresh = client_for(None)
    assert fresh.post("/accounts/login/", {"login": "hana@example.com", "password": PASSWORD})["Location"].endswith(
        "/2fa/authenticate/"
    )
    assert fresh.get("/inbox/")["Location"].startswith("/accounts/login/")


def test_the_pages_of_the_sign_in_speak_our_words(helper: User, client_for: Callable[..., Client]) -> None:
    client = client_for(None)
    login = client.get("/accounts/login/").content.decode()
    assert "E-mail address" in login and "Stay signed in" in login and "Remember Me" not in login
    wrong = client.post("/accounts/login/", {"login": "hana@example.com", "password": "not this one"}).content.decode()
    assert "The address or the password is wrong" in wrong and "hana@example.com" in wrong
    assert "crowdalogue user password" in client.get("/accounts/password/reset/").content.decode()
    assert "This link has ended" in client.get("/accounts/password/reset/key/1-abc/").content.decode()

    sign_in(client, "hana@example.com", PASSWORD)
    assert client.get("/accounts/email/")["Location"] == "/settings/"
    page = client.post(
        "/accounts/password/change/",
        {"oldpassword": "wrong", "password1": "another long one", "password2": "another long one"},
    ).content.decode()
    assert "The password you have" in page and "This is not your password" in page
    new = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    answer = client.post("/accounts/password/change/", new, follow=True)
    assert answer.redirect_chain[-1][0] == "/settings/" and "password is changed" in answer.content.decode()
    assert "A code from your phone" in client.get("/accounts/2fa/").content.decode()
