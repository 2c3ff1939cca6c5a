"""Channels that are asked: one worker at a time, pauses that grow, a cursor saved with what it covers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue.channels.base import Channel, Fetched, Raw
from crowdalogue.errors import Failure
from crowdalogue.listen import polling
from crowdalogue.models import Account, Delivery

pytestmark = pytest.mark.django_db


class Away(Channel):
    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        raise Failure("The mail server does not answer. Is it running?", permanent=False)


@pytest.fixture
def mailbox(account: Callable[..., Account]) -> Account:
    return account("email")


def test_one_worker_at_a_time_until_it_dies_or_lets_go(mailbox: Account) -> None:
    now = timezone.now()
    assert polling.lease(mailbox.pk, "a:1", now)
    assert polling.lease(mailbox.pk, "a:1", now)
    assert not polling.lease(mailbox.pk, "b:2", now)
    assert polling.lease(mailbox.pk, "b:2", now + polling.LEASE + timedelta(seconds=1))
    assert not polling.lease(mailbox.pk, "a:1", now + polling.LEASE + timedelta(seconds=2))
    polling.release("b:2")
    assert polling.lease(mailbox.pk, "a:1", now)


def test_a_paused_account_is_asked_by_nobody(account: Callable[..., Account]) -> None:
    assert not polling.lease(account("email", state="paused").pk, "a:1", timezone.now())


def test_a_failure_is_kept_with_its_remedy_and_pauses_grow(mailbox: Account) -> None:
    pauses = []
    for number in range(1, 12):
        before = timezone.now()
        with pytest.raises(Failure):
            polling.fetch(mailbox, Away(), 10)
        mailbox.refresh_from_db()
        assert mailbox.failures == number
        assert mailbox.retry_at is not None
        pauses.append(round((mailbox.retry_at - before).total_seconds()))
    assert "Is it running?" in mailbox.last_error
    assert pauses[0] == pytest.approx(5, abs=2)
    assert pauses == sorted(pauses)
    assert pauses[-1] <= polling.LONGEST_RETRY.total_seconds() + 5


def test_the_cursor_is_saved_with_the_rows_it_covers_and_heals(mailbox: Account) -> None:
    with pytest.raises(Failure):
        polling.fetch(mailbox, Away(), 10)
    fetched = Fetched((Raw(b"one", key="1"), Raw(b"two", key="2")), {"uid": 2}, left=7)
    assert len(polling.keep(mailbox, fetched, timezone.now())) == 2
    mailbox.refresh_from_db()
    assert (mailbox.cursor, mailbox.left, mailbox.failures, mailbox.last_error) == ({"uid": 2}, 7, 0, "")
    assert mailbox.retry_at is None
    again = Fetched((Raw(b"two", key="2"), Raw(b"three", key="3")), {"uid": 3})
    assert [row.key for row in polling.keep(mailbox, again, timezone.now())] == ["3"]
    assert Delivery.objects.count() == 3
