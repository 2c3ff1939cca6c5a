"""Rules of alarms: listed, tried on the past, saved, switched, muted, removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crowdalogue.models import AlarmRule, AlarmSeries, AlarmTrial, User
from tests.act.test_alarms import rule

pytestmark = pytest.mark.django_db

FORM = {"name": "Mail", "family": "topic", "days": "30", "filters": "/explore/?channel=email&period=7d", "page": "on"}


def test_the_list_says_each_promise_and_what_is_watched(client_for: Callable[..., Client], helper: User) -> None:
    one = rule(budget=0.5)
    for key, state in (("topic:1", "watched"), ("topic:2", "short"), ("topic:3", "left_out")):
        AlarmSeries.objects.create(rule=one, key=key, name=key, hours=24, state=state)
    page = client_for(helper).get("/alarms/rules/").content.decode()
    assert "60 days" in page and "1 series watched, 1 with too little data to tell, 1 smaller ones left out" in page
    assert "Switch off" not in page
    detail = client_for(helper).get(f"/alarms/rules/{one.pk}/").content.decode()
    assert "Too little data to tell" in detail and "A manager saves rules" in detail


def test_a_rule_is_tried_first_and_then_saved(client_for: Callable[..., Client], manager: User) -> None:
    client = client_for(manager)
    answer = client.post("/alarms/rules/new/", {**FORM, "do": "try"})
    trial = AlarmTrial.objects.get()
    assert answer["Location"] == f"/alarms/rules/new/?trial={trial.pk}"
    assert (trial.rule["query"], trial.rule["budget"]) == ("channel=email", 1.0)
    waiting = client.get(answer["Location"]).content.decode()
    assert "Replaying the last 90 days" in waiting and 'value="Mail"' in waiting
    assert f'hx-get="/alarms/trials/{trial.pk}/"' in waiting
    one = {
        "series": "lids", "key": "topic:1", "family": "topic", "began": "2026-11-10T00:00:00+00:00",
        "raised_at": "2026-11-12T07:00:00+00:00", "ended": "2026-11-15T00:00:00+00:00", "count": 30.0,
        "expected": 4.0, "explains": [],
    }  # fmt: skip
    result = {"days": 62.0, "watched": 9, "short": ["quiet"], "raised": [one]}
    AlarmTrial.objects.update(state="done", result=result)
    done = client.get(f"/alarms/trials/{trial.pk}/").content.decode()
    assert "It would have raised 1 alarm" in done and "allow 2.1 false alarms" in done and "hx-get" not in done
    assert "Too little data to tell: quiet" in done
    client.post("/alarms/rules/new/", {**FORM, "do": "save", "emails": "a@example.com; b@example.com", "active": "on"})
    saved = AlarmRule.objects.get()
    assert (saved.name, saved.query, saved.budget, saved.active) == ("Mail", "channel=email", 1.0, True)
    assert saved.tell == {"page": True, "emails": ["a@example.com", "b@example.com"], "webhook": ""}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "required"),
        ({"days": "0"}, "greater than or equal"),
        ({"filters": "hour=99"}, "Hour must be"),
        ({"emails": "nobody"}, "nobody is none"),
        ({"webhook": "chat"}, "must be an address"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    client_for: Callable[..., Client], manager: User, wrong: dict[str, str], words: str
) -> None:
    answer = client_for(manager).post("/alarms/rules/new/", {**FORM, **wrong, "do": "save"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not AlarmRule.objects.exists()


def test_a_rule_is_switched_muted_changed_and_removed(client_for: Callable[..., Client], manager: User) -> None:
    client, one = client_for(manager), rule()
    place = f"/alarms/rules/{one.pk}/"

    def now() -> Any:
        return AlarmRule.objects.filter(pk=one.pk).first()

    client.post(place + "off/")
    assert not now().active
    client.post(place + "mute/", {"days": "7"})
    assert now().muted_until
    assert "Muted until" in client.get(place).content.decode()
    client.post(place + "unmute/")
    assert now().muted_until is None
    client.post(place, {**FORM, "name": "Topics by mail", "do": "save"})
    assert (now().name, now().query) == ("Topics by mail", "channel=email")
    client.post(place + "remove/", {"sure": "no"})
    assert now()
    client.post(place + "remove/", {"sure": "topics by mail"})
    assert now() is None


def test_only_managers_change_rules(client_for: Callable[..., Client], helper: User) -> None:
    one = rule()
    assert client_for(helper).post(f"/alarms/rules/{one.pk}/off/").status_code == 403
    assert client_for(helper).post("/alarms/rules/new/", {**FORM, "do": "save"}).status_code == 403
    assert client_for(helper).post("/alarms/rules/new/", {**FORM, "do": "try"}).status_code == 302


def test_a_rule_that_mails_says_where_no_mail_can_leave(client_for: Callable[..., Client], helper: User) -> None:
    mails = rule(tell={"page": True, "emails": ["ada@example.com"]})
    assert "Ask a manager to connect one" in client_for(helper).get(f"/alarms/rules/{mails.pk}/").content.decode()
    quiet = rule(name="Quiet", tell={"page": True})
    assert "No mail can leave" not in client_for(helper).get(f"/alarms/rules/{quiet.pk}/").content.decode()
