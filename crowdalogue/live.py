"""News for open pages: rows of ids, written with the change they tell of, read again by whoever listens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.timezone import now

from crowdalogue.models import LiveEvent

KEPT = timedelta(days=1)


def announce(kind: str, *ids: int) -> None:
    """Tell that rows changed. Called inside the transaction that changes them, so nobody hears too early."""
    LiveEvent.objects.bulk_create([LiveEvent(kind=kind, object_id=i) for i in dict.fromkeys(ids)], batch_size=500)


def since(last_id: int, limit: int = 500) -> list[LiveEvent]:
    """What was announced after `last_id`, oldest first, at most `limit`."""
    return list(LiveEvent.objects.filter(id__gt=last_id).order_by("id")[:limit])


def newest_id() -> int:
    return LiveEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0


def forget_old(limit: int = 5000) -> int:
    """Delete announcements nobody can still be waiting for; at most `limit` at a time."""
    ids: Iterable[int] = LiveEvent.objects.filter(at__lt=now() - KEPT).order_by("id").values_list("id", flat=True)
    gone, _ = LiveEvent.objects.filter(id__in=list(ids[:limit])).delete()  # type: ignore[index]
    return gone
