"""A full disk: nothing is acknowledged that was not kept, people are told, and it goes on when there is room."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection
from django.test import Client

from crowdalogue.models import Account, Company, Delivery, Message, User

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's own disk cannot be filled from a test"),
]


@pytest.fixture
def full() -> Iterator[Callable[[], None]]:
    """`full()` uses up every free page and lets SQLite's file grow no further: to the store that is a full disk."""

    def fill() -> None:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
            cursor.execute("PRAGMA freelist_count")
            free = cursor.fetchone()[0]
            cursor.execute("CREATE TABLE IF NOT EXISTS filler (x BLOB)") if free else None
            for _ in range(free):
                try:
                    cursor.execute("INSERT INTO filler VALUES (zeroblob(4000))")
                except OperationalError:
                    break

    yield fill
    make_room()


def make_room() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")
        cursor.execute("DROP TABLE IF EXISTS filler")


def post(client: Client, account: Account, text: str) -> int:
    body = json.dumps({"id": text[:20], "text": text, "author": {"address": "mara@example.com"}})
    return client.post(
        f"/hooks/{account.key}/", body, content_type="application/json", HTTP_AUTHORIZATION="Bearer " + "s" * 40
    ).status_code


@pytest.mark.usefixtures("company")
def test_a_webhook_is_not_acknowledged_and_goes_through_later(
    account: Callable[..., Account], full: Callable[[], None]
) -> None:
    hook = account("webhook", settings={"proof": "bearer"}, secrets={"secret": "s" * 40})
    client = Client()
    assert post(client, hook, "first") == 200
    full()
    large = "second " + "x" * 90_000
    assert post(client, hook, large) == 503
    assert Delivery.objects.count() == 1
    make_room()
    assert post(client, hook, large) == 200
    assert Message.objects.count() == 2


def test_a_page_says_that_the_disk_is_full(owner: User, company: Company, full: Callable[[], None]) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    full()
    form = {"kind": "phone", "text": "y" * 49_000, "name": "Per", "direction": "in", "key": "k" * 12}
    answer = client.post("/new/", form)
    assert answer.status_code == 503
    assert "disk is full" in answer.content.decode()
