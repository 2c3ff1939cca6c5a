"""What knocks is kept once and never forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from crowdalogue.channels.base import Raw
from crowdalogue.listen import intake
from crowdalogue.models import Account, Delivery

pytestmark = pytest.mark.django_db


def test_the_same_bytes_are_one_delivery_but_the_channels_key_decides(account: Callable[..., Account]) -> None:
    channel, other = account("webhook"), account("webhook")
    first, repeated = intake.keep(channel, Raw(b"a"))
    assert not repeated
    assert intake.keep(channel, Raw(b"a")) == (first, True)
    assert intake.keep(channel, Raw(b"a", key="later"))[1] is False
    assert intake.keep(other, Raw(b"a"))[1] is False
    assert bytes(intake.raw_of(first).body) == b"a"


def test_a_batch_returns_only_what_is_new(account: Callable[..., Account]) -> None:
    channel = account("email")
    intake.keep(channel, Raw(b"one"))
    with transaction.atomic():
        rows = intake.keep_many(channel, [Raw(b"one"), Raw(b"two"), Raw(b"two")], timezone.now())
    assert [bytes(r.body) for r in rows] == [b"two"]
    assert Delivery.objects.count() == 2


def test_a_fresh_delivery_is_left_to_its_door(account: Callable[..., Account]) -> None:
    delivery, _ = intake.keep(account("webhook"), Raw(b"a"))
    assert intake.claim_left(timezone.now()) == []
    later = timezone.now() + timedelta(seconds=30)
    assert intake.claim_left(later) == [delivery]
    assert intake.claim_left(later) == []  # somebody has it
    assert intake.claim_left(later + intake.LEASE * 2) == [delivery]


def test_what_was_filed_or_failed_is_not_claimed(account: Callable[..., Account]) -> None:
    delivery, _ = intake.keep(account("webhook"), Raw(b"a"))
    intake.mark(delivery, Delivery.State.FAILED, "No idea what this is.")
    assert intake.claim_left(timezone.now() + timedelta(days=1)) == []
    delivery.refresh_from_db()
    assert delivery.reason == "No idea what this is."


def test_what_is_left_to_a_worker_can_be_taken_up_at_once(account: Callable[..., Account]) -> None:
    channel = account("webhook")
    left = [intake.keep(channel, Raw(b"%d" % n), left=True)[0] for n in range(5)]
    intake.keep(channel, Raw(b"held by its door"))
    assert intake.claim_left(timezone.now(), limit=3) == left[:3]
    assert intake.claim_left(timezone.now()) == left[3:]
    assert intake.claim_left(timezone.now()) == []
    assert set(Delivery.objects.filter(pk__in=[d.pk for d in left]).values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_doors_that_keep_at_the_same_moment_keep_each_delivery_once(account: Callable[..., Account]) -> None:
    channel, other = account("webhook"), account("webhook")
    kept: list[tuple[int, bytes, int, bool]] = []

    def door(which: Account, first: int) -> None:
        for number in range(first, first + 20):
            body = b"%d" % number
            row, repeated = intake.keep(which, Raw(body, {"x-number": str(number)}))
            kept.append((which.pk, body, row.pk, repeated))
        connection.close()

    # Four doors of one account that overlap by half, and one of another account with the same bytes.
    threads = [threading.Thread(target=door, args=(channel, first)) for first in (0, 10, 20, 30)]
    threads.append(threading.Thread(target=door, args=(other, 0)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(kept) == 100
    rows = {(d.account_id, bytes(d.body)): d.pk for d in Delivery.objects.all()}
    assert len(rows) == Delivery.objects.count() == 70
    assert all(rows[which, body] == pk for which, body, pk, _ in kept)
    assert sum(not repeated for *_, repeated in kept) == 70


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_inside_a_transaction_goes_with_it(account: Callable[..., Account]) -> None:
    channel = account("webhook")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        intake.keep(channel, Raw(b"undone"))
        raise ZeroDivisionError
    assert not Delivery.objects.exists()
