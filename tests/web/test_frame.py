"""What every page stands in: closed by default, one policy, first run first, the rail of the role."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from crowdalogue.errors import Failure
from crowdalogue.models import Company, Conversation, User
from crowdalogue.web import frame

OPEN = (
    *("/accounts/", "/hooks/", "/chat/", "/form/", "/file/"),
    *("/start/", "/api/", "/health/", "/favicon.ico", "/static/"),
)


def addresses(patterns: list[Any], before: str = "/") -> list[str]:
    """Every address of the product, with 1 for each part that varies."""
    found = []
    for pattern in patterns:
        here = before + re.sub(r"<[^>]+>", "1", str(pattern.pattern)).strip("^$")
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            found.append(here)
    return found


def closed() -> list[str]:
    return [a for a in addresses(get_resolver().url_patterns) if not a.startswith(OPEN)]


def test_no_page_opens_without_signing_in(company: Company, client_for: Callable[..., Client]) -> None:
    client = client_for(None)
    assert len(closed()) > 15
    for address in closed():
        for method in ("get", "post"):
            answer = getattr(client, method)(address)
            assert answer.status_code == 401 or answer["Location"].startswith("/accounts/login/"), address


def test_a_stranger_gets_nothing(stranger: User, client_for: Callable[..., Client]) -> None:
    client = client_for(stranger)
    assert {client.get(address).status_code for address in closed()} == {403}


def test_before_the_first_run_everything_leads_there(db: None, client_for: Callable[..., Client]) -> None:
    for address in ("/", "/inbox/", "/accounts/login/"):
        answer = client_for(None).get(address)
        assert (answer.status_code, answer["Location"]) == (302, "/start/")


def test_every_answer_carries_the_policy(
    owner: User, client_for: Callable[..., Client], written: Callable[..., Conversation]
) -> None:
    row = written()
    client = client_for(owner)
    for address in ("/inbox/", f"/inbox/{row.pk}/", "/people/", "/search/?q=parcel", "/new/", "/nothing/", "/start/"):
        answer = client.get(address)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy, address
        assert "frame-ancestors 'self'" in policy and "object-src 'none'" in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "camera=()" in answer["Permissions-Policy"] or answer.status_code == 404


def test_no_page_holds_inline_script_or_style(
    owner: User, client_for: Callable[..., Client], written: Callable[..., Conversation]
) -> None:
    row = written(html="<p>hello</p>")
    client = client_for(owner)
    for address in ("/inbox/", f"/inbox/{row.pk}/", "/people/", f"/people/{row.person_id}/", "/search/?q=a", "/new/"):
        page = client.get(address).content.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), address
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", page), address


@pytest.mark.parametrize(("who", "titles"), [("helper", {"Inbox", "People"}), ("analyst", {"Inbox", "People"})])
def test_the_rail_has_what_is_there_for_the_role(
    who: str, titles: set[str], request: pytest.FixtureRequest, client_for: Callable[..., Client]
) -> None:
    client = client_for(request.getfixturevalue(who))
    page = client.get("/inbox/")
    rail = page.context["rail"]
    assert titles <= {entry["title"] for entry in rail}
    assert [entry["title"] for entry in rail if entry["here"]] == ["Inbox"]
    for entry in rail:  # no dead links
        assert client.get(entry["url"]).status_code == 200, entry["url"]


def test_the_rail_counts_who_waits(
    helper: User, client_for: Callable[..., Client], written: Callable[..., Conversation]
) -> None:
    written(name="Mara")
    written(name="Tobias")
    rail = client_for(helper).get("/people/").context["rail"]
    assert [entry["count"] for entry in rail if entry["title"] == "Inbox"] == [2]


def test_times_are_in_the_readers_zone(
    helper: User, client_for: Callable[..., Client], written: Callable[..., Conversation]
) -> None:
    row = written(minutes=60)
    helper.timezone = "Asia/Tokyo"
    helper.save()
    page = client_for(helper).get(f"/inbox/{row.pk}/").content.decode()
    hour = (row.last_at.hour + 9) % 24
    assert f"{hour:02d}:{row.last_at.minute:02d}</time>" in page


def test_a_wrong_zone_breaks_nothing(helper: User, client_for: Callable[..., Client]) -> None:
    helper.timezone = "Mars/Base"
    helper.save()
    assert client_for(helper).get("/inbox/").status_code == 200


def test_a_signed_out_piece_says_where_to_sign_in(company: Company, client_for: Callable[..., Client]) -> None:
    answer = client_for(None).get("/inbox/", headers={"HX-Request": "true"})
    assert answer.status_code == 401 and answer["HX-Redirect"] == "/accounts/login/"


def test_pieces_and_pages_are_not_confused_by_caches(helper: User, client_for: Callable[..., Client]) -> None:
    answer = client_for(helper).get("/inbox/")
    assert "HX-Request" in answer["Vary"] and answer["Cache-Control"] == "private, no-cache"


def test_an_expected_failure_is_shown_in_its_words(rf: Any) -> None:
    answer = frame.Frame(lambda request: HttpResponse()).process_exception(rf.get("/x/"), Failure("It rained. Dry it."))
    assert answer is not None and answer.status_code == 422 and b"It rained. Dry it." in answer.content
    assert frame.Frame(lambda request: HttpResponse()).process_exception(rf.get("/x/"), ValueError("x")) is None


def test_needs_guards_a_view(rf: Any, analyst: User, helper: User) -> None:
    @frame.needs("answer")
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("in")

    request = rf.get("/")
    request.user = helper
    assert view(request).status_code == 200
    request.user = analyst
    with pytest.raises(frame.PermissionDenied):
        view(request)


def test_the_company_is_looked_up_again_when_it_changes(company: Company) -> None:
    assert str(frame.company()) == "Northwind Example"
    company.name = "Renamed"
    company.save()
    assert str(frame.company()) == "Renamed"
