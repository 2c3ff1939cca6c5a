"""Brands: added, renamed, moved together, removed only where nothing belongs to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from crowdalogue.models import Account, Audit, Brand, User

pytestmark = pytest.mark.django_db
For = Callable[..., Client]


@pytest.fixture
def client(client_for: For, owner: User) -> Client:
    return client_for(owner)


def test_brands_are_added_renamed_moved_and_removed(client: Client, brand: Brand) -> None:
    client.post(reverse("brands"), {"names": "Contoso\nFabrikam", "side": "competitor"})
    rival = Brand.objects.get(name="Contoso")
    assert rival.competitor
    client.post(reverse("brand", args=[rival.pk]), {"do": "rename", "name": "Contoso Retail"})
    client.post(reverse("brand", args=[rival.pk]), {"do": "move"})
    rival.refresh_from_db()
    assert (rival.name, rival.competitor) == ("Contoso Retail", False)
    client.post(reverse("brand", args=[rival.pk]), {"do": "remove"})
    assert not Brand.objects.filter(pk=rival.pk).exists()
    assert Audit.objects.filter(deed="changed_brands").count() == 4


def test_ticked_brands_move_together(client: Client, brand: Brand) -> None:
    rivals = [Brand.objects.create(name=name) for name in ("Contoso", "Fabrikam")]
    assert client.get(reverse("brand", args=[brand.pk])).status_code == 200
    client.post(reverse("brands_move"), {"to": "competitor", "pick": [rival.pk for rival in rivals]})
    assert set(Brand.objects.filter(competitor=True)) == set(rivals)
    answer = client.post(reverse("brands_move"), {"to": "ours"}, follow=True)
    assert "No brand was ticked" in answer.content.decode()


def test_a_brand_that_messages_belong_to_stays(client: Client, brand: Brand, account: Callable[..., Account]) -> None:
    account("email", brand=brand)
    answer = client.post(reverse("brand", args=[brand.pk]), {"do": "remove"}, follow=True)
    assert "so it stays" in answer.content.decode() and Brand.objects.filter(pk=brand.pk).exists()


def test_a_name_that_is_there_already_is_said(client: Client, brand: Brand) -> None:
    answer = client.post(reverse("brands"), {"names": "NORTHWIND"})
    assert answer.status_code == 422 and "is there already" in answer.content.decode()
    other = Brand.objects.create(name="Other")
    client.post(reverse("brand", args=[other.pk]), {"do": "rename", "name": "Northwind"})
    other.refresh_from_db()
    assert other.name == "Other"
