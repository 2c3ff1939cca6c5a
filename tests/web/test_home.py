"""Home at its door: figures with n and interval, the urgent, charts that say what they show, nothing hidden."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdalogue.models import Brand, Conversation, User
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def words_of(response: Any) -> str:
    assert response.status_code == 200, response.content[:500]
    text = re.sub(r"(?s)<svg.*?</svg>|<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", unescape(text))


def test_figures_with_n_interval_and_definition(client_for: Callable[..., Client], owner: User, brand: Brand) -> None:
    for answer_s in [600] * 20 + [7200] * 4:
        talk(brand=brand, answer_s=answer_s)
    late = talk("Where is my refund", brand=brand)
    counted()
    text = words_of(client_for(owner).get("/"))
    assert "One conversation waits, one promise is late" in text
    assert re.search(r"Answered share .* 96.0% 80% to 99%, n = 25 1 never answered", text)
    assert re.search(r"First response, median .* 10 min 10 min to 10 min, n = 24", text)
    assert re.search(r"Promises kept .* 80% 61% to 91%, n = 25 5 broken", text)
    assert "Left out: waits whose promise has not run out yet" in text
    assert f"Mara {late.person.name.split()[1]}" in text and "Where is my refund" in text


def test_too_few_is_said_instead_of_a_number(client_for: Callable[..., Client], owner: User, brand: Brand) -> None:
    for _ in range(7):
        talk(brand=brand, answer_s=60, sentiment="negative")
    counted()
    text = words_of(client_for(owner).get("/"))
    assert text.count("too few to say (n = 7)") >= 4
    assert "100%" not in text


def test_every_number_opens_onto_as_many_messages(client_for: Callable[..., Client], owner: User, brand: Brand) -> None:
    for n in range(14):
        talk(
            brand=brand,
            channel=("email", "sms")[n % 2],
            answer_s=(60, None)[n % 7 == 0],
            sentiment=("negative", "neutral")[n % 3 == 0],
            intent="question",
        )
    counted()
    client = client_for(owner)
    page = client.get("/").content.decode()
    links = set(re.findall(r'<td class="num(?: faint)?"><a href="([^"]+)">([\d,]+)</a>', page))
    links |= {(href, "9") for href in re.findall(r'<td class="num"><a href="([^"]+)">64%</a>', page)}
    assert len(links) >= 6 and any("sentiment=negative&amp;sentiment=neutral" in href for href, _ in links)
    for href, n in links:
        title = re.search(r"<h1>([\d,]+) messages?", client.get(unescape(href)).content.decode())
        assert title and title[1] == n, href


def test_what_was_found_stands_in_the_title(client_for: Callable[..., Client], owner: User, brand: Brand) -> None:
    for n in range(120):
        made = talk(brand=brand, answer_s=60, hours_ago=24 * (1 + n % 20))
        at = made.first_at.replace(hour=19 if n % 2 else n % 12)
        made.messages.update(sent_at=at)
    counted()
    text = words_of(client_for(owner).get("/?period=28d"))
    assert "120 messages" in text
    assert re.search(r"(Half|Three in five) of all messages come from 1[6-9] to 2[0-3]", text)


def test_a_picture_says_in_a_sentence_what_it_shows(
    client_for: Callable[..., Client], owner: User, brand: Brand
) -> None:
    for n in range(30):
        talk(brand=brand, channel=("email", "sms")[n % 2], answer_s=60, sentiment="negative", intent="complaint")
    counted()
    page = client_for(owner).get("/").content.decode()
    pictures = re.findall(r'<svg class="(?:plot|plot heat|spark-row)"[^>]*role="img" aria-label="([^"]+)"', page)
    assert len(pictures) >= 5
    assert all(len(sentence.split()) >= 4 for sentence in pictures)
    assert page.count("Same as a table") >= 5
    assert not re.search(r"\sstyle=|\son\w+=|<script(?![^>]* src=)", page), "the policy forbids these"


def test_nothing_yet_and_nothing_in_this_period(client_for: Callable[..., Client], owner: User, brand: Brand) -> None:
    client = client_for(owner)
    assert "The numbers are being prepared" in words_of(client.get("/"))
    counted()
    assert "No message yet" in words_of(client.get("/"))
    talk(brand=brand, hours_ago=24 * 300, answer_s=60)
    counted()
    text = words_of(client.get("/"))
    assert "No message in this period" in text and "Nobody waits for an answer" in text
    assert "1 message" in words_of(client.get("/?period=all"))


def test_filters_of_the_address_count_and_wrong_ones_are_explained(
    client_for: Callable[..., Client], owner: User, brand: Brand
) -> None:
    rival = Brand.objects.create(name="Oakhusk", competitor=True)
    for _ in range(3):
        talk(brand=brand)
    talk(brand=rival)
    counted()
    client = client_for(owner)
    assert "3 conversations wait" in words_of(client.get("/"))
    assert "One conversation waits" in words_of(client.get("/?brand=Oakhusk"))
    wrong = words_of(client.get("/?period=fortnight"))
    assert "Period cannot be “fortnight”" in wrong and "The usual view is shown." in wrong


def test_only_who_may_explore(client_for: Callable[..., Client], stranger: User, helper: User) -> None:
    assert client_for(None).get("/").status_code == 302
    assert client_for(stranger).get("/").status_code == 403
    assert client_for(helper).get("/").status_code == 200
    assert Conversation.objects.count() == 0
