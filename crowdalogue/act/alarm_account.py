"""The kept promise, week by week: false alarms promised at most, alarms raised, judged true, judged false.

A week begins on the company's Monday. What was raised before there were rules (the past that a new rule is filled
with) does not count: nobody was told of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from crowdalogue.models import AlarmEpisode, AlarmRule, AlarmWeek, Company

DAYS = 30  # what a budget is for
WEEKS_BACK = 8  # whose judgements may still change
A_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Account:
    """`promised` is false alarms at most, for the days that the account covers."""

    monday: date
    promised: float
    raised: int
    judged_true: int
    judged_false: int

    @property
    def kept(self) -> bool:
        return self.judged_false <= max(1, round(self.promised))


def promised(days: float = 7.0) -> float:
    """False alarms that the rules which are on promise at most, in so many days."""
    total = AlarmRule.objects.filter(active=True).aggregate(total=Sum("budget"))["total"] or 0.0
    return float(total) * days / DAYS


def zone() -> ZoneInfo:
    name = Company.objects.values_list("timezone", flat=True).first()
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def monday_of(moment: datetime) -> date:
    day = moment.astimezone(zone()).date()
    return day - timedelta(days=day.weekday())


def raised_in(monday: date) -> QuerySet[AlarmEpisode]:
    """Episodes of a week that people were told of, or could have been."""
    begin = datetime.combine(monday, time(), zone())
    end = datetime.combine(monday + A_WEEK, time(), zone())
    told = Q(evidence__past=False) | Q(evidence__past__isnull=True)
    return AlarmEpisode.objects.filter(told, raised_at__gte=begin, raised_at__lt=end)


def account(monday: date) -> Account:
    """One week as it stands. A week that was written down keeps the promise of its time."""
    written = AlarmWeek.objects.filter(monday=monday).values_list("promised", flat=True).first()
    rows = raised_in(monday)
    return Account(
        monday,
        written if written is not None else promised(),
        rows.count(),
        rows.filter(state=AlarmEpisode.State.TRUE).count(),
        rows.filter(state=AlarmEpisode.State.FALSE).count(),
    )


def write(now: datetime) -> int:
    """Write down this week and the weeks before it, whose judgements may have changed. Returns how many changed."""
    this = monday_of(now)
    first = AlarmRule.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if first is None:
        return 0
    changed = 0
    for back in range(WEEKS_BACK):
        monday = this - back * A_WEEK
        if monday < monday_of(first):
            break
        if back == 0:
            AlarmWeek.objects.update_or_create(monday=monday, defaults={"promised": promised()})
        one = account(monday)
        values = {"raised": one.raised, "judged_true": one.judged_true, "judged_false": one.judged_false}
        row, made = AlarmWeek.objects.get_or_create(monday=monday, defaults={"promised": one.promised, **values})
        if not made and any(getattr(row, name) != value for name, value in values.items()):
            AlarmWeek.objects.filter(pk=row.pk).update(**values, counted_at=now)
            changed += 1
        changed += made
    return changed


def weeks(limit: int = 8) -> list[AlarmWeek]:
    """The newest first."""
    return list(AlarmWeek.objects.order_by("-monday")[:limit])
