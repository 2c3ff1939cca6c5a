"""Sending the weekly page to whoever asked for it, once each. The rows are the jobs.

Mails leave by the company's first active mailbox, as answers do; the Message-ID comes from the row, so a mail that is
sent again after a cut-off is the same mail. Tried at a mail server on this machine only.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils.timezone import now as the_time

from crowdalogue.act.replies import BACK_OFF, LONGEST_TRY
from crowdalogue.channels import open_channel
from crowdalogue.channels.base import Author, Outgoing
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Concern, WeeklyMail, WeeklyPage

LEASE = timedelta(minutes=3)
AT_ONCE = 20
States = WeeklyMail.State


def queue(page: WeeklyPage) -> list[WeeklyMail]:
    """A mail for everybody who wants this page by mail. Safe to repeat."""
    wanted = Concern.objects.filter(query=page.query, by_mail=True, user__is_active=True)
    return WeeklyMail.objects.bulk_create(
        [WeeklyMail(page=page, concern=concern) for concern in wanted], ignore_conflicts=True
    )


def due(at: datetime, limit: int = AT_ONCE) -> list[WeeklyMail]:
    """Mails to be tried now, each put off by a lease so that another worker does not try it too."""
    waiting = WeeklyMail.objects.filter(state=States.QUEUED, not_before__lte=at).order_by("not_before", "pk")
    mine = [
        pk
        for pk, was in waiting.values_list("pk", "not_before")[:limit]
        if WeeklyMail.objects.filter(pk=pk, state=States.QUEUED, not_before=was).update(
            not_before=at + LEASE, attempts=F("attempts") + 1
        )
    ]
    return list(WeeklyMail.objects.filter(pk__in=mine).select_related("page", "concern__user").order_by("pk"))


def deliver(mail: WeeklyMail) -> None:
    """Send one. Raises Failure with cause and remedy."""
    account = Account.objects.filter(kind="email", state=Account.State.ACTIVE, demo=False).order_by("pk").first()
    if account is None:
        raise Failure("There is no mailbox to send from. Connect one under Channels.")
    user = mail.concern.user
    outgoing = Outgoing(
        key=f"weekly-{mail.page_id}-{mail.pk}",
        to=Author(user.email, str(user)),
        text=letter(mail.page, mail.concern),
        subject=f"{mail.concern.name}: the week of {spoken(mail.page.start)}",
    )
    open_channel("email", account.all_settings).send(outgoing)


def mark_sent(mail: WeeklyMail) -> None:
    WeeklyMail.objects.filter(pk=mail.pk).update(state=States.SENT, sent_at=the_time(), reason="")


def mark_problem(mail: WeeklyMail, failure: Failure) -> None:
    """Kept with its reason, and tried again later unless that cannot help."""
    over = failure.permanent or the_time() - mail.created_at > LONGEST_TRY
    wait = BACK_OFF[min(max(mail.attempts, 1), len(BACK_OFF)) - 1]
    WeeklyMail.objects.filter(pk=mail.pk).update(
        state=States.FAILED if over else States.QUEUED, reason=failure.text[:2000], not_before=the_time() + wait
    )


# --- what is said


def letter(page: WeeklyPage, concern: Concern) -> str:
    content = page.content
    parts = [f"{concern.name}, {spoken(page.start)} to {spoken(page.start + timedelta(days=6))}", ""]
    parts += section("What changed", content.get("changed", ()), nothing="Nothing beyond chance.")
    parts += section("What was done", content.get("done", ()))
    parts += section("What there is to decide", content.get("decide", ()))
    parts += [f"Everything, with the messages behind it: {address(page)}", ""]
    parts.append("You get this because you follow it. To stop: the same page, “Follow”.")
    return "\n".join(parts)


def section(title: str, lines: Any, *, nothing: str = "") -> list[str]:
    said = [f"- {line['text']}" + (f" ({line['sure']})" if line.get("sure") else "") for line in lines]
    if not said and not nothing:
        return []
    return [title, *(said or [nothing]), ""]


def address(page: WeeklyPage) -> str:
    tail = f"?{page.query}" if page.query else ""
    return f"{settings.URL}/weekly/{page.start.isoformat()}/{tail}"


def spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
