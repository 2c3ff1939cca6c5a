"""Alarms for programs: read, acknowledged, judged, muted; rules made and tried."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue.models import AlarmEpisode, AlarmRule, AlarmTrial, User
from tests.act.test_alarms import raise_one, rule
from tests.api.conftest import Program, refused

pytestmark = pytest.mark.django_db

Made = Callable[..., Program]


def test_alarms_are_listed_and_read_whole(program: Made, helper: User) -> None:
    one = rule()
    for n in range(3):
        raise_one(one, key=f"topic:{n}")
    mine = program(helper)
    found = mine.everything("/alarms")
    assert [a["key"] for a in found] == ["topic:2", "topic:1", "topic:0"]
    assert len(mine.get("/alarms?only=waiting").json()["items"]) == 3
    assert mine.get("/alarms?only=judged").json()["items"] == []
    whole = mine.get(f"/alarms/{found[0]['id']}").json()
    assert whole["evidence"]["people"] == 28
    assert (whole["rule"], whole["state"], whole["ended"]) == (one.pk, "open", None)
    refused(mine.get("/alarms/99999"), 404)


def test_what_people_say_of_one_is_set_and_undone(program: Made, helper: User) -> None:
    row = raise_one(rule())
    mine = program(helper)
    assert mine.post(f"/alarms/{row.pk}/acknowledge").json()["state"] == "seen"
    said = mine.post(f"/alarms/{row.pk}/judge", {"right": False, "why": "a test"}).json()
    assert (said["state"], said["why"], said["state_by"]) == ("false", "a test", str(helper))
    until = (timezone.now() + timedelta(days=3)).isoformat()
    assert mine.post(f"/alarms/{row.pk}/mute", {"until": until}).json()["state"] == "muted"
    assert mine.post(f"/alarms/{row.pk}/undo").json()["state"] == "false"
    assert mine.get("/alarms/promise").json()["week"]["judged_false"] == 1
    past = (timezone.now() - timedelta(days=3)).isoformat()
    assert "future" in refused(mine.post(f"/alarms/{row.pk}/mute", {"until": past}), 422)


def test_rules_are_made_changed_and_removed(program: Made, manager: User, helper: User) -> None:
    boss = program(manager)
    body = {"name": "Mail", "family": "topic", "filters": "?channel=email&period=7d", "budget": 0.5}
    made = boss.post("/alarms/rules", body)
    assert made.status_code == 201
    pk = made.json()["id"]
    assert (made.json()["filters"], made.json()["tell"]["page"]) == ("channel=email", True)
    refused(boss.post("/alarms/rules", body), 422)
    refused(boss.post("/alarms/rules", {**body, "name": "x", "filters": "hour=99"}), 422)
    refused(boss.post("/alarms/rules", {**body, "name": "x", "budget": 0}), 422)
    until = (timezone.now() + timedelta(days=1)).isoformat()
    changed = boss.patch(f"/alarms/rules/{pk}", {"active": False, "muted_until": until}).json()
    assert (changed["active"], changed["name"], changed["budget"]) == (False, "Mail", 0.5)
    assert boss.patch(f"/alarms/rules/{pk}", {"muted_until": None}).json()["muted_until"] is None
    refused(program(helper).delete(f"/alarms/rules/{pk}"), 403)
    row = raise_one(AlarmRule.objects.get())
    assert boss.delete(f"/alarms/rules/{pk}").status_code == 204
    assert AlarmEpisode.objects.get(pk=row.pk).rule is None


def test_a_trial_is_asked_for_and_looked_at(program: Made, helper: User) -> None:
    mine = program(helper)
    answer = mine.post("/alarms/trials", {"family": "channel", "budget": 0.5})
    assert answer.status_code == 202
    trial = answer.json()
    assert trial["state"] == "waiting"
    AlarmTrial.objects.update(state="done", result={"raised": []})
    assert mine.get(f"/alarms/trials/{trial['id']}").json()["result"] == {"raised": []}


def test_a_stranger_sees_nothing(program: Made, stranger: User) -> None:
    row = raise_one(rule())
    for path in ("/alarms", f"/alarms/{row.pk}", "/alarms/rules", "/alarms/promise"):
        refused(program(stranger).get(path), 403)
