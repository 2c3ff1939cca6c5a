"""Voice messages by Twilio: the whole voicemail, the transcript before, with and after the recording."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from django.conf import settings
from django.test import Client

from crowdalogue import flow
from crowdalogue.channels.base import Author, Ignored, Incoming, Outgoing, Raw
from crowdalogue.channels.twilio import door
from crowdalogue.channels.voice import Voice
from crowdalogue.models import Account, Attachment, Message
from tests.channels.contract import Said
from tests.channels.test_sms import TwilioPeer
from tests.channels.test_twilio import NOW, SETTINGS, SID, TOKEN, URL
from tests.outside import Call, Outside, says

PLACE = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Recordings"


class VoicePeer(TwilioPeer):
    kind = "voice"

    def recorded(self, said: Said) -> Raw:
        """What comes when the caller has hung up."""
        return self.form(**self.fields(said), RecordingDuration="23", CallStatus="completed", Direction="inbound")

    def fields(self, said: Said) -> dict[str, str]:
        sid = self.id_of(said)
        call = f"CA{said.n:032}"
        who = {"From": f"+1555010{said.author:04}", "To": "+15550100000"}
        return who | {"CallSid": call, "RecordingSid": sid, "RecordingUrl": f"{PLACE}/{sid}"}

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        """The transcripts, each by itself."""
        return [
            self.form(
                **self.fields(s),
                TranscriptionSid=f"TR{s.n:032}",
                TranscriptionStatus="completed",
                TranscriptionText=s.text,
            )
            for s in said
        ]

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        by_id = {self.id_of(s): s for s in said}

        def recordings(call: Call) -> httpx.Response:
            found = [
                {
                    "sid": self.id_of(s),
                    "call_sid": f"CA{s.n:032}",
                    "duration": "23",
                    "date_created": format_datetime(s.at),
                }
                for s in sorted(said, key=lambda s: s.at, reverse=True)
            ]
            return httpx.Response(200, json={"recordings": found, "next_page_uri": None})

        def transcripts(call: Call) -> httpx.Response:
            one = by_id[call.path.split("/")[-2]]
            text = {"status": "completed", "transcription_text": one.text, "date_updated": format_datetime(one.at)}
            return httpx.Response(200, json={"transcriptions": [text]})

        def talk(call: Call) -> httpx.Response:
            one = next(s for s in said if f"CA{s.n:032}" in call.path)
            return httpx.Response(
                200, json={"direction": "inbound", "from": f"+1555010{one.author:04}", "to": "+15550100000"}
            )

        outside.on("GET", "/Recordings.json", recordings)
        outside.on("GET", "/Transcriptions.json", transcripts)
        outside.on("GET", "/Calls/", talk)

    def id_of(self, said: Said) -> str:
        return f"RE{said.n:032}"


PEER = VoicePeer()
SAID = Said(1, "Please call me back about the kettle.", NOW)


@pytest.fixture
def voice() -> Voice:
    return Voice(SETTINGS)


def one(voice: Voice, raw: Raw) -> Incoming:
    (item,) = voice.parse(raw)
    assert isinstance(item, Incoming)
    return item


def spoken(voice: Voice, raw: Raw) -> ElementTree.Element:
    answer = voice.respond(raw)
    assert answer is not None and answer.media_type == "text/xml"
    return ElementTree.fromstring(answer.body)


# --- the call


def test_a_caller_hears_the_greeting_and_the_tone() -> None:
    voice = Voice(SETTINGS | {"greeting": "Kettles & more <open>", "language": "en-GB"})
    ringing = PEER.form(
        CallSid="CA1", CallStatus="ringing", Direction="inbound", From="+15550100199", To="+15550100000"
    )
    said, record, _ = spoken(voice, ringing)
    assert (said.text, said.get("language")) == ("Kettles & more <open>", "en-GB")
    assert record.tag == "Record" and record.get("action") == URL and record.get("transcribeCallback") == URL
    assert isinstance(voice.parse(ringing)[0], Ignored)
    silent = Voice(SETTINGS | {"transcribe": False})
    assert spoken(silent, ringing)[1].get("transcribe") is None


def test_nobody_is_asked_twice(voice: Voice) -> None:
    assert [e.tag for e in spoken(voice, PEER.recorded(SAID))] == ["Say", "Hangup"]
    for raw in (*PEER.deliver([SAID], NOW), PEER.form(CallSid="CA1", CallStatus="completed"), Raw(b"")):
        assert len(spoken(voice, raw)) == 0


def test_twilio_calls_the_door_and_is_told_what_to_say(client: Client, db: None) -> None:
    account = Account.objects.create(kind="voice", name="Voicemail", settings=dict(SETTINGS))
    place = f"/hooks/{account.key}/"
    fields = {
        "CallSid": "CA1",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": "+15550100199",
        "AccountSid": SID,
    }
    raw = door.signed(TOKEN, settings.URL + place, fields)
    header = {door.HEADER: raw.headers[door.HEADER]}
    form = "application/x-www-form-urlencoded"
    answer = client.post(place, raw.body, content_type=form, headers=header)
    assert (answer.status_code, answer["content-type"]) == (200, "text/xml")
    record = ElementTree.fromstring(answer.content).find("Record")
    assert record is not None and record.get("action") == settings.URL + place
    assert client.post(place, raw.body + b"&X=1", content_type=form, headers=header).status_code == 403


# --- recording and transcript


def test_the_recording_alone(voice: Voice) -> None:
    item = one(voice, PEER.recorded(SAID))
    assert (item.external_id, item.text) == (PEER.id_of(SAID), "(Voice message, 23 s.)")
    assert item.author.address == "+15550100001" and item.threads == ("voice:+15550100001",)
    assert item.attachments[0].url == f"{PLACE}/{PEER.id_of(SAID)}.mp3"
    assert item.edited_at is None and "transcript" not in item.extra


def test_the_transcript_is_a_newer_version_of_the_same_message(voice: Voice) -> None:
    item = one(voice, PEER.deliver([SAID], NOW)[0])
    assert item.external_id == PEER.id_of(SAID) and item.text == SAID.text
    assert item.extra["transcript"] == SAID.text and item.extra["transcript_by"] == "Twilio"
    assert item.edited_at is not None and abs((item.edited_at - datetime.now(UTC)).total_seconds()) < 60


def test_a_transcript_that_failed_is_said(voice: Voice) -> None:
    fields = PEER.fields(SAID) | {"TranscriptionSid": "TR1", "TranscriptionStatus": "failed", "RecordingDuration": "7"}
    item = one(voice, PEER.form(**fields))
    assert item.text == "(Voice message, 7 s. It could not be transcribed.)" and item.extra["transcript_failed"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0, 1)])
def test_in_any_order_there_is_one_message_with_sound_and_words(order: Sequence[int], db: None) -> None:
    account = Account.objects.create(kind="voice", name="Voicemail", settings=dict(SETTINGS))
    raws = [PEER.recorded(SAID), PEER.deliver([SAID], NOW)[0]]
    for which in order:
        flow.receive(account, raws[which])
    message = Message.objects.get()
    assert message.text == SAID.text and message.extra["transcript"] == SAID.text
    assert Attachment.objects.filter(message=message).count() == 1


def test_a_notice_without_its_caller_and_an_empty_recording(voice: Voice) -> None:
    notice = PEER.form(RecordingSid="RE1", RecordingUrl=f"{PLACE}/RE1", RecordingStatus="completed", CallSid="CA1")
    assert isinstance(voice.parse(notice)[0], Ignored)
    absent = PEER.form(RecordingSid="RE1", RecordingStatus="absent", CallSid="CA1", From="+15550100199")
    assert isinstance(voice.parse(absent)[0], Ignored)


# --- by asking


def test_recordings_are_asked_for_with_caller_and_transcript(voice: Voice, outside: Outside) -> None:
    PEER.serve(outside, [SAID])
    (raw,) = voice.fetch({}).deliveries
    item = one(voice, raw)
    assert (item.external_id, item.text, item.sent_at) == (PEER.id_of(SAID), SAID.text, NOW)
    assert item.author.address == "+15550100001" and item.extra["seconds"] == 23
    assert item.attachments == one(voice, PEER.recorded(SAID)).attachments
    outside.on("GET", "/Calls/", says({"direction": "inbound", "from": "+15550100199", "to": "+15550109999"}))
    assert voice.fetch({}).deliveries == ()  # of another number of the same account


def test_the_recording_is_fetched_with_the_password(voice: Voice, outside: Outside) -> None:
    outside.on("GET", "/Recordings/", says(b"ID3 sound"))
    assert voice.download(f"{PLACE}/RE1.mp3") == b"ID3 sound"
    assert outside.calls[0].headers["authorization"].startswith("Basic ")


def test_a_caller_is_answered_by_text_message(voice: Voice, outside: Outside) -> None:
    PEER.accept(outside)
    sent = voice.send(Outgoing("k", Author("+15550100001"), "We will call you."))
    assert sent.external_id.startswith("SM")
    wanted: dict[str, Any] = {"To": "+15550100001", "Body": "We will call you.", "From": "+15550100000"}
    assert outside.calls[0].form == wanted
