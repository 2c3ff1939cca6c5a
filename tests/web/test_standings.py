"""The rules of who counts as what, and lists, on their page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crowdalogue.listen import standing
from crowdalogue.models import Audit, Company, Person, Standing, User

Browser = Callable[..., Client]


def numbers(**more: Any) -> dict[str, Any]:
    return {**{k: f"{v:g}" for k, v in standing.DEFAULTS.items()}, **more}


def test_numbers_are_saved_and_everybody_is_looked_at_again(manager: User, client_for: Browser) -> None:
    Person.objects.create(name="Mara", looked_at="2026-11-01T00:00Z")
    client = client_for(manager)
    assert client.post("/settings/people/", numbers(followers="800", praise_share="0,5")).status_code == 302
    assert Company.objects.get().rules["standing"] == {"followers": 800, "praise_share": 0.5}
    assert standing.settings()["followers"] == 800
    assert Person.objects.get().looked_at is None
    assert Audit.objects.filter(deed="changed_rules").exists()
    assert 'value="800"' in client.get("/settings/people/").content.decode()


def test_a_wrong_number_is_said_and_nothing_saved(manager: User, client_for: Browser) -> None:
    page = client_for(manager).post("/settings/people/", numbers(praise_share="7", days="many"))
    assert page.status_code == 422
    text = page.content.decode()
    assert "from 0 to 1" in text
    assert "not a number" in text
    assert 'value="many"' in text
    assert "standing" not in Company.objects.get().rules


def test_a_list_is_taken(manager: User, client_for: Browser) -> None:
    client = client_for(manager)
    file = SimpleUploadedFile("vip.csv", b"E-mail,Reason\nada@example.com,Invited\nnot an address,x\n")
    page = client.post("/settings/people/list/", {"file": file, "kind": "vip", "reason": ""}).content.decode()
    assert "1 of 2 rows" in page
    assert "Line 3" in page
    assert Standing.objects.get().reason == "Invited"
    assert Audit.objects.filter(deed="imported_list").exists()
    wrong = SimpleUploadedFile("x.csv", b"what\n1\n")
    answer = client.post("/settings/people/list/", {"file": wrong, "kind": "vip"})
    assert answer.status_code == 422
    assert "No column says who" in answer.content.decode()
    assert client.post("/settings/people/list/", {"kind": "vip"}).status_code == 422


def test_only_who_manages(helper: User, client_for: Browser) -> None:
    assert client_for(helper).get("/settings/people/").status_code == 403
    assert client_for(helper).post("/settings/people/list/").status_code == 403
