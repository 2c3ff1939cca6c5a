"""Voice notes put into words: from the delivery of a recording to the message that says what was said."""

from __future__ import annotations

from typing import Any

import pytest

from crowdalogue import flow
from crowdalogue.channels import open_channel
from crowdalogue.channels.base import Attachment
from crowdalogue.channels.hearing import check_endpoint, transcribe, wanted
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Message
from tests.channels import test_voice, test_whatsapp
from tests.channels.contract import Said
from tests.outside import Outside, says

SPEECH = {"endpoint": "https://speech.example.com/v1/", "endpoint_key": "k", "model": "large"}
SAID = Said(1, "", test_voice.NOW)


def test_an_endpoint_is_asked_once_it_is_set(outside: Outside) -> None:
    part = Attachment("voice.ogg", "audio/ogg", b"OggS")
    assert transcribe({}, part, "en") == "" and not wanted({"endpoint": " "})
    outside.on("POST", "/v1/audio/transcriptions$", says({"text": " Where is it? "}))
    assert transcribe(SPEECH, part, "en") == "Where is it?"
    (call,) = outside.calls
    assert call.headers["authorization"] == "Bearer k"
    assert b"large" in call.body and b"OggS" in call.body
    outside.on("POST", "/v1/audio/transcriptions$", says({"odd": 1}))
    with pytest.raises(Failure, match="something else than a transcript"):
        transcribe(SPEECH, part, "en")
    with pytest.raises(Failure, match="must begin with"):
        check_endpoint({"endpoint": "speech.example.com"})


def voice_note() -> Any:
    note = {"type": "audio", "audio": {"id": "7", "mime_type": "audio/ogg; codecs=opus", "voice": True}}
    return test_whatsapp.PEER.wrap([test_whatsapp.PEER.message(SAID) | note], test_voice.NOW)


@pytest.mark.parametrize("kind", ["voice", "whatsapp"])
def test_a_recording_becomes_its_words(kind: str, outside: Outside, db: None) -> None:
    peer = test_voice.PEER if kind == "voice" else test_whatsapp.PEER
    account = Account.objects.create(kind=kind, name=kind, settings=dict(peer.settings) | SPEECH)
    flow.receive(account, test_voice.PEER.recorded(SAID) if kind == "voice" else voice_note())
    outside.on("GET", "/v23.0/7", says({"url": "https://lookaside.fbsbx.com/7"}))
    outside.on("GET", "lookaside|/Recordings/", says(b"OggS sound"))
    outside.on("POST", "/audio/transcriptions$", says({"text": "Where is my kettle?"}))
    for _ in range(3):
        flow.fetch_files()
    message = Message.objects.get()
    assert message.text == "Where is my kettle?" and message.extra["transcript"] == "Where is my kettle?"
    assert message.attachments.get().size == len(b"OggS sound")


def test_twilio_is_not_asked_for_what_the_endpoint_hears() -> None:
    voice = open_channel("voice", dict(test_voice.PEER.settings) | SPEECH)
    answer = voice.respond(test_voice.PEER.form(CallSid="CA1", CallStatus="ringing", Direction="inbound"))
    assert answer is not None and b"<Record" in answer.body and b"transcribe" not in answer.body
