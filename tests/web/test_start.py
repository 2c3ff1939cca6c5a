"""The first run: one owner, whoever races; what was typed is kept; then the ways to the first messages."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.models import Audit, Brand, Company, User
from crowdalogue.web import start

GIVEN = {
    "name": "Olga Owner",
    "email": "olga@example.com",
    "password": "correct horse battery",
    "company": "Northwind Example",
    "timezone": "Europe/Stockholm",
    "brands": "Northwind, North Pier\nnorthwind",
    "competitors": "Southwind",
}


def test_the_first_one_becomes_the_owner_and_is_signed_in(db: None, client_for: Callable[..., Client]) -> None:
    client = client_for(None)
    assert "Begin with Crowdalogue" in client.get("/start/").content.decode()
    assert client.post("/start/", GIVEN)["Location"] == "/start/"
    owner = User.objects.get()
    assert owner.role == "owner" and owner.check_password(GIVEN["password"])
    assert Company.objects.get().timezone == "Europe/Stockholm"
    assert list(Brand.objects.values_list("name", "competitor")) == [
        ("North Pier", False), ("Northwind", False), ("Southwind", True)
    ]  # fmt: skip
    assert Audit.objects.filter(deed="began", user=owner).exists()
    page = client.get("/start/").content.decode()
    for way in ("/settings/channels/connect/email/", "/imports/new/", "/start/demo/"):
        assert way in page


def test_without_a_brand_the_company_is_one(db: None, client_for: Callable[..., Client]) -> None:
    client_for(None).post("/start/", {**GIVEN, "brands": "", "competitors": ""})
    assert list(Brand.objects.values_list("name", flat=True)) == ["Northwind Example"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "short"}, "at least 10 characters"),
        ({"password": "password123"}, "too common"),
        ({"email": "nobody"}, "valid email"),
        ({"company": ""}, "required"),
        ({"timezone": "Mars/Base"}, "valid choice"),
        ({"competitors": "northwind"}, "among your own brands already"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_the_rest_is_kept(
    db: None, client_for: Callable[..., Client], wrong: dict[str, str], said: str
) -> None:
    answer = client_for(None).post("/start/", {**GIVEN, **wrong})
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page
    assert 'value="Olga Owner"' in page and 'aria-invalid="true"' in page
    assert not Company.objects.exists() and not User.objects.exists()


def test_a_second_first_run_makes_nobody(owner: User, client_for: Callable[..., Client]) -> None:
    answer = client_for(None).post("/start/", {**GIVEN, "email": "late@example.com"})
    assert answer["Location"] == "/accounts/login/"
    assert not User.objects.filter(email="late@example.com").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_browsers_that_race_one_wins(client_for: Callable[..., Client]) -> None:
    gate = threading.Barrier(3)

    def race(number: int) -> None:
        gate.wait()
        Client().post("/start/", {**GIVEN, "email": f"owner{number}@example.com"})
        connection.close()

    racers = [threading.Thread(target=race, args=(n,)) for n in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert Company.objects.count() == 1 and User.objects.count() == 1
    assert Brand.objects.filter(name="Northwind").count() == 1


def test_an_agent_has_no_first_messages_to_choose(helper: User, client_for: Callable[..., Client]) -> None:
    assert client_for(helper).get("/start/")["Location"] == "/"


@given(st.text(max_size=300))
def test_names_are_split_without_repeats(typed: str) -> None:
    names = start.split_names(typed)
    assert len({n.casefold() for n in names}) == len(names)
    assert all(n == " ".join(n.split()) and 0 < len(n) <= 120 for n in names)
