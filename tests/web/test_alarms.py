"""The list of alarms, the page of one, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crowdalogue.flow import alarms as flow_alarms
from crowdalogue.models import Account, AlarmEpisode, Audit, Brand, Topic, User
from crowdalogue.web import alarms
from tests.act.test_alarms import raise_one, rule
from tests.web.conftest import Conversation

pytestmark = pytest.mark.django_db

PICTURE = {
    "hours": 24, "start": "2026-11-10T00:00:00+00:00", "counts": [1.0, 2.0, 26.0], "expected": [None, 1.0, 1.2],
    "limit": [None, 9.0, 9.0], "from": 2, "raised": 2,
}  # fmt: skip


def evidence(*examples: int) -> dict[str, Any]:
    word = {"word": "leaks", "k1": 20, "n1": 28, "k2": 0, "n2": 300, "ratio": None, "low": 12.0, "high": None}
    change = {"kind": "language", "value": "de", "k1": 20, "n1": 28, "k2": 30, "n2": 300, "ratio": 7.1}
    return {
        "people": 28, "texts": 27, "messages": 40, "whole": True, "words": [word], "past": False,
        "changed": [{**change, "low": 5.0, "high": 9.9}], "channels": [{"value": "email", "n": 20, "usual": 1.5}],
        "places": [{"value": "Oslo", "n": 3, "usual": 0.2}], "examples": list(examples),
        "causes": [{"kind": "late", "text": "9 of 40 messages came late.", "n": 9}],
        "explains": [{"name": "complaint", "family": "intent", "share": 0.85}],
        "also": [{"name": "email", "family": "channel"}], "picture": PICTURE,
        "change": {"day": "2026-11-11T00:00:00+00:00", "before": 1.2, "since": 26.0},
    }  # fmt: skip


@pytest.fixture
def alarm(written: Callable[..., Conversation]) -> AlarmEpisode:
    message = written("The lid leaks on my table").messages.get()
    return raise_one(rule(), evidence=evidence(message.pk))


def test_the_list_says_what_rose_and_how_the_promise_is_kept(
    client_for: Callable[..., Client], helper: User, alarm: AlarmEpisode
) -> None:
    page = client_for(helper).get("/alarms/").content.decode()
    assert "1 alarm waits for a look" in page
    assert "Lids" in page and "30 voices, 4 are usual" in page and "× 7.5" in page
    assert "The promise is kept" in page
    judged = client_for(helper).get("/alarms/?show=judged").content.decode()
    assert "None is judged yet" in judged and "30 voices" not in judged


def test_older_ones_are_reached_and_none_twice(
    client_for: Callable[..., Client], helper: User, alarm: AlarmEpisode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "A_PAGE", 2)
    assert alarm.rule
    for n in range(4):
        raise_one(alarm.rule, key=f"topic:{n + 5}", name=f"series {n}")
    seen: list[int] = []
    address = "/alarms/?show=all"
    while address:
        answer = client_for(helper).get(address)
        seen += [line.row.pk for line in answer.context["lines"]]
        address = "/alarms/" + answer.context["next"] if answer.context["next"] else ""
    assert sorted(seen) == sorted(AlarmEpisode.objects.values_list("pk", flat=True))
    assert len(seen) == 5


def test_the_page_of_one_says_all_that_is_known(
    client_for: Callable[..., Client], helper: User, alarm: AlarmEpisode
) -> None:
    page = client_for(helper).get(f"/alarms/{alarm.pk}/").content.decode()
    for words in (
        "Lids: 30 voices, 4 are usual", "28 people, 27 texts", "9 of 40 messages came late.", "leaks", "Oslo",
        "Language de: 71% of people", "Complaint", "85% of its rise", "lid leaks on my table", "raised 12 Nov",
        "one false alarm in 30 days", "The level changed about 11 November: 26 voices a day since then, 1.2 before.",
    ):  # fmt: skip
        assert words in page, words


def test_its_messages_are_found_by_the_filter_bar(alarm: AlarmEpisode) -> None:
    filters = alarms.filters_of(alarm)
    assert filters is not None and filters.topic == ("1",) and filters.start is not None
    Brand.objects.create(name="Quillmark", competitor=True)
    alarm.family, alarm.key, alarm.name = "watch", "brand:1", "Quillmark"
    rival = alarms.filters_of(alarm)
    assert rival is not None and (rival.brand, rival.whose) == (("Quillmark",), "any")
    alarm.family, alarm.key, alarm.name = "product", "complaint:Tarn Kettle", "Complaints about Tarn Kettle"
    complaints = alarms.filters_of(alarm)
    assert complaints is not None and (complaints.product, complaints.intent) == (("Tarn Kettle",), ("complaint",))
    assert alarms.line_of(alarm).family == "complaints"
    lids = [Topic.objects.create(name=name, group="kitchen", centroid=b"") for name in ("lids", "jugs")]
    alarm.family, alarm.key, alarm.name = "topic", f"group:{lids[0].pk}", "kitchen"
    group = alarms.filters_of(alarm)
    assert group is not None and set(group.topic) == {str(topic.pk) for topic in lids}
    alarm.query = "hour=99"
    assert alarms.filters_of(alarm) is None


def test_deeds_are_recorded_and_undone(client_for: Callable[..., Client], helper: User, alarm: AlarmEpisode) -> None:
    client = client_for(helper)
    for deed, state in (("acknowledge", "seen"), ("true", "true"), ("false", "false"), ("mute", "muted")):
        client.post(f"/alarms/{alarm.pk}/{deed}/", {"days": "30", "why": "a test"})
        alarm.refresh_from_db()
        assert (alarm.state, alarm.state_by) == (state, helper)
    assert alarm.muted_until and alarm.muted_until > timezone.now() + timedelta(days=29)
    client.post(f"/alarms/{alarm.pk}/undo/")
    alarm.refresh_from_db()
    assert (alarm.state, alarm.why) == ("false", "a test")
    assert Audit.objects.filter(deed="judged_alarm", user=helper).count() == 5
    assert client.post(f"/alarms/{alarm.pk}/dance/").status_code == 302
    assert client.get(f"/alarms/{alarm.pk}/true/").status_code == 405


def test_who_may_not_see_is_turned_away(client_for: Callable[..., Client], stranger: User, alarm: AlarmEpisode) -> None:
    for address in ("/alarms/", f"/alarms/{alarm.pk}/", "/alarms/rules/"):
        assert client_for(stranger).get(address).status_code == 403
        assert client_for(None).get(address).status_code == 302
    assert client_for(stranger).post(f"/alarms/{alarm.pk}/true/").status_code == 403
    assert client_for(stranger).get("/alarms/999/").status_code in (403, 404)


def test_home_and_the_rail_say_that_one_waits(
    client_for: Callable[..., Client], helper: User, alarm: AlarmEpisode
) -> None:
    page = client_for(helper).get("/").content.decode()
    assert f'href="/alarms/{alarm.pk}/"' in page and "1 to look at" in page
    assert alarms.open_count(helper) == 1


def test_a_mail_that_waits_for_a_mailbox_says_so_and_where_to_connect_one(
    client_for: Callable[..., Client], manager: User, account: Callable[..., Account]
) -> None:
    row = raise_one(rule(tell={"page": False, "emails": ["ada@example.com"]}))
    flow_alarms.tell()
    page = client_for(manager).get(f"/alarms/{row.pk}/").content.decode()
    assert "E-mail to ada@example.com: waiting</li>" in page  # the reason stands once, with its remedy
    assert 'there is no mailbox to send from. Connect one under <a href="/settings/channels/">' in page
    account("email")
    page = client_for(manager).get(f"/alarms/{row.pk}/").content.decode()
    assert "No mail can leave" not in page
