"""The pages of categories: how each stands, its versions side by side, history, and the chips of a conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crowdalogue import flow
from crowdalogue.flow import categories as verbs
from crowdalogue.models import (
    Audit,
    Category,
    CategoryExample,
    CategoryReplay,
    CategoryVersion,
    Conversation,
    Message,
    MessageCategory,
    User,
)
from tests.said import SAID

pytestmark = pytest.mark.django_db
For = Callable[..., Client]
Written = Callable[..., Conversation]


@pytest.fixture
def client(client_for: For, manager: User) -> Client:
    return client_for(manager)


@pytest.fixture
def late(written: Written, manager: User) -> Category:
    for number, text in enumerate(SAID):
        written(text, name=f"Person{number} Example")
    while flow.process():
        pass
    made = verbs.define(manager, "Late parcel", "A parcel that has not come")
    verbs.teach(manager, made, [("Where is my parcel", True), ("It has not arrived", True)], "pasted")
    verbs.learn(manager, made)
    while flow.tend_categories():
        pass
    return made


def do(client: Client, category: Category, deed: str, **fields: Any) -> str:
    answer = client.post(reverse("category_do", args=[category.pk, deed]), fields, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_first_visit_says_what_a_category_is(client: Client) -> None:
    assert "No category yet" in client.get(reverse("categories")).content.decode()


def test_the_list_and_the_page_say_how_it_stands(client: Client, late: Category) -> None:
    inside = MessageCategory.objects.filter(category=late, yes=True).count()
    assert inside >= 1
    page = client.get(reverse("categories")).content.decode()
    assert "Late parcel" in page and f"{inside}<span" in page and "too few to say (n = 0)" in page
    one = client.get(reverse("category", args=[late.pk])).content.decode()
    assert "How good version 1 is" in one and "cannot be corrected" in one
    assert "Where is my parcel?" in one and "went through 8 messages" in one


def test_a_later_version_is_compared_and_taken_or_left(client: Client, late: Category, manager: User) -> None:
    verbs.teach(manager, late, [("I forgot my password", False)], "pasted")
    assert "Version 2 waits" in do(client, late, "learn")
    second = CategoryVersion.objects.get(number=2)
    page = client.get(reverse("category", args=[late.pk])).content.decode()
    assert "Too few labels" in page and "Both on the same 0 labels" in page
    do(client, late, "refuse", version=second.pk)
    verbs.teach(manager, late, [("Do you sell lamps", False)], "pasted")
    do(client, late, "learn")
    third = CategoryVersion.objects.get(number=3)
    assert "Version 3 judges from now on" in do(client, late, "take", version=third.pk)
    states = dict(CategoryVersion.objects.values_list("number", "state"))
    assert states == {1: "replaced", 2: "refused", 3: "active"}
    assert Audit.objects.filter(deed="changed_category", what__contains="take").exists()


def test_history_runs_stops_and_goes_on(client: Client, late: Category) -> None:
    assert "History is gone through" in do(client, late, "replay")
    assert "gone through already" in client.post(reverse("category_do", args=[late.pk, "replay"])).content.decode()
    assert "Stopped" in do(client, late, "stop")
    piece = client.get(reverse("category_progress", args=[late.pk])).content.decode()
    assert "Go on" in piece and "hx-get" not in piece
    do(client, late, "resume")
    assert "hx-get" in client.get(reverse("category_progress", args=[late.pk])).content.decode()
    while flow.tend_categories():
        pass
    assert CategoryReplay.objects.filter(state="done").count() == 2
    assert "Every week, before and after" in client.get(reverse("category_progress", args=[late.pk])).content.decode()


def test_a_damaged_version_is_said_on_the_page(client: Client, late: Category) -> None:
    CategoryVersion.objects.update(head=b"cut")
    page = client.get(reverse("category", args=[late.pk])).content.decode()
    assert "This version is damaged" in page
    assert client.get(reverse("category_label", args=[late.pk])).status_code == 200


def test_it_rests_and_is_removed_by_name(client: Client, late: Category) -> None:
    assert "rests" in do(client, late, "pause")
    do(client, late, "go")
    assert "Type the category" in do(client, late, "remove", sure="no")
    assert "was removed" in do(client, late, "remove", sure="late parcel")
    assert not Category.objects.exists() and Message.objects.count() == len(SAID)


def test_chips_of_a_conversation_teach(client: Client, client_for: For, late: Category, helper: User) -> None:
    message = Message.objects.get(text="I love this sofa")
    address = reverse("conversation", args=[message.conversation_id])
    page = client_for(helper).get(address).content.decode()
    assert "Categories of the last message" in page and "Late parcel" in page
    say = reverse("category_correct", args=[message.pk])
    client_for(helper).post(say, {"category": late.pk, "yes": "yes"})
    member = MessageCategory.objects.get(message=message)
    assert (member.yes, member.user, member.version) == (True, helper, None)
    assert "chip on" in client.get(address).content.decode()
    client_for(helper).post(say, {"category": late.pk, "yes": "no"})
    example = CategoryExample.objects.get(message=message)
    assert (example.yes, example.source) == (False, "correction")


def test_who_may_what(client_for: For, late: Category, helper: User, analyst: User) -> None:
    assert client_for(helper).get(reverse("category_new")).status_code == 200
    assert client_for(helper).post(reverse("category_do", args=[late.pk, "replay"])).status_code == 403
    assert client_for(analyst).post(reverse("category_do", args=[late.pk, "remove"])).status_code == 403
    message = Message.objects.earliest("pk")
    say = reverse("category_correct", args=[message.pk])
    assert client_for(analyst).post(say, {"category": late.pk, "yes": "yes"}).status_code == 403
    assert client_for(None).get(reverse("categories")).status_code == 302
