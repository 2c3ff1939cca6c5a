"""Why more is negative than before, on Home: what rose, each with its messages, or that it is too few to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdalogue.models import Brand, Message, Topic, TopicMessage, User
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db

MONTH = 24 * 28


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def say(brand: Brand) -> Callable[..., None]:
    """`say(30, "negative", hours, topic=..., product=...)` files so many messages, each by somebody else."""

    def make(many: int, sentiment: str, hours: float, topic: Topic | None = None, product: str = "") -> None:
        for n in range(many):
            talk(brand=brand, hours_ago=hours + n, sentiment=sentiment, waits=False)
            message = Message.objects.order_by("-pk")[0]
            if topic is not None:
                TopicMessage.objects.create(message=message, topic=topic)
            if product:
                Message.objects.filter(pk=message.pk).update(extra={"product": product})

    return make


def topic(name: str) -> Topic:
    return Topic.objects.create(name=name, centroid=b"")


def mood(client: Client, query: str = "") -> str:
    page = client.get(f"/{query}").content.decode()
    found = re.search(r'(?s)<section class="card" id="mood".*?</section>', page)
    assert found
    return unescape(found[0])


def test_what_rose_among_the_negative_opens_its_messages(
    client_for: Callable[..., Client], owner: User, say: Callable[..., None]
) -> None:
    late, name = topic("late, parcel"), topic("invoice, name")
    say(30, "negative", 24, late, "Tarn & Kettle")
    say(10, "negative", 24, name, "Ember Toaster")
    say(40, "positive", 24, late)  # praise of the same topic is no reason
    say(20, "negative", MONTH + 24, name, "Ember Toaster")
    say(60, "positive", MONTH + 24, name)
    counted()
    client = client_for(owner)
    page = client.get("/").content.decode()
    assert 'and <a href="#mood">messages are more negative than before</a></h1>' in page
    card = mood(client)
    rows = re.findall(r'<li><a href="([^"]+)">([^<]+)</a> <span class="faint">(\w+)</span><p[^>]*>([^<]+)</p>', card)
    assert [(said, kind) for _, said, kind, _ in rows] == [("“late, parcel”", "topic"), ("Tarn & Kettle", "product")]
    assert "Ember Toaster" not in card.split("What rose")[1]
    for href, _, _, words in rows:
        assert words == "75% of their authors, none before (n = 30)"
        assert "<h1>30 messages behind the number</h1>" in client.get(href).content.decode()
    links = dict(re.findall(r'<a href="([^"]+)">(Compare with the time before|All that rose or fell among them)', card))
    assert len(links) == 2
    compared, moved = (client.get(href).content.decode() for href in links)
    assert "80 messages</a>" in compared
    assert "late, parcel" in moved


def test_it_is_said_where_nothing_by_itself_rose_or_too_few_wrote(
    client_for: Callable[..., Client], owner: User, say: Callable[..., None]
) -> None:
    say(30, "negative", 24)
    say(30, "positive", 24)
    say(40, "positive", MONTH + 24)
    counted()
    assert "Too few people to say which topic or product it is." in mood(client_for(owner))
    name = topic("invoice, name")
    say(30, "negative", 100, name)
    say(25, "negative", MONTH + 100, name)
    say(90, "positive", MONTH + 100)
    counted()
    assert "No topic or product by itself rose beyond chance." in mood(client_for(owner))


def test_nothing_is_explained_that_did_not_happen(
    client_for: Callable[..., Client], owner: User, say: Callable[..., None]
) -> None:
    say(20, "negative", 24, topic("late, parcel"))
    say(60, "positive", 24)
    say(60, "negative", MONTH + 24)
    counted()
    client = client_for(owner)
    assert "What rose" not in mood(client) and "less negative than before" in client.get("/").content.decode()
    assert "What rose" not in mood(client, "?period=all")  # nothing lies before all time
