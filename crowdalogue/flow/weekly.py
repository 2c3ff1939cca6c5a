"""The weekly page: composed once a week for the company and for what each person answers for, then sent."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from django.utils import timezone

from crowdalogue import live
from crowdalogue.act import weekly_mails
from crowdalogue.errors import Failure
from crowdalogue.flow import trying
from crowdalogue.models import Company, Concern, WeeklyPage
from crowdalogue.relate import facts, weekly, weekly_rows
from crowdalogue.relate.filters import parse
from crowdalogue.relate.scope import company_zone

log = logging.getLogger(__name__)

READY_AFTER = timedelta(hours=6)  # of Monday: what was said on Sunday night has been read by then
MOST_CONCERNS = 200  # pages composed for one week


def newest_week(now: datetime) -> date:
    """The Monday of the last week that is over, in the company's zone."""
    today = (now.astimezone(company_zone()) - READY_AFTER).date()
    return today - timedelta(days=today.weekday() + 7)


def compose_week(monday: date, query: str = "", *, anew: bool = False) -> WeeklyPage:
    """The page of one week, made if it is not there yet, and kept where the columns reach the end of the week.

    Raises Failure where the filters cannot be read.
    """
    found = WeeklyPage.objects.filter(start=monday, query=query).first()
    if found is not None and not anew:
        return found
    now = timezone.now()
    filters = parse(query)
    content = weekly.compose(filters, monday, now=now)
    if not query:
        content |= {"done": weekly_rows.done(monday, company_zone()), "decide": weekly_rows.decide(now, filters)}
    as_of = facts.as_of()
    content["as_of"] = as_of.isoformat() if as_of else None
    if not reaches(as_of, monday):
        return WeeklyPage(start=monday, query=query, content=content, composed_at=now)
    page, _ = WeeklyPage.objects.update_or_create(
        start=monday, query=query, defaults={"content": content, "composed_at": now}
    )
    live.announce("weekly", page.pk)
    return page


def reaches(as_of: datetime | None, monday: date) -> bool:
    """Whether what the columns know includes the whole week."""
    return as_of is not None and as_of >= weekly_rows.bounds(monday, company_zone())[1]


def tend_weekly() -> bool:
    """Compose what is due, and send what waits. Returns whether anything was done."""
    return bool(compose_due(timezone.now()) or send_due(timezone.now()))


def compose_due(now: datetime) -> int:
    """Pages of the last week that are not there yet, for the company and for every concern."""
    if not Company.objects.exists():
        return 0
    monday = newest_week(now)
    if not reaches(facts.as_of(), monday):
        return 0
    there = set(WeeklyPage.objects.filter(start=monday).values_list("query", flat=True)[: MOST_CONCERNS + 1])
    wanted = ["", *Concern.objects.exclude(query="").order_by("query").values_list("query", flat=True).distinct()]
    made = 0
    for query in [q for q in wanted[:MOST_CONCERNS] if q not in there]:
        try:
            weekly_mails.queue(compose_week(monday, query))
        except Failure as failure:
            log.warning("weekly page of %s not composed: %s", monday, failure.text)
            refuse(monday, query, failure.text)
        except Exception:
            log.exception("weekly page of %s broke", monday)
            refuse(monday, query, "It broke off for a reason of ours; see the log.")
        made += 1
    return made


def refuse(monday: date, query: str, why: str) -> None:
    """Keep why there is no page, so that the other pages come and nobody looks for it again."""
    WeeklyPage.objects.get_or_create(start=monday, query=query, defaults={"content": {"refused": why, "changed": []}})


def send_due(now: datetime) -> int:
    """Mails that are due, one after the other. Returns how many were tried."""
    due = weekly_mails.due(now)
    return trying.each(due, weekly_mails.deliver, done=weekly_mails.mark_sent, problem=weekly_mails.mark_problem)
