"""Finding a person, and everything about one on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crowdalogue.listen import merging, standing
from crowdalogue.models import BusinessRecord, Handle, Interaction, Merge, Resemblance, User

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
    second = client.get("/people/", {"before": first.context["next"]})
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


def test_the_time_line_holds_everything_a_page_at_a_time(helper: User, client_for: Browser, written: Written) -> None:
    for n in range(60):
        row = written(f"word {n}", name="Mara Lindqvist", minutes=200 - n)
    who = row.person
    handle = Handle.objects.get(person=who)
    at = timezone.now()
    Interaction.objects.create(account=row.account, external_id="l1", handle=handle, kind="like", at=at)
    for kind in ("order", "return", "ticket"):
        BusinessRecord.objects.create(kind=kind, external_id=f"{kind}-1", person=who, at=at, product="Kettle")
    client = client_for(helper)
    first = client.get(f"/people/{who.pk}/")
    seen = [(line["kind"], line["row"].pk) for line in first.context["timeline"]]
    second = client.get(f"/people/{who.pk}/", {"before": first.context["after"]})
    seen += [(line["kind"], line["row"].pk) for line in second.context["timeline"]]
    assert len(seen) == len(set(seen)) == 64
    assert not second.context["after"]
    only = client.get(f"/people/{who.pk}/?kind=orders")
    assert {line["row"].kind for line in only.context["timeline"]} == {"order", "return"}
    page = first.content.decode()
    for said in ("Order order-1", "Return return-1", "Service contact ticket-1", "like by", "word 59"):
        assert said.casefold() in page.casefold(), said
    assert client.get(f"/people/{who.pk}/?before=nonsense&kind=what").status_code == 200


def test_somebody_is_found_by_an_order(helper: User, client_for: Browser, written: Written) -> None:
    row = written(name="Mara Lindqvist")
    BusinessRecord.objects.create(kind="order", external_id="BC-70123", person=row.person, at=timezone.now())
    client = client_for(helper)
    for words in ("BC-70123", "bc-70123", "#BC-70123"):
        assert [r["person"] for r in client.get("/people/", {"q": words}).context["rows"]] == [row.person], words


def test_whoever_was_merged_leads_to_who_they_became(helper: User, client_for: Browser, written: Written) -> None:
    mara, tobias = written(name="Mara Lindqvist").person, written(name="Tobias Renner").person
    row = merging.merge(mara, tobias, why="order", reason="Named order 7", confidence=0.97)
    client = client_for(helper)
    assert client.get(f"/people/{tobias.pk}/").headers["Location"] == f"/people/{mara.pk}/"
    page = client.get(f"/people/{mara.pk}/").content.decode()
    assert "Named order 7" in page
    assert "97" in page
    assert f"/people/merge/{row.pk}/undo/" in page
    assert [r["person"] for r in client.get("/people/").context["rows"]] == [mara]
    assert [r["person"] for r in client.get("/people/?q=tobias").context["rows"]] == [mara]
    assert Merge.objects.get().undone_at is None


def test_standings_are_shown_with_their_reason(helper: User, client_for: Browser, written: Written) -> None:
    mara, _ = written(name="Mara Lindqvist").person, written(name="Tobias Renner")
    standing.give(mara, "vip", "Opened the first shop with us", user=helper)
    client = client_for(helper)
    assert "Opened the first shop with us" in client.get(f"/people/{mara.pk}/").content.decode()
    assert [r["person"] for r in client.get("/people/?standing=vip").context["rows"]] == [mara]
    assert client.get("/people/?standing=advocate").context["rows"] == []


def test_questions_stand_on_the_page_of_both(
    helper: User, analyst: User, client_for: Browser, written: Written
) -> None:
    mara, tobias = written(name="Mara Lindqvist").person, written(name="Tobias Renner").person
    Resemblance.objects.create(one=mara, other=tobias, evidence="order", reason="Named order 7", confidence=0.9)
    for who in (mara, tobias):
        assert "Named order 7" in client_for(helper).get(f"/people/{who.pk}/").content.decode()
    page = client_for(analyst).get(f"/people/{mara.pk}/").content.decode()
    assert "Named order 7" in page
    assert 'value="same"' not in page
