"""What knocks is kept byte for byte and once; what was left half done is taken up by one worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue.channels.base import Raw
from crowdalogue.listen import intake
from crowdalogue.models import Account, Delivery

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def hook(account: Callable[..., Account]) -> Account:
    return account("webhook")


def test_bytes_and_headers_are_kept_as_they_came(hook: Account) -> None:
    raw = Raw(bytes(range(256)), {"content-type": "text/plain"})
    row, repeated = intake.keep(hook, raw)
    row.refresh_from_db()
    assert not repeated
    assert intake.raw_of(row).body == raw.body
    assert row.headers["content-type"] == "text/plain"
    assert row.state == Delivery.State.KEPT


def test_the_same_again_is_the_same_row_but_another_accounts_is_not(
    hook: Account, account: Callable[..., Account]
) -> None:
    row, _ = intake.keep(hook, Raw(b"x"))
    again, repeated = intake.keep(hook, Raw(b"x"))
    assert (again.pk, repeated) == (row.pk, True)
    other, repeated = intake.keep(account("webhook"), Raw(b"x"))
    assert other.pk != row.pk
    assert not repeated


def test_the_providers_key_counts_more_than_the_content(hook: Account) -> None:
    intake.keep(hook, Raw(b"x", key="1"))
    assert not intake.keep(hook, Raw(b"x", key="2"))[1]
    assert intake.keep(hook, Raw(b"changed", key="1"))[1]


def test_what_a_door_left_is_taken_up_once_and_after_a_while(hook: Account) -> None:
    row, _ = intake.keep(hook, Raw(b"x"))
    now = row.received_at
    assert intake.claim_left(now + SECOND) == []
    later = now + timedelta(seconds=11)
    assert intake.claim_left(later) == [row]
    assert intake.claim_left(later) == []
    [again] = intake.claim_left(later + intake.LEASE + SECOND)
    assert again.attempts == 2


def test_what_is_filed_or_failed_is_left_alone(hook: Account) -> None:
    for n, state in enumerate((Delivery.State.FILED, Delivery.State.FAILED)):
        row, _ = intake.keep(hook, Raw(b"x", key=str(n)))
        intake.mark(row, state, "reason" * 1000)
    assert intake.claim_left(timezone.now() + timedelta(days=1)) == []
    assert len(Delivery.objects.get(key="1").reason) <= 2000
