"""The catalogue and proposals of names: what the store itself forbids, and who may see them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from crowdalogue.models import CatalogueEntry, NameProposal, User

pytestmark = pytest.mark.django_db


def test_a_name_stands_once_a_kind() -> None:
    CatalogueEntry.objects.create(name="Quay")
    CatalogueEntry.objects.create(name="Quay", kind="store", country="GB")
    with pytest.raises(IntegrityError), transaction.atomic():
        CatalogueEntry.objects.create(name="Quay")
    NameProposal.objects.create(key="quay", name="Quay")
    with pytest.raises(IntegrityError), transaction.atomic():
        NameProposal.objects.create(key="quay", name="QUAY")


def test_synonyms_and_codes_are_shown_as_one_list() -> None:
    assert CatalogueEntry(name="Quay", synonyms=["Pier"], codes=["Q-1"]).others == ["Pier", "Q-1"]
    assert str(CatalogueEntry(name="Quay")) == str(NameProposal(name="Quay")) == "Quay"


def test_only_who_may_read_sees_them(owner: User, stranger: User) -> None:
    CatalogueEntry.objects.create(name="Quay")
    NameProposal.objects.create(key="quay", name="Quay")
    for model in (CatalogueEntry, NameProposal):
        assert model.objects.seen_by(owner).count() == 1
        assert model.objects.seen_by(stranger).count() == (1 if stranger.may("read") else 0)
