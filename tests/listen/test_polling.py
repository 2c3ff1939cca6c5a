"""One worker asks an account; the cursor is saved with what it covers; failures rest longer and longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue.channels.base import Fetched, Raw
from crowdalogue.errors import Failure
from crowdalogue.listen import polling
from crowdalogue.models import Account, Delivery

pytestmark = pytest.mark.django_db


def test_one_worker_has_the_lease_until_it_runs_out(account: Callable[..., Account]) -> None:
    mailbox, now = account("email"), timezone.now()
    assert polling.lease(mailbox.pk, "one", now)
    assert polling.lease(mailbox.pk, "one", now)
    assert not polling.lease(mailbox.pk, "two", now)
    assert polling.lease(mailbox.pk, "two", now + polling.LEASE + timedelta(seconds=1))
    polling.release("two")
    assert polling.lease(mailbox.pk, "one", now)


def test_a_paused_account_is_nobodys(account: Callable[..., Account]) -> None:
    assert not polling.lease(account("email", state="paused").pk, "one", timezone.now())


def test_cursor_and_deliveries_are_kept_together(account: Callable[..., Account]) -> None:
    mailbox = account("email", last_error="It was away.", failures=3)
    rows = polling.keep(mailbox, Fetched((Raw(b"one"), Raw(b"two")), {"uid": 7}, left=5), timezone.now())
    mailbox.refresh_from_db()
    assert (mailbox.cursor, mailbox.left, mailbox.failures, mailbox.last_error) == ({"uid": 7}, 5, 0, "")
    assert len(rows) == Delivery.objects.count() == 2


def test_failures_are_shown_and_rest_longer_each_time(account: Callable[..., Account]) -> None:
    mailbox = account("email")
    pauses = []
    for _ in range(12):
        polling.note_failure(mailbox, Failure("The mailbox refused the password. Enter a new app password."))
        assert mailbox.retry_at is not None and mailbox.last_error_at is not None
        pauses.append(mailbox.retry_at - mailbox.last_error_at)
    assert pauses == sorted(pauses)
    assert pauses[0] == polling.FIRST_RETRY
    assert pauses[-1] == polling.LONGEST_RETRY
    mailbox.refresh_from_db()
    assert mailbox.last_error.startswith("The mailbox refused")
