"""What knocks is kept once and never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
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
