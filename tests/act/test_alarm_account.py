"""The promise of a week, and how it was kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crowdalogue.act import alarm_account, alarms
from crowdalogue.models import AlarmEpisode, AlarmRule, AlarmWeek, User
from tests.act.test_alarms import raise_one, rule

pytestmark = pytest.mark.django_db

THURSDAY = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)


def test_a_week_counts_what_was_raised_in_it_and_judged_since(company: Any, owner: User) -> None:
    one = rule(budget=30 / 7)
    AlarmRule.objects.update(created_at=THURSDAY - timedelta(days=20))
    times = dict.fromkeys(("began", "raised_at", "step_at", "last_at"), THURSDAY)
    wrong = raise_one(one, **times)
    raise_one(one, key="topic:2", **times)
    before = {name: THURSDAY - timedelta(days=7) for name in times}
    raise_one(one, key="topic:3", **before)
    past = raise_one(one, key="topic:4", **times)
    AlarmEpisode.objects.filter(pk=past.pk).update(evidence={"past": True})
    alarms.judge(owner, wrong, False)
    week = alarm_account.account(alarm_account.monday_of(THURSDAY))
    assert (week.raised, week.judged_true, week.judged_false) == (2, 0, 1)
    assert week.promised == pytest.approx(1.0)
    assert week.kept


def test_weeks_are_written_once_and_later_judgements_counted_in(company: Any, owner: User) -> None:
    one = rule(budget=30 / 7)
    AlarmRule.objects.update(created_at=THURSDAY - timedelta(days=9))
    times = dict.fromkeys(("began", "raised_at", "step_at", "last_at"), THURSDAY)
    row = raise_one(one, **times)
    alarm_account.write(THURSDAY)
    assert AlarmWeek.objects.count() == 2
    alarms.save_rule(None, name="Topics", family="topic", budget=60 / 7, rule=one)
    next_week = THURSDAY + timedelta(days=7)
    alarms.judge(owner, row, True)
    alarm_account.write(next_week)
    assert alarm_account.write(next_week) == 0
    newest, then, _first = alarm_account.weeks()
    assert (newest.promised, then.promised) == (pytest.approx(2.0), pytest.approx(1.0))
    assert (then.raised, then.judged_true) == (1, 1)


def test_without_a_rule_nothing_is_promised(company: Any) -> None:
    assert alarm_account.write(THURSDAY) == 0
    assert alarm_account.promised() == 0.0
