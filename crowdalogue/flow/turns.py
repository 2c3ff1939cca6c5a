"""Whose turn it is, where one worker does something for all: a row of the store with a lease that runs out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone

from crowdalogue.models import AlarmTurn

LEASE = timedelta(minutes=15)


def claim(name: str, now: datetime, lease: timedelta = LEASE) -> AlarmTurn | None:
    """The right to do what is called `name`, for a while: None where another worker has it, or had it lately."""
    try:
        turn, fresh = AlarmTurn.objects.get_or_create(name=name, defaults={"until": now + lease})
    except IntegrityError:
        return None
    if fresh:
        return turn
    mine = AlarmTurn.objects.filter(pk=turn.pk, until=turn.until, until__lte=now).update(until=now + lease)
    return turn if mine else None


def now_and_then(name: str, every: timedelta, deed: Callable[[], object]) -> bool:
    """Do it unless a worker did within `every`, however often workers start. Returns whether it was done.

    What breaks off is done again when the lease has run out.
    """
    now = timezone.now()
    turn = claim(name, now)
    if turn is None:
        return False
    deed()
    AlarmTurn.objects.filter(pk=turn.pk).update(until=now + every, ended_at=timezone.now())
    return True
