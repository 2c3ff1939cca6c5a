"""Imports as jobs: the oldest first, one worker each, and a dead worker's import is taken over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue.listen import runs
from crowdalogue.models import Import

pytestmark = pytest.mark.django_db


def put(name: str, state: str = "waiting", **more: object) -> Import:
    return Import.objects.create(name=name, path=name, state=state, **more)


def test_the_oldest_that_waits_and_each_once() -> None:
    put("draft", "draft")
    first, second = put("first"), put("second")
    now = timezone.now()
    assert runs.claim(now) == first
    assert runs.claim(now) == second
    assert runs.claim(now) is None
    first.refresh_from_db()
    assert (first.state, first.claimed_at) == ("running", now)


def test_one_whose_worker_died_is_taken_over_after_a_while() -> None:
    now = timezone.now()
    run = put("left", "running", claimed_at=now)
    assert runs.claim(now + runs.LEASE / 2) is None
    assert runs.claim(now + runs.LEASE + timedelta(seconds=1)) == run


@pytest.mark.parametrize("state", ["draft", "stopped", "done", "failed"])
def test_what_was_stopped_or_is_done_is_left_alone(state: str) -> None:
    put("a", state, claimed_at=timezone.now() - timedelta(days=1))
    assert runs.claim(timezone.now()) is None


def test_a_failure_keeps_its_reason() -> None:
    run = put("a", "running", claimed_at=timezone.now())
    runs.fail(run, "The disk is full. Make room, then resume.", timezone.now())
    run.refresh_from_db()
    assert (run.state, run.claimed_at) == ("failed", None)
    assert "Make room" in run.reason
