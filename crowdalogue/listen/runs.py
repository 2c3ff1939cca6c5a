"""Imports as jobs: which one to run next, and taking over one whose worker died."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from crowdalogue.listen.filing import Filed
from crowdalogue.models import Import, Message

LEASE = timedelta(minutes=2)  # a running import renews its claim with every batch


def claim(now: datetime) -> Import | None:
    """The oldest import that waits, or that was running when its worker died; claimed for the caller."""
    waiting = Q(state=Import.State.WAITING) | Q(state=Import.State.RUNNING, claimed_at__lt=now - LEASE)
    for pk in Import.objects.filter(waiting).order_by("id").values_list("id", flat=True)[:10]:
        if Import.objects.filter(waiting, pk=pk).update(state=Import.State.RUNNING, claimed_at=now):
            return Import.objects.get(pk=pk)
    return None


def count(before: Mapping[str, Any], filed: Iterable[Filed], *others: str) -> dict[str, Any]:
    """An import's counts after a batch: {"new": {...}, "in", "out", "repeated", "failed"} and the `others`, which the
    caller adds to."""
    new = dict.fromkeys(("messages", "conversations", "persons", "brand_accounts"), 0) | before.get("new", {})
    counts = dict.fromkeys(("in", "out", "repeated", "failed", *others), 0) | dict(before)
    for one in filed:
        inbound = sum(m.direction == Message.Direction.IN for m in one.messages)
        counts["in"] += inbound
        counts["out"] += len(one.messages) - inbound
        counts["repeated"] += one.repeated
        new["messages"] += len(one.messages)
        new["conversations"] += one.conversations
        new["persons"] += one.persons
        new["brand_accounts"] += one.brand_accounts
    return {"new": new} | {k: v for k, v in counts.items() if k != "new"}


def fail(run: Import, reason: str, now: datetime) -> None:
    Import.objects.filter(pk=run.pk).update(
        state=Import.State.FAILED, reason=reason[:2000], ended_at=now, claimed_at=None
    )
