"""For channels that are asked: who asks, how often, and what is kept with the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crowdalogue.channels.base import Channel, Fetched
from crowdalogue.errors import Failure
from crowdalogue.listen import intake
from crowdalogue.models import Account, Delivery

LEASE = timedelta(seconds=20)  # renewed every second by a living worker; how long a mailbox rests after a dead one
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=15)


def lease(account_id: int, worker: str, now: datetime) -> bool:
    """Become (or stay) the one worker that polls this account. A dead worker's lease runs out by itself."""
    free = Q(leased_by=worker) | Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    return bool(
        Account.objects.filter(free, pk=account_id, state=Account.State.ACTIVE).update(
            leased_by=worker, leased_until=now + LEASE
        )
    )


def release(worker: str) -> None:
    Account.objects.filter(leased_by=worker).update(leased_by="", leased_until=None)


def fetch(account: Account, channel: Channel, limit: int) -> Fetched:
    """Ask once. A failure is kept on the account with its remedy and raised again."""
    try:
        return channel.fetch(account.cursor, limit)
    except Failure as failure:
        note_failure(account, failure)
        raise


def keep(account: Account, fetched: Fetched, now: datetime) -> Sequence[Delivery]:
    """Keep the deliveries and the cursor that covers them in one transaction."""
    with transaction.atomic():
        rows = intake.keep_many(account, fetched.deliveries, now)
        account.cursor, account.left = dict(fetched.cursor), fetched.left
        account.last_success_at, account.last_error, account.retry_at, account.failures = now, "", None, 0
        account.save(update_fields=["cursor", "left", "last_success_at", "last_error", "retry_at", "failures"])
    return rows


def note_failure(account: Account, failure: Failure) -> None:
    now = timezone.now()
    account.failures += 1
    pause = min(FIRST_RETRY * 2 ** min(account.failures - 1, 10), LONGEST_RETRY)
    account.last_error, account.last_error_at, account.retry_at = failure.text[:2000], now, now + pause
    account.save(update_fields=["failures", "last_error", "last_error_at", "retry_at"])
