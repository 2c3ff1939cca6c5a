"""Handles and persons: each address once, whoever asks."""

from __future__ import annotations

import pytest

from crowdalogue.channels.base import Author
from crowdalogue.listen.people import Directory
from crowdalogue.models import Brand, Handle, Person

pytestmark = pytest.mark.django_db


def meet(*authors: Author) -> Directory:
    directory = Directory("email")
    directory.meet((a.address, a) for a in authors)
    return directory


def test_a_customer_gets_a_person_once() -> None:
    first = meet(Author("mara@example.com", "Mara"), Author("mara@example.com"))
    again = meet(Author("mara@example.com", "Somebody else"))
    assert (first.new_persons, again.new_persons) == (1, 0)
    assert Person.objects.get().name == "Mara"
    assert again["mara@example.com"].name == "Mara"


def test_our_own_account_is_a_brand_and_nobodys_person() -> None:
    directory = meet(Author("acme", ours=True, brand="Acme"), Author("rival", brand="Rival"))
    assert (directory.new_persons, directory.new_brand_accounts) == (0, 2)
    assert Handle.objects.get(address="acme").brand == Brand.objects.get(name="Acme")
    assert not Handle.objects.get(address="rival").ours


def test_a_name_that_comes_later_is_learned() -> None:
    meet(Author("mara@example.com"))
    assert Person.objects.get().name == "mara@example.com"
    meet(Author("mara@example.com", "Mara"))
    assert Person.objects.get().name == "Mara"


def test_a_name_a_person_typed_is_kept() -> None:
    meet(Author("mara@example.com"))
    Person.objects.update(name="Mara Lind, prefers calls")
    meet(Author("mara@example.com", "M."))
    assert Person.objects.get().name == "Mara Lind, prefers calls"


def test_newer_facts_replace_older_ones_and_claims_stay() -> None:
    meet(Author("mara@example.com", facts={"followers": 10, "place": "Dunmoor"}))
    handle = Handle.objects.get()
    Handle.objects.update(facts={**handle.facts, "claims": {"7": ["order", 0.9, "named order 7"]}})
    meet(Author("mara@example.com", facts={"followers": 12}))
    handle.refresh_from_db()
    assert handle.facts == {
        "followers": 12,
        "place": "Dunmoor",
        "claims": {"7": ["order", 0.9, "named order 7"]},
    }


def test_whoever_is_met_again_is_looked_at_again() -> None:
    meet(Author("mara@example.com"), Author("tobias@example.com"))
    Person.objects.update(looked_at="2026-11-01T00:00Z")
    meet(Author("mara@example.com"))
    assert list(Person.objects.filter(looked_at=None).values_list("name", flat=True)) == ["mara@example.com"]


def test_a_named_address_belongs_to_whoever_writes_from_it() -> None:
    claimant = Person.objects.create(name="Somebody")
    Handle.objects.create(kind="email", address="mara@example.com", person=claimant, facts={"said": True})
    directory = meet(Author("mara@example.com", "Mara"))
    handle = Handle.objects.get()
    assert directory.new_persons == 1
    assert handle.person is not None
    assert (handle.person.name, handle.facts) == ("Mara", {})
    assert handle.person != claimant
    assert directory["mara@example.com"].person_id == handle.person_id
