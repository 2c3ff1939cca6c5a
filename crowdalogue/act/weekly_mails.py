"""Sending the weekly page to whoever asked for it, once each. The rows are the jobs.

Mails leave as notices.py says; tried at a mail server on this machine only.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.timezone import now as the_time

from crowdalogue.act import notices
from crowdalogue.channels.base import Author
from crowdalogue.errors import Failure
from crowdalogue.models import Concern, WeeklyMail, WeeklyPage

AT_ONCE = 20
States = WeeklyMail.State


def queue(page: WeeklyPage) -> list[WeeklyMail]:
    """A mail for everybody who wants this page by mail. Safe to repeat."""
    wanted = Concern.objects.filter(query=page.query, by_mail=True, user__is_active=True)
    return WeeklyMail.objects.bulk_create(
        [WeeklyMail(page=page, concern=concern) for concern in wanted], ignore_conflicts=True
    )


def due(at: datetime, limit: int = AT_ONCE) -> list[WeeklyMail]:
    """Mails to be tried now, each by one worker."""
    return notices.due(WeeklyMail, at, limit, "page", "concern__user")


def deliver(mail: WeeklyMail) -> None:
    """Send one. Raises Failure with cause and remedy."""
    user = mail.concern.user
    notices.send_mail(
        f"weekly-{mail.page_id}-{mail.pk}",
        Author(user.email, str(user)),
        f"{mail.concern.name}: the week of {spoken(mail.page.start)}",
        letter(mail.page, mail.concern),
    )


def mark_sent(mail: WeeklyMail) -> None:
    WeeklyMail.objects.filter(pk=mail.pk).update(state=States.SENT, sent_at=the_time(), reason="")


def mark_problem(mail: WeeklyMail, failure: Failure) -> None:
    """Kept with its reason, and tried again later unless that cannot help."""
    notices.put_off(mail, failure)


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
