"""Which import runs next, and who takes over from a dead worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue.listen import runs
from crowdalogue.models import Import

pytestmark = pytest.mark.django_db


def test_the_oldest_waiting_import_is_claimed_once() -> None:
    first = Import.objects.create(name="a.csv", path="a.csv", state="waiting")
    second = Import.objects.create(name="b.csv", path="b.csv", state="waiting")
    Import.objects.create(name="c.csv", path="c.csv", state="draft")
    now = timezone.now()
    assert [runs.claim(now), runs.claim(now), runs.claim(now)] == [first, second, None]


def test_a_dead_workers_import_is_taken_over() -> None:
    run = Import.objects.create(name="a.csv", path="a.csv", state="running", claimed_at=timezone.now())
    assert runs.claim(timezone.now()) is None
    assert runs.claim(timezone.now() + runs.LEASE + timedelta(seconds=1)) == run


def test_a_failure_keeps_its_reason() -> None:
    run = Import.objects.create(name="a.csv", path="a.csv", state="running")
    runs.fail(run, "The file is gone. Upload it again.", timezone.now())
    run.refresh_from_db()
    assert (run.state, run.reason) == ("failed", "The file is gone. Upload it again.")
    assert run.ended_at is not None
