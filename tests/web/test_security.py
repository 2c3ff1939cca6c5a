"""Security of every address, found by walking the list of them: a page added tomorrow is tested tomorrow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter

from crowdalogue.models import User
from tests.conftest import PASSWORD

# Programs knock here and prove themselves otherwise: by a signature, or by a token that no browser sends by itself.
NO_BROWSERS = ("/hooks/", "/chat/", "/form/", "/file/", "/api/")
BEFORE_SIGN_IN = ("/accounts/", "/start/", "/favicon.ico", *NO_BROWSERS)


def walk(resolver: URLResolver | None = None, before: str = "/") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every address with its parameters filled in, and the function behind it."""
    for entry in (resolver or get_resolver()).url_patterns:
        address = before + fill(entry)
        if isinstance(entry, URLResolver):
            yield from walk(entry, address)
        elif isinstance(entry, URLPattern):
            yield address, entry.callback


def fill(entry: Any) -> str:
    text = str(entry.pattern).removeprefix("^").removesuffix("$").replace(r"\Z", "")
    for name, converter in entry.pattern.converters.items():
        value = "1" if isinstance(converter, IntConverter) else "x"
        text = text.replace(f"<int:{name}>", value).replace(f"<slug:{name}>", value).replace(f"<str:{name}>", value)
    return "".join(c for c in text if c not in "()?$^\\").split("P<")[0]


ADDRESSES = sorted({address for address, _ in walk()})
PAGES = [a for a in ADDRESSES if not a.startswith(NO_BROWSERS)]
CLOSED = [a for a in PAGES if not a.startswith(BEFORE_SIGN_IN)]


def test_the_walk_finds_the_pages() -> None:
    assert len(PAGES) > 40
    assert {"/", "/inbox/", "/inbox/1/", "/inbox/do/", "/settings/team/", "/start/", "/accounts/login/"} <= set(PAGES)


def test_only_doors_for_programs_are_exempt_from_csrf() -> None:
    exempt = {address for address, view in walk() if getattr(view, "csrf_exempt", False)}
    assert exempt and all(address.startswith(NO_BROWSERS) for address in exempt)


def test_every_unsafe_request_needs_its_token(client_for: Callable[..., Client], owner: User) -> None:
    browser = client_for(owner, enforce_csrf_checks=True)
    taken = {}
    for address in PAGES:
        for method in ("post", "put", "delete", "patch"):
            status = getattr(browser, method)(address).status_code
            if status not in (403, 404):  # 404: an address whose parameters we could not guess
                taken[method, address] = status
    assert taken == {}


def test_another_site_cannot_post(client_for: Callable[..., Client], owner: User) -> None:
    browser = client_for(owner, enforce_csrf_checks=True)
    browser.get("/inbox/")
    token = browser.cookies["csrftoken"].value if "csrftoken" in browser.cookies else "x" * 32
    browser.cookies["csrftoken"] = token
    answer = browser.post(
        "/preferences/", {"csrfmiddlewaretoken": token}, headers={"Origin": "https://evil.example.com"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("address", CLOSED)
def test_nobody_comes_in(client_for: Callable[..., Client], owner: User, stranger: User, address: str) -> None:
    nobody = client_for(None).get(address)
    assert nobody.status_code in (301, 302, 401), address
    if nobody.status_code in (301, 302):
        assert "/accounts/login/" in nobody["Location"]
    assert client_for(stranger).get(address).status_code == 403


def test_headers_of_every_page(client_for: Callable[..., Client], owner: User) -> None:
    browser = client_for(owner)
    for address in PAGES:
        if address.startswith("/stream/"):
            continue
        answer = browser.get(address)
        assert answer.status_code < 500, address
        policy = answer["Content-Security-Policy"]
        assert "default-src" in policy and "unsafe" not in policy, address
        assert answer["X-Content-Type-Options"] == "nosniff", address
        assert answer["Referrer-Policy"] == "same-origin", address
        assert "'none'" in policy or "frame-ancestors 'self'" in policy, address
        assert "public" not in answer.get("Cache-Control", "private"), address


def test_cookies(client_for: Callable[..., Client], owner: User) -> None:
    browser = client_for(None)
    page = browser.get("/accounts/login/")
    assert page.cookies["csrftoken"]["samesite"] == "Lax"
    done = browser.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert done.status_code == 302, done.content[:500]
    session = done.cookies[settings.SESSION_COOKIE_NAME]
    assert session["httponly"] and session["samesite"] == "Lax"


def test_cookies_are_secure_behind_https(fresh_environment: dict[str, str]) -> None:
    code = (
        "from crowdalogue import settings as s; "
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0, s.DEBUG)"
    )
    environment = {**fresh_environment, "CROWDALOGUE_URL": "https://care.example.com"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True", "False"]
