"""One topic's page and what is done there, each deed with its undo."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from crowdalogue import flow
from crowdalogue.analyze import topic_deeds
from crowdalogue.models import Account, Audit, Message, Topic, TopicMessage, User
from crowdalogue.relate import facts
from tests.analyze.test_refit import said

pytestmark = pytest.mark.django_db
For = Callable[..., Client]


@pytest.fixture
def client(client_for: For, analyst: User) -> Client:
    return client_for(analyst)


@pytest.fixture
def parcels(account: Callable[..., Account]) -> Topic:
    said(account("social"))
    assert flow.find_topics()
    facts.refresh()
    return TopicMessage.objects.get(message__text="Where is my blue parcel?").topic


@pytest.fixture
def passwords(parcels: Topic) -> Topic:
    return TopicMessage.objects.get(message__text="I forgot the blue password").topic


def page(client: Client, topic: Topic, query: str = "") -> str:
    answer = client.get(reverse("topic", args=[topic.pk]) + query)
    assert answer.status_code == 200
    return str(html.unescape(answer.content.decode()))


def do(client: Client, topic: Topic, deed: str, **more: str) -> str:
    answer = client.post(reverse("topic_do", args=[topic.pk, deed]), more, follow=True)
    return str(html.unescape(answer.content.decode()))


def undo(client: Client, text: str) -> str:
    """Press the Undo of the toast."""
    address = re.search(r'<div class="toast[^>]*>.*?<form method="post" action="([^"]+)">', text, re.DOTALL)
    assert address, "no undo was offered"
    return str(html.unescape(client.post(address[1], follow=True).content.decode()))


def test_the_page_shows_words_messages_figures_and_past(client: Client, parcels: Topic, passwords: Topic) -> None:
    text = page(client, parcels)
    assert f"<h1>{parcels}" in text and "Where is my" in text
    assert "Emerged" in text and "Read the messages" in text and f"topic={parcels.pk}" in text
    assert parcels.words[0][0] in text
    assert f'<option value="{passwords.pk} {passwords}">' in text
    assert "none in this view" in page(client, parcels, "?channel=email")
    assert client.get(reverse("topic", args=[999])).status_code == 404


def test_adopt_rename_retire_and_their_undo(client: Client, parcels: Topic) -> None:
    undo(client, do(client, parcels, "adopt"))
    parcels.refresh_from_db()
    assert parcels.state == "emerging"
    text = do(client, parcels, "rename", name="Late parcels")
    assert "It is called Late parcels now." in text and "In the customers’ words" in text
    again = do(client, parcels, "rename", name="Parcels")
    undo(client, again)
    parcels.refresh_from_db()
    assert (parcels.own_name, parcels.state) == ("Late parcels", "adopted")
    undo(client, do(client, parcels, "rename", name=""))
    undo(client, do(client, parcels, "retire"))
    parcels.refresh_from_db()
    assert (parcels.own_name, parcels.state) == ("Late parcels", "adopted")
    assert "by Ana Analyst" in page(client, parcels)
    assert Audit.objects.filter(deed="changed_topic").count() >= 6


def test_merge_and_its_undo(client: Client, parcels: Topic, passwords: Topic) -> None:
    merged = do(client, passwords, "merge", into=f"{parcels.pk} {parcels}")
    assert f"{passwords} is part of {parcels} now." in merged and "was merged into this" in merged
    assert client.get(reverse("topic", args=[passwords.pk])).headers["Location"] == reverse("topic", args=[parcels.pk])
    undo(client, merged)
    assert TopicMessage.objects.get(message__text="I forgot the blue password").topic == passwords
    assert "There is no topic “nonsense”" in do(client, passwords, "merge", into="nonsense")
    assert "Choose a topic" in do(client, passwords, "merge")
    assert "with itself" in do(client, passwords, "merge", into=str(passwords.pk))


def test_split_and_its_undo(client: Client, parcels: Topic, passwords: Topic, analyst: User) -> None:
    topic_deeds.merge(analyst, parcels, passwords)
    address = reverse("topic_split", args=[parcels.pk])
    shown = html.unescape(client.get(address).content.decode())
    found = topic_deeds.finer(parcels)
    assert f"has {len(found.parts)} parts" in shown and "Nothing is changed yet" in shown
    assert "leave at least one" in client.post(address, {"digest": found.digest}, follow=True).content.decode()
    form = {"digest": found.digest, "part": "1", "name_1": "Part of it"}
    done = html.unescape(client.post(address, form, follow=True).content.decode())
    new = Topic.objects.get(own_name="Part of it")
    assert "1 topic was split off" in done and new.members.count() == found.parts[1].size
    undo(client, done)
    assert new.members.count() == 0
    assert "changed meanwhile" in client.post(address, {**form, "digest": "x"}, follow=True).content.decode()


def test_nothing_to_split(client: Client, db: None) -> None:
    empty = Topic.objects.create(name="nothing", centroid=b"")
    assert "all alike" in client.get(reverse("topic_split", args=[empty.pk])).content.decode()
    assert "nothing" in page(client, empty)


def test_a_message_is_moved_and_back(client: Client, parcels: Topic, passwords: Topic) -> None:
    message = Message.objects.get(text="Where is my blue parcel?")
    moved = do(client, parcels, "move", message=str(message.pk), to=f"{passwords.pk} {passwords}")
    assert f"The message is about {passwords} now" in moved
    assert TopicMessage.objects.get(message=message).topic == passwords
    assert "A message was moved here from" in page(client, passwords)
    undo(client, moved)
    assert TopicMessage.objects.get(message=message).topic == parcels
    assert "not here any more" in do(client, parcels, "move", message="999999", to=str(passwords.pk))


def test_what_is_no_deed(client: Client, client_for: For, parcels: Topic, stranger: User) -> None:
    assert client.post(reverse("topic_do", args=[parcels.pk, "explode"])).status_code == 404
    assert client.get(reverse("topic_do", args=[parcels.pk, "adopt"])).status_code == 405
    for name in ("topic", "topic_split"):
        assert client_for(stranger).get(reverse(name, args=[parcels.pk])).status_code == 403
    assert client_for(stranger).post(reverse("topic_do", args=[parcels.pk, "adopt"])).status_code == 403


def test_messages_of_a_topic_lead_to_it(client: Client, parcels: Topic) -> None:
    text = client.get(reverse("messages") + f"?topic={parcels.pk}").content.decode()
    assert f'href="/topics/{parcels.pk}/"' in text
    assert f'<span class="k">Topic</span> <span class="clip-chip">{parcels}</span>' in text
