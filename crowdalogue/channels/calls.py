"""Calls and voicemail of any telephone system: the recording is kept, what was said is the message.

    POST /hooks/<key>/      signed as the generic webhook is (crowdalogue/channels/webhook.py)

    {"id": "c-17", "from": "+15550100", "name": "Mara Lind", "started_at": "2026-03-01T12:00:00Z", "duration_s": 42,
     "voicemail": true, "recording": {"url": "https://calls.example.com/c-17.mp3", "media_type": "audio/mpeg"},
     "transcript": [{"speaker": "caller", "text": "Where is my parcel?"}]}

The transcript may be text, WebVTT, SubRip or a list of turns; it may come later, with the same id. Where none comes and
an OpenAI-compatible endpoint is set, the worker asks it. Such an endpoint was not tried here beyond recorded exchanges.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crowdalogue import http
from crowdalogue.channels import transcripts
from crowdalogue.channels.base import (
    Attachment,
    Author,
    Field,
    Incoming,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    SendError,
    Sent,
)
from crowdalogue.channels.jsonbody import Reader, load
from crowdalogue.channels.manual import normalise_phone
from crowdalogue.channels.webhook import Webhook
from crowdalogue.errors import Failure

MOST = 1000  # calls in one delivery
NAMES = {"author": "from", "sent_at": "started_at", "edited_at": "transcribed_at"}


class Calls(Webhook):
    kind = "calls"
    label = "Calls and voicemail"
    icon = "i-phone"
    handles = "phone"
    replies = False
    receipts = False
    interactions = False
    edits = False
    media = "in"
    tried = "signed deliveries over HTTP; transcription by recorded exchanges"
    guide = (
        "Your telephone system posts each call or voicemail here, with the recording's address and, if it has one, "
        "the transcript. Customers are recognised by their number."
    )
    steps = (
        "In your telephone system, post every ended call to {hook}, as JSON.",
        "Sign it with the secret, or send the secret as Authorization: Bearer.",
        "Where it makes no transcripts, enter an endpoint that does; otherwise the recording is the message.",
    )
    fields = (
        *Webhook.fields[:2],
        Field(
            "endpoint",
            "Endpoint for transcripts",
            "OpenAI-compatible, such as https://speech.example.com/v1. Empty: no transcripts are asked for.",
            required=False,
        ),
        Field("model", "Model of the endpoint", required=False, default="whisper-1"),
        Field("endpoint_key", "Key of the endpoint", kind="secret", required=False),
    )  # fmt: skip

    def check(self) -> None:
        super().check()
        endpoint = str(self.settings["endpoint"])
        if endpoint and not endpoint.startswith(("https://", "http://")):
            raise Failure("The endpoint for transcripts must begin with https:// or http://.")

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.settings.setdefault("map", "")
        self.settings.setdefault("answers", "")

    def answerable(self) -> bool:
        return False

    def send(self, outgoing: Outgoing) -> Sent:
        raise SendError("A call cannot be answered from here. Call back, or write by another channel.", permanent=True)

    def normalise(self, address: str) -> str:
        return normalise_phone(address)

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        body = load(raw.body)
        found = body.get("calls", [body]) if isinstance(body, dict) else body
        if not isinstance(found, list) or not found:
            raise NotUnderstood("The delivery holds no call. Send one object, or a list under calls.")
        if len(found) > MOST:
            raise NotUnderstood(f"{len(found)} calls in one delivery are too many. Send at most {MOST}.")
        return [self.call(item, number) for number, item in enumerate(found, 1)]

    def call(self, item: Any, number: int) -> Incoming:
        reader = Reader(item, NAMES, number, "")
        name = reader.text("id")
        if not name:
            reader.fail("id", "is missing: say which call", None)
        author = reader.author()
        text = transcripts.as_text(reader.value("transcript"))
        seconds = reader.value("duration_s")
        seconds = seconds if isinstance(seconds, int | float) and not isinstance(seconds, bool) else None
        about = headline(reader.flag("voicemail"), author.ours, seconds)
        recording = recording_of(reader)
        sent_at = reader.moment("sent_at")
        waits = not text and recording is not None and bool(self.settings["endpoint"])
        return Incoming(
            external_id=f"call:{name}",
            author=author,
            text=text or f"{about}. {'The transcript is being made.' if waits else 'There is no transcript.'}",
            subject=about,
            sent_at=sent_at,
            edited_at=(reader.moment("edited_at") or later(sent_at, seconds)) if text else None,
            to=(Author(other),) if (other := reader.text("to")) and author.ours else (),
            language=reader.text("language")[:12],
            attachments=(recording,) if recording else (),
            extra={
                "transcript": text,
                "transcript_wanted": waits,
                "duration_s": seconds,
                "voicemail": reader.flag("voicemail"),
            },
        )

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        name = f"test-{int(now.timestamp())}-{number}"
        call = {"id": name, "from": "+15550100", "name": "A test", "started_at": now.isoformat(), "transcript": text}
        return self.proven(json.dumps(call).encode(), now)

    # --- files

    def download(self, url: str) -> bytes:
        return http.request("GET", url, trusted=False, max_bytes=100 * http.MEGABYTE).content

    def transcribe(self, part: Attachment, language: str = "") -> str:
        endpoint = str(self.settings["endpoint"] or "")
        if not endpoint:
            return ""
        key, model = str(self.settings["endpoint_key"] or ""), str(self.settings["model"] or "whisper-1")
        return transcripts.ask(endpoint, key, model, part.media_type, part.content, language)


def headline(voicemail: bool, ours: bool, seconds: float | None) -> str:
    what = "Voicemail" if voicemail else "Call from us" if ours else "Call"
    if seconds is None or seconds < 0:
        return what
    return f"{what}, {int(seconds) // 60}:{int(seconds) % 60:02}"


def later(sent_at: datetime | None, seconds: float | None) -> datetime:
    """When a transcript is taken to be made: after the call, so that it replaces the bare recording."""
    return (sent_at or datetime.now(UTC)) + timedelta(seconds=max(1.0, seconds or 0))


def recording_of(reader: Reader) -> Attachment | None:
    """The recording, named by its address or sent along in base64."""
    given = reader.value("recording")
    if given is None:
        return None
    if isinstance(given, str):
        given = {"url": given}
    if not isinstance(given, dict):
        reader.fail("recording", "must be an object with its url or content", given)
    part = reader.attachment({"media_type": "audio/mpeg", "name": "recording", **given})
    return replace(part, name=part.name if "." in part.name else "recording")
