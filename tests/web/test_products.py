"""The catalogue in Settings: adding, removing, adopting what was found; each only by those who manage."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, Audit, BusinessRecord, CatalogueEntry, NameProposal, Reading, User

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


def test_a_product_is_added_found_in_the_next_message_and_removed(
    owner: User, client_for: Browser, account: Callable[..., Account]
) -> None:
    client = client_for(owner)
    given = {"name": "Tarn  Kettle", "synonyms": "water boiler, , water boiler", "codes": "KX-200", "kind": "product"}
    assert client.post(reverse("products"), given).status_code == 302
    entry = CatalogueEntry.objects.get()
    assert (entry.name, entry.synonyms, entry.codes) == ("Tarn Kettle", ["water boiler"], ["KX-200"])
    flow.file(
        account("email"), [Incoming("1", Author("mara@example.com"), "my tarn ketle leaks", sent_at=entry.changed_at)]
    )
    flow.process(embed=False)
    assert Reading.objects.get().product == "Tarn Kettle"
    assert b"Tarn Kettle" in client.get(reverse("products")).content
    client.post(reverse("product_drop", args=[entry.pk]))
    assert not CatalogueEntry.objects.exists()
    assert Audit.objects.filter(deed="changed_catalogue").count() == 2


@pytest.mark.parametrize(
    "given",
    [{"name": " … "}, {"name": "Quay", "kind": "store"}, {"name": "Quay", "kind": "store", "country": "ZZ"}],
)
def test_what_cannot_be_one_is_said_beside_the_form(owner: User, client_for: Browser, given: dict[str, str]) -> None:
    answer = client_for(owner).post(reverse("products"), given)
    assert answer.status_code == 422
    assert b'aria-invalid="true"' in answer.content
    assert not CatalogueEntry.objects.exists()


def test_the_same_name_twice_is_refused_and_a_store_may_share_a_products_name(owner: User, client_for: Browser) -> None:
    client = client_for(owner)
    client.post(reverse("products"), {"name": "Quay"})
    assert client.post(reverse("products"), {"name": "Quay"}).status_code == 422
    assert client.post(reverse("products"), {"name": "Quay", "kind": "store", "country": "gb"}).status_code == 302
    assert sorted(CatalogueEntry.objects.values_list("kind", "country")) == [("product", ""), ("store", "GB")]


def test_new_names_are_found_adopted_and_dismissed(
    owner: User, client_for: Browser, account: Callable[..., Account]
) -> None:
    mailbox, client = account("email"), client_for(owner)
    at = CatalogueEntry(name="now").changed_at
    said = [
        Incoming(str(i), Author(f"p{i}@example.com"), "my Skerry Grill and my Pinnacle", sent_at=at) for i in range(3)
    ]
    flow.file(mailbox, said)
    client.post(reverse("products_look"))
    shown = client.get(reverse("products")).content.decode()
    assert "Skerry Grill" in shown and "3 people" in shown
    grill, other = (NameProposal.objects.get(name=name).pk for name in ("Skerry Grill", "Pinnacle"))
    client.post(reverse("proposal", args=[grill]), {"do": "adopt", "name": "Skerry Grill"})
    client.post(reverse("proposal", args=[other]), {"do": "dismiss"})
    assert list(CatalogueEntry.objects.values_list("name", "source")) == [("Skerry Grill", "proposal")]
    assert dict(NameProposal.objects.values_list("name", "state")) == {
        "Skerry Grill": "adopted",
        "Pinnacle": "dismissed",
    }
    assert client.post(reverse("proposal", args=[grill]), {"do": "dismiss"}).status_code == 404


def test_products_of_orders_are_taken_on_request(owner: User, client_for: Browser) -> None:
    client, at = client_for(owner), CatalogueEntry(name="now").changed_at
    BusinessRecord.objects.create(kind="order", external_id="1", at=at, product="Tarn Kettle")
    assert b"Take the products of orders" in client.get(reverse("products")).content
    client.post(reverse("products_look"), {"take": "records"})
    assert CatalogueEntry.objects.get().name == "Tarn Kettle"


def test_a_long_catalogue_is_shown_a_page_at_a_time_and_searched(owner: User, client_for: Browser) -> None:
    CatalogueEntry.objects.bulk_create(CatalogueEntry(name=f"Lamp {i:03}") for i in range(150))
    client = client_for(owner)
    first = client.get(reverse("products")).content.decode()
    assert first.count("Lamp 0") and "Lamp 120" not in first and "?after=Lamp%20099" in first
    assert "Lamp 120" in client.get(reverse("products"), {"after": "Lamp 099"}).content.decode()
    assert client.get(reverse("products"), {"q": "lamp 14"}).content.decode().count('scope="row"') == 10


def test_only_who_manages_sees_and_changes_it(helper: User, stranger: User, client_for: Browser) -> None:
    entry = CatalogueEntry.objects.create(name="Tarn Kettle")
    for user in (helper, stranger):
        client = client_for(user)
        assert client.get(reverse("products")).status_code in (302, 403)
        assert client.post(reverse("product_drop", args=[entry.pk])).status_code in (302, 403)
        assert client.post(reverse("products"), {"name": "Other"}).status_code in (302, 403)
    assert list(CatalogueEntry.objects.values_list("name", flat=True)) == ["Tarn Kettle"]
