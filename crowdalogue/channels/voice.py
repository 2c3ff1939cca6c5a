"""Voice messages by Twilio: a caller hears a greeting, speaks, and the recording is a message with its transcript.

Point a number's incoming calls here and this is the whole voicemail; a menu of your own may hand over to it. The
transcript comes later than the recording, or never: both are the same message, named by the recording. Whoever
called is answered by text message.
Tried against Prism with Twilio's own OpenAPI file (calls) and recorded exchanges (deliveries).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from crowdalogue.channels import hearing
from crowdalogue.channels.asking import Walk
from crowdalogue.channels.base import (
    Attachment,
    Author,
    Fetched,
    Field,
    Ignored,
    Incoming,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    Response,
    Sent,
    Unknown,
)
from crowdalogue.channels.manual import normalise_phone
from crowdalogue.channels.picking import must, objects, tidy, when, whole, words
from crowdalogue.channels.twilio import door
from crowdalogue.channels.twilio.calls import FIELDS, LONGEST, Api, is_news, listed_of
from crowdalogue.errors import Failure

LONGEST_RECORDING = 300  # seconds; Twilio transcribes two minutes of it
PAGE = 20  # recordings a call; each needs two more calls to know its caller and its transcript
GREETING = "Thank you for calling. Please leave a message after the tone, and we will answer you."
THANKS = "Thank you. We will answer you soon. Good bye."


class Voice(door.Telephone):
    kind = "voice"
    label = "Voice messages"
    icon = "i-phone"
    fields = (
        *FIELDS[:3],
        Field("greeting", "Greeting", "What callers hear before the tone.", required=False, default=GREETING),
        Field("language", "Language of the greeting", "Such as en-US or de-DE.", required=False, default="en-US"),
        Field("transcribe", "Transcribe", "Twilio transcribes English, at a price.", "flag", False, True),
        *hearing.FIELDS,
        FIELDS[3],
    )
    guide = (
        "Voicemail on one Twilio number: the recording is kept, its transcript is the message. Answers go as text "
        "messages from the same number."
    )
    steps = (
        "In the Twilio Console copy the account SID and the auth token, and buy or choose a number.",
        "Open the number, Voice, A call comes in: Webhook, {hook}, HTTP POST. Save.",
        "With a menu of your own, end it with <Redirect>{hook}</Redirect> where the caller may leave a message.",
    )
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    longest = LONGEST
    media = "in"
    tried = "Prism with Twilio's OpenAPI file; recorded exchanges"

    # --- the door

    def respond(self, raw: Raw) -> Response | None:
        """What the telephone says next: the greeting and the tone, or good bye once something was recorded."""
        try:
            fields = door.form_of(raw)
        except NotUnderstood:
            return door.EMPTY
        if "TranscriptionSid" in fields or "RecordingStatus" in fields:
            return door.EMPTY  # nobody listens any more
        if "RecordingSid" in fields:
            return twiml(f"{self.say(THANKS)}<Hangup/>")
        if fields.get("CallStatus") in ("ringing", "in-progress") and fields.get("Direction", "inbound") == "inbound":
            record = f'<Record maxLength="{LONGEST_RECORDING}" playBeep="true" action={quoteattr(raw.url)}'
            if self.settings["transcribe"] and not hearing.wanted(self.settings):
                record += f' transcribe="true" transcribeCallback={quoteattr(raw.url)}'
            return twiml(f"{self.say(str(self.settings['greeting'] or GREETING))}{record}/><Hangup/>")
        return door.EMPTY

    def say(self, text: str) -> str:
        return f"<Say language={quoteattr(str(self.settings['language'] or 'en-US'))}>{escape(text)}</Say>"

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        account = str(self.settings["account_sid"])
        sid = f"RE{int(now.timestamp()):024x}{number:08x}"
        fields = {
            "AccountSid": account,
            "CallSid": f"CA{int(now.timestamp()):024x}{number:08x}",
            "From": "+15550100199",
            "To": str(self.settings["number"]),
            "RecordingSid": sid,
            "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{account}/Recordings/{sid}",
            "TranscriptionSid": f"TR{int(now.timestamp()):024x}{number:08x}",
            "TranscriptionStatus": "completed",
            "TranscriptionText": text,
        }
        return door.signed(
            str(self.settings["auth_token"] or ""), "https://crowdalogue.example.com/hooks/test/", fields
        )

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        fields = door.form_of(raw)
        if listed := listed_of(raw):
            return self.read_listed(listed)
        sid = fields.get("RecordingSid", "")
        if not sid:
            if "CallSid" in fields:
                return [Ignored(f"a call is {fields.get('CallStatus', 'there')[:40]}")]
            return [Unknown(f"an event with {', '.join(sorted(fields))[:100]}")]
        if fields.get("RecordingStatus", "completed") in ("absent", "failed"):
            return [Ignored("the caller said nothing")]
        if "From" not in fields:  # a recording's own notice does not name the caller; the list of recordings does
            return [Ignored("a recording is ready; it is fetched with its caller")]
        return [self.read_recording(sid, fields)]

    def read_recording(self, sid: str, fields: Mapping[str, str]) -> Incoming:
        done = "TranscriptionSid" in fields
        outward = fields.get("Direction", "inbound").startswith("outbound")
        return self.incoming(
            sid,
            must(fields, "To" if outward else "From"),
            text=fields.get("TranscriptionText", "").strip(),
            failed=done and fields.get("TranscriptionStatus") != "completed",
            url=fields.get("RecordingUrl", ""),
            seconds=whole(fields, "RecordingDuration"),
            name=fields.get("CallerName", ""),
            call=fields.get("CallSid", ""),
            sent_at=when(fields, "RecordingStartTime"),
            edited_at=datetime.now(UTC) if done else None,
        )

    def incoming(
        self,
        sid: str,
        number: str,
        *,
        text: str,
        failed: bool,
        url: str,
        seconds: int | None,
        name: str = "",
        call: str = "",
        sent_at: datetime | None = None,
        edited_at: datetime | None = None,
    ) -> Incoming:
        person = normalise_phone(number)
        length = f", {seconds} s" if seconds else ""
        rest = " It could not be transcribed." if failed else ""
        sound = (Attachment("voice-message.mp3", "audio/mpeg", url=f"{url}.mp3"),) if url else ()
        return Incoming(
            external_id=sid,
            author=Author(person, name, facts={"phone": person}),
            to=(Author(self.ours or "us", ours=True),),
            text=text or f"(Voice message{length}.{rest})",
            sent_at=sent_at,
            edited_at=edited_at,
            threads=(f"voice:{person}",),
            attachments=sound,
            extra=tidy(
                {
                    "transcript": text,
                    "transcript_by": "Twilio" if text else "",
                    "transcript_failed": failed or None,
                    "transcript_wanted": (hearing.wanted(self.settings) and not text) or None,
                    "seconds": seconds,
                    "call": call,
                }
            ),
        )

    # --- what was said before, and what no hook brought

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        api, walk = Api(self.settings), Walk.of(cursor)
        since = {"DateCreated>": str(walk.done)[:10]} if walk.done else {}
        answer = (
            api.get(walk.page)
            if walk.page
            else api.get("/Recordings.json", **{"PageSize": max(1, min(PAGE, limit)), **since})
        )
        if not isinstance(answer.get("recordings"), list):
            raise Failure("Twilio answered with something that is no list. Try again later.", permanent=False)
        found = objects(answer, "recordings")
        marks = [at.isoformat() if (at := when(r, "date_created")) else None for r in found]
        fresh = [r for r, mark in zip(found, marks, strict=True) if is_news(mark, walk.done)]
        raws = [raw for recording in fresh if (raw := self.listed(api, recording))]
        walk.step(marks, api.next_page(answer))
        return Fetched(tuple(raws), walk.cursor, more=bool(walk.page))

    def listed(self, api: Api, recording: dict[str, Any]) -> Raw | None:
        """A recording of the list as a delivery, with its call and its transcript; None for one of another number."""
        sid, call_sid = words(recording, "sid"), words(recording, "call_sid")
        call = api.get(f"/Calls/{call_sid}.json") if call_sid else {}
        if call and self.ours not in {normalise_phone(words(call, side)) for side in ("to", "from")}:
            return None
        texts = objects(api.get(f"/Recordings/{sid}/Transcriptions.json"), "transcriptions") if sid else []
        body = {"object": "listed", "recording": recording, "call": call, "transcriptions": texts[:1]}
        return Raw(json.dumps(body, ensure_ascii=False, sort_keys=True).encode())

    def read_listed(self, body: Mapping[str, Any]) -> list[Item]:
        sid = must(body, "recording.sid")
        outward = words(body, "call.direction").startswith("outbound")
        made = next(iter(objects(body, "transcriptions")), {})
        done = words(made, "status") in ("completed", "failed")
        return [
            self.incoming(
                sid,
                must(body, "call.to" if outward else "call.from"),
                text=words(made, "transcription_text").strip(),
                failed=words(made, "status") == "failed",
                url=f"{Api(self.settings).base}/Recordings/{sid}",
                seconds=whole(body, "recording.duration"),
                name=words(body, "call.caller_name"),
                call=words(body, "recording.call_sid"),
                sent_at=when(body, "recording.start_time") or when(body, "recording.date_created"),
                edited_at=(when(made, "date_updated") or datetime.now(UTC)) if done else None,
            )
        ]

    # --- answers

    def download(self, url: str) -> bytes:
        return Api(self.settings).file(url)

    def transcribe(self, part: Attachment, language: str = "") -> str:
        return hearing.transcribe(self.settings, part, language)

    def send(self, outgoing: Outgoing) -> Sent:
        return Api(self.settings).send(outgoing)

    def check(self) -> None:
        hearing.check_endpoint(self.settings)
        Api(self.settings).check()


def twiml(inner: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'.encode(), "text/xml")
