"""What knocks is kept, byte for byte and durably, before anything is understood of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from crowdalogue.channels.base import SECRET_HEADERS, Raw
from crowdalogue.listen.gathering import Gathering, Place
from crowdalogue.models import Account, Delivery
from crowdalogue.models.bulk import chunks, insert_many, make, pick_rows

LEASE = timedelta(minutes=1)  # a delivery claimed longer ago than this was left by a worker that died
ATTEMPTS = 3
PACE = 0.01  # seconds between two transactions for doors that do not wait: each costs a wait for the disk


def key_of(raw: Raw) -> str:
    return (raw.key or hashlib.sha256(raw.body).hexdigest())[:80]


def headers_of(raw: Raw) -> dict[str, str]:
    """What is kept of the headers: no passwords, which have done their work once the delivery was verified."""
    return {name: value for name, value in raw.headers.items() if name not in SECRET_HEADERS}


@dataclass(frozen=True, slots=True)
class Knock:
    """What one door wants to have kept. `left`: filing is left to a worker, who may take it up at once."""

    account: Account
    raw: Raw
    left: bool = False

    @property
    def name(self) -> tuple[int, str]:
        return self.account.pk, key_of(self.raw)


def keep(account: Account, raw: Raw, *, left: bool = False) -> tuple[Delivery, bool]:
    """Keep one delivery; it is durable when this returns (row, repeated). Doors that keep at the same moment share
    one transaction. With `left` a worker may file it at once; else it is left to this door for some seconds."""
    knock = Knock(account, raw, left)
    if connection.in_atomic_block:  # the caller's transaction is nobody else's
        return keep_together([knock])[0]
    return _doors.do(knock)


def keep_for(account: Account, raw: Raw, told: Callable[[Kept], None]) -> None:
    """Keep one delivery in the transaction of those that knock now, and leave it to a worker; who asked is told."""
    _doors.hand_in(Knock(account, raw, left=True), told)


def keep_together(knocks: Sequence[Knock]) -> list[tuple[Delivery, bool]]:
    with transaction.atomic():
        there = find(knocks)
        rows: dict[tuple[int, str], Delivery] = {}
        for knock in knocks:
            if knock.name not in there:
                rows.setdefault(knock.name, row_of(knock))
        # Another process may keep the same delivery at this moment: then its row counts. On SQLite none can.
        racing = connection.vendor != "sqlite"
        insert_many(Delivery, list(rows.values()), ignore_conflicts=racing)
        there |= {n: d for n, d in find(knocks).items() if d.pk != rows[n].pk} if racing and rows else {}
    kept: list[tuple[Delivery, bool]] = []
    first: set[tuple[int, str]] = set()
    for knock in knocks:
        repeated = knock.name in there or knock.name in first
        first.add(knock.name)
        kept.append((there.get(knock.name) or rows[knock.name], repeated))
    return kept


def find(knocks: Sequence[Knock]) -> dict[tuple[int, str], Delivery]:
    """The deliveries of these names that are there already. Plain SQL, which a busy door can afford."""
    keys: dict[int, list[str]] = {}
    for account, key in dict.fromkeys(knock.name for knock in knocks):
        keys.setdefault(account, []).append(key)
    # Account by account: of pairs in a list SQLite would read every delivery the account ever had.
    found = (row for account, some in keys.items() for row in pick_rows(Delivery, account=account, key=some))
    return {(row.account_id, row.key): row for row in found}


def row_of(knock: Knock) -> Delivery:
    now = timezone.now()
    return make(
        Delivery,
        account_id=knock.account.pk,
        key=key_of(knock.raw),
        body=knock.raw.body,
        headers=headers_of(knock.raw),
        received_at=now,
        claimed_at=now - 2 * LEASE if knock.left else None,  # a claim that ran out: whoever looks may take it
    )


Kept = Place[Knock, tuple[Delivery, bool]]  # what a door is told of its delivery
_doors: Gathering[Knock, tuple[Delivery, bool]] = Gathering(keep_together, pace=PACE)


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
    with transaction.atomic():
        rows = Delivery.objects.filter(stale, state=Delivery.State.KEPT).order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        mine = list(rows.values_list("id", flat=True)[:limit])
        if not mine:
            return []
        Delivery.objects.filter(pk__in=mine).update(claimed_at=now, attempts=F("attempts") + 1)
    return list(Delivery.objects.filter(pk__in=mine).select_related("account").order_by("id"))


def mark(delivery: Delivery, state: Delivery.State, reason: str = "") -> None:
    delivery.state, delivery.reason = state, reason[:2000]
    Delivery.objects.filter(pk=delivery.pk).update(state=state, reason=delivery.reason, claimed_at=None)


def raw_of(delivery: Delivery) -> Raw:
    return Raw(bytes(delivery.body), delivery.headers, delivery.key)
