"""How much came by one door, how late, and what did not get through: for the page of a channel."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Min, QuerySet
from django.utils import timezone

from crowdalogue.models import Account, Delivery, Message

DAYS = 14
MOST = 20_000  # deliveries looked at; a door that takes more in two weeks says so
RECENT = 200  # deliveries whose messages give the lag
NEWEST = 8
LAST = 20  # deliveries that say where a back-fill is


@dataclass(frozen=True, slots=True)
class Day:
    """Deliveries of one local day."""

    day: date
    filed: int
    failed: int
    waiting: int

    @property
    def all(self) -> int:
        return self.filed + self.failed + self.waiting


@dataclass(frozen=True, slots=True)
class Coverage:
    """`days` are the last `DAYS`, oldest first; `partly` where there were more deliveries than are counted.

    Lag is from when a message was sent to when it came here, in seconds, over the newest messages (`lag_n`);
    None where nothing came, or where the channel does not say when things were sent.
    """

    days: list[Day]
    partly: bool
    lag_median_s: float | None
    lag_most_s: float | None
    lag_n: int
    newest: list[Delivery]
    last_at: datetime | None

    @property
    def most(self) -> int:
        return max((d.all for d in self.days), default=0)

    @property
    def total(self) -> int:
        return sum(d.all for d in self.days)

    @property
    def failed(self) -> int:
        return sum(d.failed for d in self.days)


def cover(account: Account, now: datetime | None = None) -> Coverage:
    """Four bounded queries by the index of an account's newest deliveries."""
    now = now or timezone.now()
    today = timezone.localtime(now).date()
    since = now - timedelta(days=DAYS)
    rows = Delivery.objects.filter(account=account).order_by("-id")
    counted: Counter[tuple[date, str]] = Counter()
    seen = list(rows.values_list("received_at", "state")[:MOST])
    for at, state in seen:
        if at >= since:
            counted[timezone.localtime(at).date(), state] += 1
    days = [day_of(today - timedelta(days=n), counted) for n in reversed(range(DAYS))]
    lags = lags_of(rows)
    newest = list(rows.defer("body")[:NEWEST])
    return Coverage(
        days=days,
        partly=len(seen) == MOST and seen[-1][0] >= since,
        lag_median_s=median(lags) if lags else None,
        lag_most_s=max(lags, default=None),
        lag_n=len(lags),
        newest=newest,
        last_at=newest[0].received_at if newest else None,
    )


def reached(account: Account) -> datetime | None:
    """When the oldest of what came last was sent: about where a back-fill is that walks back through the past."""
    ids = list(Delivery.objects.filter(account=account).order_by("-id").values_list("id", flat=True)[:LAST])
    oldest = Message.objects.filter(delivery_id__in=ids).aggregate(at=Min("sent_at"))["at"]
    return oldest if isinstance(oldest, datetime) else None


def day_of(day: date, counted: Counter[tuple[date, str]]) -> Day:
    states = Delivery.State
    return Day(day, *(counted[day, state] for state in (states.FILED, states.FAILED, states.KEPT)))


def lags_of(rows: QuerySet[Delivery]) -> list[float]:
    """Seconds from sent to here of the newest customer messages; what was back-filled long after is left out."""
    ids = list(rows.values_list("id", flat=True)[:RECENT])
    found = Message.objects.filter(delivery_id__in=ids, direction=Message.Direction.IN)
    pairs = found.order_by("-id").values_list("sent_at", "received_at")[:RECENT]
    lags = [(came - sent).total_seconds() for sent, came in pairs]
    return [max(0.0, lag) for lag in lags if lag < timedelta(days=1).total_seconds()]
