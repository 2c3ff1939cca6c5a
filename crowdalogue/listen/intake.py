"""What knocks is kept, byte for byte and durably, before anything is understood of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from crowdalogue.channels.base import SECRET_HEADERS, Raw
from crowdalogue.models import Account, Delivery
from crowdalogue.models.bulk import chunks, insert_many

LEASE = timedelta(minutes=1)  # a delivery claimed longer ago than this was left by a worker that died
ATTEMPTS = 3


def key_of(raw: Raw) -> str:
    return (raw.key or hashlib.sha256(raw.body).hexdigest())[:80]


def headers_of(raw: Raw) -> dict[str, str]:
    """What is kept of the headers: no passwords, which have done their work once the delivery was verified."""
    return {name: value for name, value in raw.headers.items() if name not in SECRET_HEADERS}


def keep(account: Account, raw: Raw) -> tuple[Delivery, bool]:
    """Keep one delivery in a transaction of its own. Returns (row, repeated)."""
    key = key_of(raw)
    try:
        with transaction.atomic():
            return Delivery.objects.create(account=account, key=key, body=raw.body, headers=headers_of(raw)), False
    except IntegrityError:
        return Delivery.objects.get(account=account, key=key), True


def keep_many(account: Account, raws: Sequence[Raw], now: datetime) -> list[Delivery]:
    """Keep a batch inside the caller's transaction. Returns the rows that are new, in order."""
    wanted = {key_of(raw): raw for raw in raws}
    for part in chunks(list(wanted)):
        for key in Delivery.objects.filter(account=account, key__in=part).values_list("key", flat=True):
            del wanted[key]
    rows = [
        Delivery(account=account, key=key, body=raw.body, headers=headers_of(raw), received_at=now, claimed_at=now)
        for key, raw in wanted.items()
    ]
    insert_many(Delivery, rows)
    return rows


def claim_left(now: datetime, limit: int = 50) -> list[Delivery]:
    """Deliveries that were kept but not filed, because whoever kept them died: claimed for the caller.

    A fresh one is left to the door that holds it for a few seconds.
    """
    stale = Q(claimed_at__lt=now - LEASE) | Q(claimed_at__isnull=True, received_at__lt=now - timedelta(seconds=10))
    ids = list(
        Delivery.objects.filter(stale, state=Delivery.State.KEPT).order_by("id").values_list("id", flat=True)[:limit]
    )
    mine = [
        i
        for i in ids
        if Delivery.objects.filter(stale, pk=i, state=Delivery.State.KEPT).update(
            claimed_at=now, attempts=F("attempts") + 1
        )
    ]
    return list(Delivery.objects.filter(pk__in=mine).select_related("account").order_by("id"))


def mark(delivery: Delivery, state: Delivery.State, reason: str = "") -> None:
    delivery.state, delivery.reason = state, reason[:2000]
    Delivery.objects.filter(pk=delivery.pk).update(state=state, reason=delivery.reason, claimed_at=None)


def raw_of(delivery: Delivery) -> Raw:
    return Raw(bytes(delivery.body), delivery.headers, delivery.key)
