"""Compare at its door: two filter bars, the sentence, the picture, words, warnings, the file, rights."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from crowdalogue.models import Audit, User
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def some(owner: User) -> None:
    for n in range(30):
        talk(f"The battery dies, case {n}", intent="complaint" if n < 24 else "question", sentiment="negative")
        talk(
            f"=Lovely colour, case {n}",
            channel="sms",
            intent="complaint" if n < 6 else "question",
            sentiment="positive",
        )
    counted()


def to(one: str, two: str, **more: str) -> str:
    return f"/compare/?{urlencode({'a': one, 'b': two, **more})}"


def read(client: Client, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return unescape(page.content.decode())


def title(page: str) -> str:
    found = re.search(r"<h1>([^<]+)</h1>", page)
    assert found
    return found[1]


def test_the_finding_is_the_title_with_both_numbers(client_for: Callable[..., Client], owner: User, some: None) -> None:
    page = read(client_for(owner), to("channel=email&sentiment=negative", "channel=sms&sentiment=positive"))
    assert "complain 4.0 times as often as who" in title(page) or "ask a question 4.0 times" in title(page)
    assert title(page).endswith("(n = 30 and 30)")
    turned = read(client_for(owner), to("channel=sms", "channel=email"))
    assert title(turned).startswith("Who wrote by")


def test_each_row_opens_its_messages(client_for: Callable[..., Client], owner: User, some: None) -> None:
    client = client_for(owner)
    page = read(client, to("channel=email", "channel=sms"))
    links = re.findall(r'<th scope="row"><a href="([^"]+)"><b>([^<]+)</b></a>', page)
    [complaint] = [href for href, name in links if name == "Complaint"]
    assert parse_qs(urlsplit(complaint).query) == {"channel": ["email"], "intent": ["complaint"]}
    assert "24 messages" in read(client, complaint)
    [word] = re.findall(r'<a href="([^"]+)" title="[^"]*">battery dies', page)
    assert '"battery dies" channel:email in:' in parse_qs(urlsplit(word).query)["q"][0]
    assert "The battery dies, case" in re.sub("</?mark[^>]*>", "", read(client, word))


def test_chips_change_one_group_and_keep_the_other(client_for: Callable[..., Client], owner: User, some: None) -> None:
    client = client_for(owner)
    page = read(client, to("channel=email", "channel=sms"))
    given = [parse_qs(urlsplit(h).query, keep_blank_values=True) for h in re.findall(r'href="(\?a=[^"]*)"', page)]
    changes = [(g["a"][0], g["b"][0]) for g in given]
    assert ("period=7d&channel=email", "channel=sms") in changes
    assert ("channel=email", "period=7d&channel=sms") in changes
    assert all(a == "channel=email" or b == "channel=sms" for a, b in changes)
    form = client.get("/compare/?set=b&a=channel%3Demail&channel=sms&from=2026-01-01&to=2026-01-31")
    assert form.status_code == 302
    query = parse_qs(urlsplit(form["Location"]).query)
    assert query == {"a": ["channel=email"], "b": ["from=2026-01-01&to=2026-01-31&channel=sms"]}
    wrong = client.get("/compare/?set=a&b=&from=nonsense", follow=True).content.decode()
    assert "is not a day" in unescape(wrong)


def test_without_a_second_group_it_is_the_rest_or_the_period_before(
    client_for: Callable[..., Client], owner: User, some: None
) -> None:
    client = client_for(owner)
    page = read(client, "/compare/?a=channel%3Demail")
    assert "30 messages are in both groups" in page and "who is among the rest" in title(page)
    assert "Too few to say" in read(client, "/compare/")
    explore = read(client, "/explore/?channel=email")
    [link] = re.findall(r'href="(/compare/[^"]+)"', explore)
    assert parse_qs(urlsplit(link).query, keep_blank_values=True) == {"a": ["channel=email"], "b": [""]}
    assert "battery" in read(client, link)


def test_nothing_beyond_chance_and_nothing_at_all(client_for: Callable[..., Client], owner: User) -> None:
    client = client_for(owner)
    assert "Too few to say: n = 0 and 0 people" in read(client, to("channel=email", "channel=sms"))
    for n in range(25):
        talk(f"letter {n}", intent="question" if n % 2 else "complaint", sentiment="neutral")
        talk(f"letter {n}", channel="sms", intent="question" if n % 2 else "complaint", sentiment="neutral")
    counted()
    page = read(client, to("channel=email", "channel=sms"))
    assert title(page) == "Nothing sets them apart beyond chance (n = 25 and 25)"
    assert "no clear difference" in page and "0 of " in page


def test_the_table_as_a_file_recorded_and_for_who_may(
    client_for: Callable[..., Client], owner: User, helper: User, analyst: User, some: None
) -> None:
    address = to("channel=email", "channel=sms", format="csv")
    assert client_for(helper).get(address).status_code == 403
    assert ">CSV<" not in client_for(helper).get(to("channel=email", "channel=sms")).content.decode()
    response = client_for(analyst).get(address)
    rows = list(csv.reader(io.StringIO(response.content.decode())))
    [complaint] = [r for r in rows if r[:2] == ["Intent", "Complaint"]]
    assert complaint[2:8] == ["24", "30", "0.8", "6", "30", "0.2"] and float(complaint[8]) == pytest.approx(4)
    assert not any(cell.startswith("=") for r in rows for cell in r)
    line = Audit.objects.get(deed="exported")
    assert (line.user, line.what, line.facts["rows"]) == (analyst, "comparison.csv", len(rows) - 1)


def test_a_third_variable_is_warned_of_with_a_way_to_split(client_for: Callable[..., Client], owner: User) -> None:
    shape = (("negative", "sms", 10, 10), ("negative", "email", 110, 33), ("positive", "sms", 110, 88))
    for sentiment, channel, n, complaints in (*shape, ("positive", "email", 10, 2)):
        for i in range(n):
            intent = "complaint" if i < complaints else "question"
            talk(f"{i}", channel=channel, sentiment=sentiment, intent=intent, waits=False)
    counted()
    page = read(client_for(owner), to("sentiment=positive", "sentiment=negative"))
    assert re.search(r"<b>Complaint turns round by channel\.</b>", page)
    split = re.findall(r'<a href="(/compare/[^"]+)">Split', page)[0]
    both = parse_qs(urlsplit(split).query)
    assert both["a"] == ["channel=email&sentiment=positive"] or both["a"] == ["channel=sms&sentiment=positive"]


def test_addresses_of_nonsense_show_the_usual(client_for: Callable[..., Client], owner: User, some: None) -> None:
    client = client_for(owner)
    for query in ("a=period%3Dsoon&b=x", "a=%00&b=%FF", "set=c&from=1", "a=" + "x" * 9000):
        assert client.get(f"/compare/?{query}").status_code == 200
    assert "Period cannot be" in read(client, "/compare/?a=period%3Dsoon")


def test_only_who_may_explore(client_for: Callable[..., Client], stranger: User) -> None:
    assert client_for(stranger).get("/compare/").status_code == 403
    assert client_for(None).get("/compare/").status_code == 302
