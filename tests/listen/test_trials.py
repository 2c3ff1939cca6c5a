"""A watch tried on the past: counted by day, channel and author, with the words marked, and nothing kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from crowdalogue.listen import trials
from crowdalogue.models import Account, User, Watch, WatchHit
from crowdalogue.text.watching import typed
from tests.listen.test_watches import hear, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def filed(account: Callable[..., Account]) -> None:
    now = timezone.now()
    social, mail = account("social"), account("email")
    hear(
        social,
        replace(say("Acme is late", who="ann"), sent_at=now - timedelta(days=2)),
        replace(say("acme again", who="ann"), sent_at=now - timedelta(days=2)),
        replace(say("jobs at acme", who="bea"), sent_at=now - timedelta(days=1)),
        replace(say("acme, long ago", who="cat"), sent_at=now - timedelta(days=100)),
        replace(say("bolt", who="dan"), sent_at=now),
    )
    hear(mail, replace(say("thanks", who="ann@example.com", subject="To Acme"), sent_at=now - timedelta(days=89)))


def test_a_trial_counts_by_day_channel_and_author(filed: None, analyst: User) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    trial = trials.run(analyst, typed("acme -jobs"), zone=zone)
    today = timezone.now().astimezone(zone).date()
    assert (trial.hits, trial.authors, trial.whole) == (3, 2, True)
    assert len(trial.days) == 90 and trial.days[-1][0] == today
    assert {day: n for day, n in trial.days if n} == {today - timedelta(days=2): 2, today - timedelta(days=89): 1}
    assert trial.channels == [("social", 2), ("email", 1)]
    assert (trial.taken, [s.message.text for s in trial.taken_sample]) == (1, ["jobs at acme"])
    newest, _, oldest = trial.sample
    mail = next(s for s in trial.sample if s.message.subject)
    assert [mail.message.subject[a:b] for a, b in mail.subject_spans] == ["Acme"] and mail.spans == ()
    late = next(s for s in trial.sample if s.message.text == "Acme is late")
    assert [late.message.text[a:b] for a, b in late.spans] == ["Acme"]
    assert newest.message.pk > oldest.message.pk
    assert not Watch.objects.exists() and not WatchHit.objects.exists()


def test_a_trial_without_time_says_how_far_it_came(filed: None, analyst: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "AT_ONCE", 1)
    trial = trials.run(analyst, typed("acme"), budget=0)
    assert not trial.whole and trial.hits == 1
    assert trial.days[0][0] == trial.since.astimezone(timezone.get_current_timezone()).date()


def test_a_sample_is_spread_over_the_whole_time() -> None:
    assert trials._spread(range(100), 5) == [0, 25, 50, 74, 99]
    assert trials._spread([3, 2], 5) == [3, 2]


def test_strangers_try_on_nothing(filed: None, stranger: User) -> None:
    assert trials.run(stranger, typed("acme")).hits == 0
