"""Look and keys are a person's own, and only known choices are kept."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from crowdalogue.models import User


def test_the_look_is_served_with_the_page(helper: User, client_for: Callable[..., Client]) -> None:
    client = client_for(helper)
    assert 'data-theme="' not in client.get("/inbox/").content.decode()
    answer = client.post("/preferences/", {"theme": "dark", "next": "/people/"})
    assert answer["Location"] == "/people/"
    assert '<html lang="en" data-theme="dark" data-keys="on">' in client.get("/inbox/").content.decode()
    client.post("/preferences/", {"theme": "system", "keys": "off"})
    page = client.get("/inbox/").content.decode()
    assert 'data-theme="' not in page and 'data-keys="off"' in page


def test_what_is_no_choice_is_not_kept(helper: User, client_for: Callable[..., Client]) -> None:
    client = client_for(helper)
    client.post("/preferences/", {"theme": '"><script>', "role": "owner"})
    helper.refresh_from_db()
    assert helper.preferences == {} and helper.role == "agent"


def test_one_is_never_led_to_another_site(helper: User, client_for: Callable[..., Client]) -> None:
    for given in ("https://evil.example.com/", "//evil.example.com", "javascript:alert(1)", ""):
        assert client_for(helper).post("/preferences/", {"keys": "on", "next": given})["Location"] == "/"
