"""What came by one door: a day, how late, and what did not get through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.listen import coverage
from crowdalogue.models import Account, Delivery

pytestmark = pytest.mark.django_db


def keep(account: Account, n: int, state: str, days: float = 0) -> Delivery:
    at = timezone.now() - timedelta(days=days)
    return Delivery.objects.create(account=account, key=f"k{n}", body=b"{}", state=state, received_at=at)


def test_days_lag_and_newest(account: Callable[..., Account]) -> None:
    mine, other = account("webhook", secrets={"secret": "s" * 40}), account("webhook", secrets={"secret": "t" * 40})
    now = timezone.now()
    rows = [keep(mine, 1, "filed", 20), keep(mine, 2, "filed", 3), keep(mine, 3, "failed", 3), keep(mine, 4, "kept")]
    keep(other, 5, "filed")
    for n, late in enumerate((10, 20, 60)):
        item = Incoming(f"m{n}", Author("mara@example.com"), "hello", now - timedelta(seconds=late))
        flow.file(mine, [item], delivery=rows[3])
    found = coverage.cover(mine)
    assert (found.total, found.failed, found.most) == (3, 1, 2)
    assert len(found.days) == coverage.DAYS
    assert [d.all for d in found.days if d.all] == [2, 1]
    assert found.lag_n == 3
    assert found.lag_median_s == pytest.approx(20, abs=3)
    assert found.lag_most_s == pytest.approx(60, abs=3)
    assert [d.pk for d in found.newest] == [r.pk for r in reversed(rows)]
    assert not found.partly


def test_an_empty_door(account: Callable[..., Account]) -> None:
    found = coverage.cover(account("webhook", secrets={"secret": "s" * 40}))
    assert (found.total, found.lag_median_s, found.last_at, found.newest) == (0, None, None, [])
