"""The topic beside a conversation: who placed it, and moving it there, with its undo."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client

from crowdalogue.models import Conversation, Embedding, Event, Message, Topic, TopicEvent, TopicMessage, User
from crowdalogue.web import about

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


def vector(place: int) -> bytes:
    return np.eye(8, dtype="<f2")[place].tobytes()


@pytest.fixture
def message(written: Callable[..., Conversation]) -> Message:
    made: Message = written("The parcel is late").messages.get()
    Embedding.objects.create(message=made, vector=vector(1), version="1")
    return made


@pytest.fixture
def topics(message: Message) -> list[Topic]:
    made = [
        Topic.objects.create(name=name, centroid=vector(n), messages_count=9 - n)
        for n, name in enumerate(["lids", "late"])
    ]
    TopicMessage.objects.create(message=message, topic=made[0])
    return made


def test_a_message_is_moved_from_the_conversation_and_back(
    client_for: Browser, helper: User, message: Message, topics: list[Topic]
) -> None:
    lids, late = topics
    client, address = client_for(helper), f"/inbox/{message.conversation_id}/"
    beside = client.get(address).content.decode()
    assert f'href="/topics/{lids.pk}/">lids</a>' in beside and f'value="{late.pk}">late</button>' in beside
    moved = client.post(f"/inbox/message/{message.pk}/topic/", {"to": "late", "next": address}, follow=True)
    said = html.unescape(moved.content.decode())
    assert moved.redirect_chain[0][0] == address
    assert "The message is about late now" in said and f"Placed by {helper}" in said
    assert "corrected topic: lids → late" in said
    assert TopicEvent.objects.get(kind="moved").topic == late
    back = re.search(r'action="(/inbox/message/[^"]+\?to=\d+)"', said)
    assert back
    client.post(back[1])
    assert TopicMessage.objects.get(message=message).topic == lids
    assert Event.objects.filter(deed="corrected").count() == 2


def test_what_no_topic_is_called_is_said(
    client_for: Browser, helper: User, stranger: User, message: Message, topics: list[Topic]
) -> None:
    address = f"/inbox/message/{message.pk}/topic/"
    answer = client_for(helper).post(address, {"to": "no such"}, follow=True).content.decode()
    assert "There is no topic “no such”" in answer
    assert client_for(stranger).post(address, {"to": str(topics[1].pk)}).status_code == 403
    assert client_for(helper).post("/inbox/message/999999/topic/", {"to": "late"}).status_code == 404
    assert TopicMessage.objects.get(message=message).topic == topics[0]


def test_the_nearest_are_offered_first_and_never_one_that_rests(message: Message, topics: list[Topic]) -> None:
    lids, late = topics
    Topic.objects.create(name="resting", centroid=vector(1), state=Topic.State.RETIRED)
    Topic.objects.create(name="of another encoder", centroid=b"12")
    assert about.nearest(message, besides=0) == [late, lids]
    assert about.nearest(message, besides=late.pk) == [lids]
    Embedding.objects.all().delete()
    assert about.nearest(message, besides=0)[:2] == [lids, late]  # by size
