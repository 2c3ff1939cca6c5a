"""From messages to an alarm: raised once, by one worker, kept with its evidence, told; and rules tried on the past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.act import alarms as kept
from crowdalogue.flow import alarms
from crowdalogue.models import AlarmEpisode, AlarmNotice, AlarmRule, AlarmSeries, AlarmTrial, AlarmTurn, AlarmWeek
from tests.alarmed import NOW, Town, burst, leaking

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.HOME = tmp_path
    yield


def test_a_rise_becomes_one_alarm_with_its_evidence_and_is_told(company: Any) -> None:
    topic = leaking()
    flow.watch_alarms()
    fresh = [a for a in AlarmEpisode.objects.all() if a.raised_at > NOW - timedelta(days=1)]
    assert [a.key for a in fresh] == [f"topic:{topic.pk}"]
    (alarm,) = fresh
    assert (alarm.state, alarm.ended, alarm.rule and alarm.rule.name) == ("open", None, "Topics")
    assert alarm.count >= 28 > 4 * alarm.expected
    found = alarm.evidence
    assert "lid leaks" in {w["word"] for w in found["words"]}
    assert found["people"] >= 28 and not found["past"]
    picture = found["picture"]
    assert len(picture["counts"]) == len(picture["limit"]) == len(picture["expected"])
    assert picture["counts"][picture["raised"]] >= alarm.needed - 1
    assert found["change"]["since"] > found["change"]["before"]
    assert alarm.notices.filter(way="page").count() == 1
    assert AlarmWeek.objects.exists()
    assert AlarmSeries.objects.filter(rule__family="topic", state="watched").count() == 2
    flow.watch_alarms()
    assert alarm.notices.get().state == "sent"


def test_looking_again_raises_nothing_twice(company: Any) -> None:
    leaking()
    flow.watch_alarms()
    before = set(AlarmEpisode.objects.values_list("pk", flat=True))
    AlarmTurn.objects.update(ended_at=timezone.now() - timedelta(hours=3))
    flow.watch_alarms()
    AlarmSeries.objects.all().delete()  # as after a change of every rule: the past is looked at anew
    AlarmTurn.objects.update(ended_at=timezone.now() - timedelta(hours=3))
    flow.watch_alarms()
    assert set(AlarmEpisode.objects.values_list("pk", flat=True)) == before
    assert AlarmNotice.objects.filter(way="page").count() == len(before)


def test_what_rises_within_the_hour_is_known_before_the_hour_is_over(company: Any) -> None:
    town = Town()
    lids = town.topic("lids")
    for day in range(1, 60):  # two a day, never more
        for who in (2 * day, 2 * day + 1):
            town.say(NOW - timedelta(days=day), who, f"It is fine {who}", topic=lids)
    town.settle()
    flow.watch_alarms()
    assert not kept.waiting().exists()
    moment = timezone.now() - timedelta(seconds=30)
    for who in range(25):
        town.say(moment, 300 + who, f"The lid leaks {who}", topic=lids)
    town.settle()
    flow.watch_alarms()
    assert [a.name for a in kept.waiting()] == ["lids"]


def test_another_worker_is_left_alone_until_its_lease_is_over(company: Any) -> None:
    now = timezone.now()
    assert alarms.claim(now) is not None
    assert alarms.claim(now) is None
    assert alarms.claim(now + alarms.LEASE) is not None


def test_a_new_rule_is_filled_with_its_past_and_nobody_told(company: Any) -> None:
    town = Town()
    lids = town.topic("lids")
    town.calm(70, 3, topic=lids)
    burst(town, lids, hours_ago=20 * 24)
    town.settle()
    flow.watch_alarms()
    past = [a for a in AlarmEpisode.objects.all() if a.raised_at < NOW - timedelta(days=10)]
    assert "lids" in {a.name for a in past}
    assert all(a.evidence["past"] and a.ended for a in past)
    assert not AlarmNotice.objects.filter(episode__in=past).exists()


def test_what_is_over_ends(company: Any) -> None:
    leaking()
    flow.watch_alarms()
    row = kept.waiting().get()
    row.last_at = NOW - timedelta(days=20)
    row.began = row.last_at - timedelta(days=1)
    row.save()
    AlarmTurn.objects.update(ended_at=timezone.now() - timedelta(hours=3))
    flow.watch_alarms()
    row.refresh_from_db()
    assert row.ended == row.last_at


def test_a_rule_whose_filters_are_not_understood_stops_no_other(company: Any) -> None:
    leaking()
    AlarmRule.objects.create(name="Broken", family="all", query="hour=99", budget=1.0)
    flow.watch_alarms()
    assert AlarmEpisode.objects.exists()


def test_a_trial_says_what_would_have_been_raised_and_tells_nobody(company: Any) -> None:
    leaking()
    rule = {"name": "Lids", "family": "topic", "query": "", "budget": 0.5}
    trial = AlarmTrial.objects.create(rule=rule)
    broken = AlarmTrial.objects.create(rule={**rule, "query": "hour=99"})
    assert flow.replay_alarm_trials() and flow.replay_alarm_trials()
    assert not flow.replay_alarm_trials()
    trial.refresh_from_db()
    assert (trial.state, trial.done, trial.total) == ("done", 2, 2)
    assert "lids" in {one["series"] for one in trial.result["raised"]}
    assert 30 <= trial.result["days"] <= 34
    broken.refresh_from_db()
    assert broken.state == "failed" and "Hour" in broken.reason
    assert not AlarmEpisode.objects.exists() and not AlarmNotice.objects.exists()


def test_a_trial_a_worker_left_is_taken_up_again(company: Any) -> None:
    left = AlarmTrial.objects.create(
        rule={"family": "all", "budget": 1.0}, state="running", claimed_at=timezone.now() - timedelta(hours=1)
    )
    assert flow.replay_alarm_trials()
    left.refresh_from_db()
    assert left.state == "done" and left.result["raised"] == []
