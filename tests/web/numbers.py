"""Messages with readings and waits for pages that show numbers, made directly and counted into columns."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from django.utils import timezone

from crowdalogue.models import Account, Brand, Conversation, Handle, Message, Person, Reading, Wait
from crowdalogue.relate import facts

_count = itertools.count(1)


def talk(
    text: str = "My parcel has not come",
    *,
    channel: str = "email",
    brand: Brand | None = None,
    hours_ago: float = 30,
    sentiment: str = "",
    intent: str = "",
    answer_s: int | None = None,
    due_s: int | None = 1800,
    words: list[list[int]] | None = None,
    waits: bool = True,
) -> Conversation:
    """A conversation a customer opened so many hours ago, read if it has a sentiment, answered after `answer_s`."""
    n = next(_count)
    at = timezone.now().replace(microsecond=0) - timedelta(hours=hours_ago)
    account, _ = Account.objects.get_or_create(kind=channel, name=channel)
    person = Person.objects.create(name=f"Mara {n}")
    handle = Handle.objects.create(kind=channel, address=f"n{n}@example.com", person=person)
    answered = at + timedelta(seconds=answer_s) if answer_s is not None else None
    due = at + timedelta(seconds=due_s) if due_s is not None else None
    row = Conversation.objects.create(
        account=account, kind=channel, brand=brand, person=person, handle=handle, first_at=at, last_at=answered or at,
        messages_count=1, opened_by_customer=True, preview=text[:200], waiting_since=None if answered else at,
        due_at=None if answered else due, needs_answer=waits,
    )  # fmt: skip
    message = Message.objects.create(
        account=account, external_id=f"n{n}", conversation=row, direction="in", channel=channel, handle=handle,
        sent_at=at, text=text,
    )  # fmt: skip
    if sentiment or intent:
        findings: dict[str, Any] = {"sentiment": {"label": sentiment, "confidence": 0.9, "words": words or []}}
        Reading.objects.create(message=message, version="1", sentiment=sentiment, intent=intent, findings=findings)
    if waits:
        Wait.objects.create(
            conversation=row, number=1, started_at=at, first=True, due_at=due, answered_at=answered, calendar_s=answer_s
        )
    return row


def counted() -> None:
    """Bring what was made into the columns."""
    assert facts.refresh(60).done
