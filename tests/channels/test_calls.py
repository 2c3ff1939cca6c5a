"""Calls and voicemail: the recording kept, the transcript the message, whichever comes first."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crowdalogue import flow
from crowdalogue.channels.base import Raw
from crowdalogue.channels.calls import Calls
from crowdalogue.channels.webhook import HEADER, sign
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Attachment, Message
from tests.channels.contract import Peer, Said
from tests.outside import Outside, says

SECRET = "calls-secret-of-at-least-16"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class CallsPeer(Peer):
    kind = "calls"
    settings = {"secret": SECRET}
    stamped = True
    threads = False

    def sign(self, body: bytes, now: datetime) -> Raw:
        return Raw(body, {HEADER: sign(SECRET, body, int(now.timestamp()))})

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        calls = [
            {"id": f"c{s.n}", "from": f"+1555010{s.author}", "started_at": s.at.isoformat(), "transcript": s.text}
            for s in said
        ]
        return [self.sign(json.dumps({"calls": calls}).encode(), now)]

    def id_of(self, said: Said) -> str:
        return f"call:c{said.n}"


PEER = CallsPeer()


def call(**more: Any) -> Raw:
    given = {"id": "c-1", "from": "+1 (555) 010-0199", "name": "Mara", "started_at": NOW.isoformat(), "duration_s": 42}
    return Raw(json.dumps(given | more).encode())


@pytest.fixture
def phone(account: Callable[..., Account]) -> Account:
    settings = {"endpoint": "https://speech.example.com/v1", "model": "whisper-1"}
    return account("calls", settings=settings, secrets={"secret": SECRET, "endpoint_key": "k"})


def test_a_voicemail_is_fetched_and_put_into_words(phone: Account, outside: Outside) -> None:
    recording = {"url": "https://calls.example.com/c-1.mp3", "media_type": "audio/mpeg"}
    flow.receive(phone, call(voicemail=True, recording=recording), trusted=True)
    message = Message.objects.get()
    assert message.text == "Voicemail, 0:42. The transcript is being made."
    assert (message.handle.kind, message.handle.address) == ("phone", "+15550100199")  # type: ignore[union-attr]
    outside.on("GET", "calls.example.com", says(b"ID3 sound"))
    outside.on("POST", "speech.example.com", says({"text": "Where is my parcel?"}))
    assert flow.fetch_files() == 1
    assert flow.fetch_files() == 0
    message.refresh_from_db()
    assert (message.text, message.extra["transcript_by"]) == ("Where is my parcel?", "Calls and voicemail")
    assert message.read_at is None
    row = Attachment.objects.get()
    assert (row.size, row.note, row.not_before) == (9, "", None)


def test_a_recording_sent_along_is_heard_too(phone: Account, outside: Outside) -> None:
    content = base64.b64encode(b"OggS sound").decode()
    flow.receive(phone, call(recording={"content": content, "media_type": "audio/ogg"}), trusted=True)
    outside.on("POST", "speech.example.com", says({"text": "Hello"}))
    flow.fetch_files()
    assert Message.objects.get().text == "Hello"
    assert not outside.of("GET")


def test_an_endpoint_in_trouble_leaves_the_recording(phone: Account, outside: Outside) -> None:
    content = base64.b64encode(b"OggS sound").decode()
    flow.receive(phone, call(recording={"content": content, "media_type": "audio/ogg"}), trusted=True)
    outside.on("POST", "speech.example.com", says({"error": "no key"}, 401))
    flow.fetch_files()
    row = Attachment.objects.get()
    assert row.note.startswith("Could not be transcribed.")
    assert row.digest


def test_the_transcript_may_come_later_or_first(phone: Account) -> None:
    words = call(
        transcript=[{"speaker": "caller", "text": "Where is it?"}],
        transcribed_at=(NOW + timedelta(minutes=2)).isoformat(),
    )
    for order in ((call(), words), (words, call())):
        Message.objects.all().delete()
        for raw in order:
            flow.receive(phone, Raw(raw.body, key=f"{len(raw.body)}-{order.index(raw)}-{id(order)}"), trusted=True)
        assert Message.objects.get().text == "caller: Where is it?"


def test_without_an_endpoint_the_recording_is_the_message(account: Callable[..., Account]) -> None:
    flow.receive(
        account("calls", secrets={"secret": SECRET}), call(recording="https://calls.example.com/1.mp3"), trusted=True
    )
    assert Message.objects.get().text == "Call, 0:42. There is no transcript."


def test_settings_are_checked() -> None:
    with pytest.raises(Failure, match="endpoint for transcripts must begin"):
        Calls({"secret": SECRET, "endpoint": "speech"}).check()
    Calls({"secret": SECRET, "endpoint": "https://speech.example.com/v1"}).check()
