"""The page of topics: named, counted, grouped, announced; narrowed by the filter bar; found now on demand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.analyze import refit, topic_deeds
from crowdalogue.models import Account, Audit, Topic, TopicFit, User
from crowdalogue.relate import facts
from crowdalogue.relate.topics import Change, Line, Overview
from crowdalogue.web import topics
from tests.analyze.test_refit import said
from tests.said import write

pytestmark = pytest.mark.django_db
For = Callable[..., Client]


@pytest.fixture
def client(client_for: For, manager: User) -> Client:
    return client_for(manager)


@pytest.fixture
def found(account: Callable[..., Account]) -> Account:
    here = account("social")
    said(here)
    assert flow.find_topics()
    facts.refresh()
    return here


def page(client: Client, query: str = "") -> str:
    answer = client.get(reverse("topics") + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_nothing_yet_says_what_to_do(client: Client) -> None:
    text = page(client)
    assert "No topic yet" in text and "20 messages from customers" in text and "Not found yet" in text


def test_the_list_counts_and_leads_to_the_messages(client: Client, found: Account) -> None:
    text = page(client)
    for topic in Topic.objects.all():
        assert f'<a class="link" href="/topics/{topic.pk}/">{topic}</a>' in text
        assert f"/messages/?topic={topic.pk}" in text
    fit = TopicFit.objects.get()
    assert f"newest {fit.messages} messages" in text and f"{fit.topics} topics" in text
    assert "none before" in text and "emerged" not in text  # of the very first fit nothing is news
    narrowed = page(client, "?channel=email")
    assert "No topic in this view" in narrowed
    one = Topic.objects.order_by("pk").first()
    assert one is not None
    only = page(client, f"?topic={one.pk}")
    assert f"/topics/{one.pk}/" in only and only.count('<a class="link" href="/topics/') == 1


def test_what_emerged_is_announced(client: Client, found: Account) -> None:
    TopicFit.objects.update(started_at=timezone.now() - timedelta(days=30), day=date(2020, 1, 1))
    Topic.objects.update(first_at=timezone.now() - timedelta(days=30))
    fresh = Topic.objects.order_by("pk").first()
    assert fresh is not None
    Topic.objects.filter(pk=fresh.pk).update(first_at=timezone.now() - timedelta(days=3))
    text = page(client)
    assert f"1 new topic: “{fresh}”" in text and "emerged 3 days ago" in text
    only = page(client, "?show=new")
    assert only.count('<a class="link" href="/topics/') == 1


def test_what_people_did_shows(client: Client, found: Account, manager: User) -> None:
    one, two = Topic.objects.order_by("pk")[:2]
    topic_deeds.adopt(manager, one)
    topic_deeds.retire(manager, two)
    text = page(client)
    assert "Adopted" in text and f"/topics/{two.pk}/" not in text
    assert f"/topics/{one.pk}/" in page(client, "?show=adopted") and f"/topics/{two.pk}/" in page(
        client, "?show=resting"
    )
    assert "No topic clearly rises" in page(client, "?show=rising")


def test_topics_are_found_now(client: Client, client_for: For, analyst: User, account: Callable[..., Account]) -> None:
    here = account("social")
    write(here)
    flow.process()
    refused = client.post(reverse("topics_find"), follow=True).content.decode()
    assert "There are 1 messages" in refused and not TopicFit.objects.exists()
    said(here)
    assert "is found" in refused or client.post(reverse("topics_find")).status_code == 302
    text = page(client)
    assert "Waiting for the worker" in text and 'hx-trigger="every 2s"' in text and "Find topics now" not in text
    assert "HX-Refresh" not in client.get(reverse("topics_progress"))
    again = client.post(reverse("topics_find"), follow=True).content.decode()
    assert "being found already" in again
    assert flow.find_asked_topics() and not flow.find_asked_topics()
    assert "Counting the messages" in client.get(reverse("topics_progress")).content.decode() or facts.as_of() is None
    facts.refresh()
    assert client.get(reverse("topics_progress"))["HX-Refresh"] == "true"
    assert "Find topics now" in page(client)
    assert client.post(reverse("topics_find")).status_code == 302  # and once more on the same day
    assert flow.find_asked_topics()
    assert Audit.objects.filter(deed="asked_topics").count() == 2
    assert client_for(analyst).post(reverse("topics_find")).status_code == 403
    assert "Find topics now" not in client_for(analyst).get(reverse("topics")).content.decode()


def test_a_fit_that_failed_is_told(client: Client, found: Account) -> None:
    TopicFit.objects.update(version=refit.FAILED)
    assert "did not end well" in page(client)


def test_who_may_not_look(client_for: For, stranger: User) -> None:
    assert client_for(stranger).get(reverse("topics")).status_code == 403


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, ("nothing before", "", "")),
        (Change(0), ("none before", "", "")),
        (Change(3), ("too little to tell", "", "")),
        (Change(30, 1.1, 0.9, 1.3), ("no clear change", "", "−10% to +30%")),
        (Change(30, 1.4, 1.12, 1.75), ("up 40%", "up", "+12% to +75%")),
        (Change(30, 0.5, 0.3, 0.8), ("down 50%", "down", "−70% to −20%")),
        (Change(30, 12.0, 8.0, 18.0), ("12.0 times as many", "up", "+700% to 18 times")),
    ],
)
def test_a_change_in_words(change: Change | None, said: tuple[str, str, str]) -> None:
    assert topics.change_said(change) == said


def shown(pk: int, group: str, n: int) -> topics.Shown:
    line = Line(pk, f"t{pk}", n, n, 0.1, 0.0, 0.2, None, None, (0, n), date(2026, 1, 1))
    found = Overview((line,), n, 0, 0, "week", (date(2026, 1, 5), date(2026, 1, 12)))
    topic = Topic(pk=pk, name=f"t{pk}", group=group, first_at=timezone.now() - timedelta(days=90))
    from crowdalogue.relate.filters import DEFAULT

    return topics.shown(DEFAULT, found, line, topic)


def test_groups_come_by_size_and_those_alone_last() -> None:
    lines = [shown(1, "a", 9), shown(2, "b", 8), shown(3, "b", 7), shown(4, "c", 1), shown(5, "c", 2)]
    assert [(g, [one.topic.pk for one in of]) for g, of in topics.grouped(lines)] == [
        *(("b", [2, 3]), ("c", [4, 5]), ("on their own", [1])),
    ]
    assert [g for g, _ in topics.grouped(lines[:1])] == [""]
    assert topics.title(lines) == "5 topics"
    assert 'aria-label="t1: 9 messages in 2 weeks, most in the week of 12 January with 9."' in lines[0].spark
