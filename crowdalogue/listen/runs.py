"""Imports as jobs: which one to run next, and taking over one whose worker died."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from crowdalogue.models import Import

LEASE = timedelta(minutes=2)  # a running import renews its claim with every batch


def claim(now: datetime) -> Import | None:
    """The oldest import that waits, or that was running when its worker died; claimed for the caller."""
    waiting = Q(state=Import.State.WAITING) | Q(state=Import.State.RUNNING, claimed_at__lt=now - LEASE)
    for pk in Import.objects.filter(waiting).order_by("id").values_list("id", flat=True)[:10]:
        if Import.objects.filter(waiting, pk=pk).update(state=Import.State.RUNNING, claimed_at=now):
            return Import.objects.get(pk=pk)
    return None


def fail(run: Import, reason: str, now: datetime) -> None:
    Import.objects.filter(pk=run.pk).update(
        state=Import.State.FAILED, reason=reason[:2000], ended_at=now, claimed_at=None
    )
