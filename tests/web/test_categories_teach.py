"""Teaching on the page: tried without keeping, saved, bad files, the search for examples, and the queue."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from crowdalogue.models import Category, CategoryExample, CategoryVersion, Message, MessageCategory
from tests.web.test_categories import client, late

__all__ = ["client", "late"]
pytestmark = pytest.mark.django_db


def fields(**more: Any) -> dict[str, Any]:
    return {"name": "Lost passwords", "description": "", "yes": "I forgot my password\nCannot log in", "no": "", **more}


def test_a_trial_shows_what_it_would_catch_and_keeps_nothing(client: Client, late: Category) -> None:
    page = client.post(reverse("category_new"), fields(do="try")).content.decode()
    assert "It would catch" in page and "I forgot my password" in page
    assert Category.objects.count() == 1


def test_saved_it_judges_and_says_what_became_of_the_examples(client: Client, late: Category) -> None:
    both = "I forgot my password\nCannot log in\nSame\n"
    page = client.post(reverse("category_new"), fields(yes=both, no="same", do="save"), follow=True).content.decode()
    assert "judges what comes in" in page and "so neither counts" in page
    made = Category.objects.get(name="Lost passwords")
    assert CategoryExample.objects.filter(category=made, source="pasted").count() == 2
    assert CategoryVersion.objects.get(category=made).state == "active"
    again = client.post(reverse("category_new"), fields(do="save"))
    assert again.status_code == 422 and "Another category is called" in again.content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00bad", "not written in UTF-8"),
        (b"name,label\na,yes\n", "has no column text"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_beside_the_field(client: Client, content: bytes, words: str) -> None:
    upload = SimpleUploadedFile("some.csv", content, "text/csv")
    answer = client.post(reverse("category_new"), fields(yes="", file=upload, do="save"))
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not Category.objects.exists()


def test_a_file_teaches(client: Client, late: Category) -> None:
    rows = b"text,label\nMy parcel is late,yes\nI like lamps,no\nIt never came,Late parcel\n,yes\n"
    upload = SimpleUploadedFile("some.csv", rows, "text/csv")
    given = {"name": late.name, "description": "", "yes": "", "no": "", "file": upload, "do": "save"}
    page = client.post(reverse("category_change", args=[late.pk]), given, follow=True).content.decode()
    assert "1 row held no text" in page and "Version 2 waits" in page
    said = dict(CategoryExample.objects.filter(category=late, source="file").values_list("text", "yes"))
    assert said == {"My parcel is late": True, "I like lamps": False, "It never came": True}


def test_nothing_given_says_what_is_missing_and_keeps_the_words(client: Client) -> None:
    answer = client.post(reverse("category_new"), fields(yes="", do="try"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "No example says what is in the category" in page and 'value="Lost passwords"' in page


def test_examples_are_searched_said_and_taken_back(client: Client, late: Category) -> None:
    address = reverse("category_examples", args=[late.pk])
    page = client.get(address + "?q=parcel").content.decode()
    assert "Where is my" in page and "It has not arrived" in page
    message = Message.objects.get(text="The courier never came")
    client.post(reverse("category_say", args=[late.pk]), {"message": message.pk, "yes": "yes", "back": "?q=parcel"})
    example = CategoryExample.objects.get(message=message)
    assert (example.yes, example.source) == (True, "search")
    assert MessageCategory.objects.get(message=message).version is None
    client.post(reverse("category_forget", args=[late.pk, example.pk]))
    assert not CategoryExample.objects.filter(message=message).exists()
    bad = client.post(reverse("category_say", args=[late.pk]), {"message": "x", "yes": "yes"})
    assert bad.status_code >= 400


def test_the_queue_is_answered_key_by_key_until_nothing_is_left(client: Client, late: Category) -> None:
    address = reverse("category_label", args=[late.pk])
    for number in range(8):
        page = client.get(address).content.decode()
        assert 'data-key="y"' in page and 'data-key="n"' in page and 'data-key="s"' in page
        [ticket] = re.findall(r'name="ticket" value="([^"]+)"', page)
        client.post(address, {"ticket": ticket, "yes": "skip" if number == 0 else "no"})
    assert "Nothing is left to label" in client.get(address).content.decode()
    assert CategoryExample.objects.filter(category=late, yes=False, density__gt=0).count() == 7
    assert CategoryExample.objects.filter(category=late, yes=None).count() == 1
    assert client.post(address, {"ticket": "made up", "yes": "yes"}).status_code >= 400
