"""Finding a person, and everything about one on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crowdalogue.models import BusinessRecord, User

Written = Callable[..., Any]
Browser = Callable[..., Client]


def test_a_person_is_found_by_name_and_address(helper: User, client_for: Browser, written: Written) -> None:
    mara = written(name="Mara Lindqvist").person
    written(name="Tobias Renner")
    client = client_for(helper)
    for words in ("mara", "Lindq", "mara@example.com"):
        rows = client.get("/people/", {"q": words}).context["rows"]
        assert [row["person"].pk for row in rows] == [mara.pk], words
    assert "Nobody was found" in client.get("/people/?q=zzzz").content.decode()
    assert len(client.get("/people/").context["rows"]) == 2


def test_the_list_takes_few_queries(helper: User, client_for: Browser, written: Written) -> None:
    client = client_for(helper)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get("/people/")
        return len(seen)

    written(name="A")
    few = queries()
    for n in range(12):
        written(name=f"P{n}")
    assert queries() <= few


def test_people_come_a_page_at_a_time(helper: User, client_for: Browser, written: Written) -> None:
    people = [written(name=f"P{n}").person.pk for n in range(52)]
    client = client_for(helper)
    first = client.get("/people/")
    assert [row["person"].pk for row in first.context["rows"]] == people[:1:-1]
    second = client.get("/people/", {"after": first.context["next"]})
    assert [row["person"].pk for row in second.context["rows"]] == people[1::-1] and not second.context["next"]


def test_one_page_holds_what_they_said_and_what_the_business_knows(
    helper: User, client_for: Browser, written: Written
) -> None:
    row = written("My battery dies", name="Mara Lindqvist", subject="Battery")
    BusinessRecord.objects.create(
        kind="order",
        external_id="48213",
        person=row.person,
        at=timezone.now(),
        product="X200",
        amount="389.00",
        currency="EUR",
    )
    page = client_for(helper).get(f"/people/{row.person_id}/").content.decode()
    for said in ("Mara Lindqvist", "mara@example.com", "Battery", "My battery dies", "48213", "X200", "EUR 389.00"):
        assert said in page, said


def test_a_stranger_finds_nobody(stranger: User, client_for: Browser, written: Written) -> None:
    row = written()
    assert client_for(stranger).get(f"/people/{row.person_id}/").status_code == 403
