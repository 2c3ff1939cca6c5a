"""The audit: filtered, exported without formulas, and the export is a line of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from crowdalogue.models import Audit, User

pytestmark = pytest.mark.django_db
For = Callable[..., Client]


@pytest.fixture
def client(client_for: For, owner: User) -> Client:
    return client_for(owner)


def test_the_audit_is_filtered_and_exported_without_formulas(client: Client, owner: User) -> None:
    Audit.objects.create(user=owner, who="=cmd", deed="deleted", what="Shop")
    Audit.objects.create(user=owner, who="Olga", deed="signed_in", address="127.0.0.1")
    page = client.get(reverse("audit"), {"deed": "signed_in"})
    assert {row["line"].deed for row in page.context["rows"]} == {"signed_in"}
    assert [row["line"].what for row in client.get(reverse("audit"), {"q": "shop"}).context["rows"]] == ["Shop"]
    body = client.get(reverse("audit_export"), {"deed": "deleted"}).content.decode("utf-8-sig")
    assert "'=cmd" in body and "signed_in" not in body
    assert Audit.objects.filter(deed="exported", what="audit").exists()
