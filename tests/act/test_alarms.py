"""Rules are checked, episodes kept once, and what people say of them can be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue.act import alarms
from crowdalogue.act.alarms import Signal
from crowdalogue.errors import Failure
from crowdalogue.models import AlarmEpisode, AlarmNotice, AlarmRule, AlarmSeries, LiveEvent, User

pytestmark = pytest.mark.django_db


def rule(**more: Any) -> AlarmRule:
    values: dict[str, Any] = {"name": "Topics", "family": "topic", "budget": 1.0}
    return alarms.save_rule(None, **(values | more))


def signal(row: AlarmRule, **more: Any) -> Signal:
    now = timezone.now()
    values: dict[str, Any] = {
        "rule": row.pk, "key": "topic:1", "family": "topic", "name": "lids", "query": "", "hours": 24,
        "step_at": now - timedelta(hours=5), "raised_at": now - timedelta(hours=1), "began": now - timedelta(hours=5),
        "last_at": now, "over": False, "count": 30.0, "expected": 4.0, "peak": 20.0, "needed": 9.0,
        "evidence": {"people": 28, "picture": {}},
    }  # fmt: skip
    return Signal(**(values | more))


def raise_one(row: AlarmRule, **more: Any) -> AlarmEpisode:
    alarms.keep([signal(row, **more)], timezone.now())
    return AlarmEpisode.objects.order_by("-id")[0]


def test_the_defaults_promise_one_false_alarm_a_week_and_stay_away_once_removed(owner: User) -> None:
    assert alarms.make_defaults()
    rules = AlarmRule.objects.all()
    assert sum(r.budget for r in rules) == pytest.approx(alarms.A_WEEK, rel=0.03)
    alarms.remove(rules[0])
    assert not alarms.make_defaults()
    assert AlarmRule.objects.count() == len(alarms.DEFAULTS) - 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "  "},
        {"family": "moon"},
        {"budget": 0.0},
        {"budget": float("nan")},
        {"tell": {"emails": ["nobody"]}},
        {"tell": {"emails": [f"a{n}@example.com" for n in range(21)]}},
        {"tell": {"webhook": "ftp://example.com"}},
    ],
)
def test_a_rule_that_cannot_work_is_refused(wrong: dict[str, Any], company: Any) -> None:
    with pytest.raises(Failure):
        rule(**wrong)
    assert not AlarmRule.objects.exists()


def test_names_are_not_taken_twice_and_a_webhook_gets_a_secret_of_its_own(company: Any) -> None:
    one = rule(tell={"webhook": "https://chat.example.com/in"})
    assert len(one.secrets["webhook"]) > 30
    with pytest.raises(Failure, match="taken"):
        rule(name="TOPICS")
    secret = one.secrets["webhook"]
    alarms.save_rule(None, name="Topics", family="topic", budget=2.0, tell=one.tell, rule=one)
    assert AlarmRule.objects.get().secrets["webhook"] == secret


def test_another_family_forgets_the_series_of_the_old_one(company: Any) -> None:
    one = rule()
    alarms.keep_series(one.pk, [AlarmSeries(rule=one, key="topic:1", name="lids", hours=24)], timezone.now())
    alarms.save_rule(None, name="Topics", family="channel", budget=1.0, rule=one)
    assert not one.series.exists()


def test_a_rise_is_raised_once_and_then_brought_up_to_date(company: Any) -> None:
    one = rule(tell={"page": True, "emails": ["ada@example.com"]})
    first = raise_one(one)
    assert alarms.keep([signal(one, count=44.0, peak=25.0)], timezone.now()) == []
    row = AlarmEpisode.objects.get()
    assert (row.pk, row.count, row.peak, row.ended) == (first.pk, 44.0, 25.0, None)
    assert {n.way for n in AlarmNotice.objects.all()} == {"page", "email"}
    assert LiveEvent.objects.filter(kind="alarm", object_id=row.pk).exists()
    alarms.end(row, timezone.now())
    assert AlarmEpisode.objects.get().ended == row.last_at


def test_a_rise_of_the_past_is_kept_and_nobody_told(company: Any) -> None:
    raise_one(rule(), told=False)
    assert not AlarmNotice.objects.exists()


def test_what_was_muted_is_kept_muted(company: Any, owner: User) -> None:
    one = rule()
    first = raise_one(one)
    alarms.mute(owner, first, timezone.now() + timedelta(days=7))
    later = timezone.now() + timedelta(days=5)
    moved = {"began": later, "raised_at": later, "step_at": later, "last_at": later}
    alarms.keep([signal(one, **moved)], later)
    second = AlarmEpisode.objects.exclude(pk=first.pk).get()
    assert second.state == "muted"
    assert not second.notices.exists()
    with pytest.raises(Failure, match="future"):
        alarms.mute(owner, second, timezone.now() - timedelta(days=1))


def test_a_muted_rule_tells_nobody(company: Any) -> None:
    one = rule()
    alarms.mute_rule(one, timezone.now() + timedelta(days=1))
    assert raise_one(one).state == "muted"


def test_judgements_are_undone_one_after_the_other(company: Any, owner: User, helper: User) -> None:
    row = raise_one(rule())
    alarms.acknowledge(owner, row)
    alarms.judge(helper, row, False, "a  test\nmailing")
    alarms.judge(helper, row, False, "a test mailing")
    row.refresh_from_db()
    assert (row.state, row.why, row.state_by, len(row.past)) == ("false", "a test mailing", helper, 2)
    assert alarms.undo(row)
    row.refresh_from_db()
    assert (row.state, row.state_by) == ("seen", owner)
    assert alarms.undo(row)
    row.refresh_from_db()
    assert (row.state, row.state_by, row.state_at) == ("open", None, None)
    assert not alarms.undo(row)


def test_what_waits_for_a_look_is_open_and_recent_or_going_on(company: Any, owner: User) -> None:
    one = rule()
    long_ago = timezone.now() - timedelta(days=30)
    old = {"began": long_ago, "raised_at": long_ago, "step_at": long_ago, "last_at": long_ago}
    gone = raise_one(one, key="topic:2", over=True, **old)
    still = raise_one(one, key="topic:3", over=False, **old)
    fresh = raise_one(one, over=True)
    seen = raise_one(one, key="topic:4")
    alarms.acknowledge(owner, seen)
    assert set(alarms.waiting()) == {still, fresh}
    assert gone.ended is not None


def test_series_that_are_there_no_more_are_forgotten(company: Any) -> None:
    one = rule()
    now = timezone.now()
    rows = [AlarmSeries(rule=one, key=f"topic:{n}", name="x", hours=24, checked_at=now) for n in (1, 2)]
    alarms.keep_series(one.pk, rows, now)
    later = now + timedelta(hours=1)
    again = AlarmSeries(rule=one, key="topic:2", name="y", hours=24, checked_at=later, needed=7.0, state="watched")
    alarms.keep_series(one.pk, [again], later)
    assert [(s.key, s.name, s.needed) for s in one.series.all()] == [("topic:2", "y", 7.0)]
