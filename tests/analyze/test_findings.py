"""Messages are claimed, read and written once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.analyze import findings
from crowdalogue.models import Account, Band, Message, Reading
from tests.said import write

pytestmark = pytest.mark.django_db


def test_what_is_read_is_written_once_and_moves_the_conversation(account: Callable[..., Account]) -> None:
    conversation = write(account("social"), "The parcel never arrived and nobody answers. I want my money back today!")
    assert flow.process(embed=False) == 1
    assert flow.process(embed=False) == 0
    reading = Reading.objects.get()
    assert reading.language == "en"
    assert Message.objects.get().read_at is not None
    conversation.refresh_from_db()
    assert conversation.waiting_since is not None


def test_a_reader_that_dies_leaves_a_claim_that_runs_out(account: Callable[..., Account]) -> None:
    write(account("social"))
    long_ago = timezone.now() - timedelta(minutes=10)
    Message.objects.update(claimed_at=timezone.now())
    assert flow.process(embed=False) == 0
    Message.objects.update(claimed_at=long_ago)
    assert flow.process(embed=False) == 1


def test_a_copy_is_tied_to_the_first_across_batches(account: Callable[..., Account]) -> None:
    text = "Please everybody share: this shop sells batteries that catch fire in the night, stay away from it."
    channel = account("social")
    write(channel, text, "a")
    flow.process(embed=False)
    write(channel, "RT " + text, "b")
    flow.process(embed=False)
    first, second = Message.objects.order_by("id")
    assert second.reading.duplicate_of == first.pk
    assert first.reading.duplicate_of is None


def test_bands_of_long_ago_are_forgotten(account: Callable[..., Account]) -> None:
    write(account("social"), "A text that is long enough to have bands, said by somebody two months ago.")
    flow.process(embed=False)
    assert Band.objects.exists()
    assert findings.forget_bands(timezone.now()) == 0
    assert findings.forget_bands(timezone.now() + timedelta(days=61)) > 0
    assert not Band.objects.exists()


def test_what_stops_every_reader_is_given_up_and_says_so(account: Callable[..., Account]) -> None:
    write(account("social"))
    Message.objects.update(read_attempts=findings.ATTEMPTS, claimed_at=timezone.now() - timedelta(hours=1))
    assert flow.process(embed=False) == 0
    assert len(findings.give_up(timezone.now())) == 1
    assert "stopped three times" in Reading.objects.get().findings["failed"]["reading"]
    assert findings.give_up(timezone.now()) == []


def test_two_readers_of_one_message_write_it_once(account: Callable[..., Account]) -> None:
    write(account("social"))
    messages = list(Message.objects.all())
    documents = findings.read(messages, embed=False)
    assert len(findings.write(messages, documents, timezone.now())) == 1
    assert findings.write(messages, documents, timezone.now()) == []


def test_words_are_spans_of_the_text(account: Callable[..., Account]) -> None:
    text = "I am furious, the dock broke after two days and nobody answers!"
    write(account("social"), text)
    flow.process(embed=False)
    found = Reading.objects.get().findings
    assert {"language", "sentiment", "intent", "needs_answer", "urgency"} <= set(found)
    assert all(0 <= a < b <= len(text) for step in found.values() for a, b in step["words"])
