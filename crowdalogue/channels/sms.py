"""Text messages (SMS, MMS, RCS) by Twilio.

Whether a person allows messages is noted on them when they write STOP or START. Twilio answers no time-out with a
second try and has no key by which a repeat of ours would be known: what came while we were away is asked for, and an
answer of ours that got none is in doubt until a receipt or the list of messages says that it left.
Tried against Prism with Twilio's own OpenAPI file (calls) and recorded exchanges (deliveries).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crowdalogue.channels.asking import Walk
from crowdalogue.channels.base import (
    Author,
    Fetched,
    Field,
    Ignored,
    Incoming,
    Item,
    Kind,
    NotUnderstood,
    Outgoing,
    Raw,
    Response,
    Sent,
    Status,
    Unknown,
)
from crowdalogue.channels.manual import normalise_phone
from crowdalogue.channels.picking import must, objects, tidy, when, whole, words
from crowdalogue.channels.twilio import door
from crowdalogue.channels.twilio.calls import FIELDS, LONGEST, Api, attached, is_news, listed_of, reason
from crowdalogue.errors import Failure

# One-word messages by which a person withdraws or gives leave, as networks and Twilio know them.
STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START = frozenset({"start", "unstop"})
STATES = {"delivered": "delivered", "read": "read", "failed": "failed", "undelivered": "failed", "canceled": "failed"}
ON_THE_WAY = frozenset({"accepted", "scheduled", "queued", "sending", "sent", "partially_delivered"})
PAGE = 100


class Sms(door.Telephone):
    kind = "sms"
    label = "SMS"
    icon = "i-sms"
    fields = (
        *FIELDS[:3],
        Field(
            "service", "Messaging service SID", "Begins with MG. Only where answers go by a service.", required=False
        ),
        Field(
            "callback",
            "Address for receipts",
            "The address shown here, once it is known. Leave empty where the messaging service has it.",
            required=False,
        ),
        FIELDS[3],
    )
    guide = "Text messages with pictures to one Twilio number. People are known by their number, as by phone."
    steps = (
        "In the Twilio Console copy the account SID and the auth token, and buy or choose a number.",
        "Open the number, Messaging, A message comes in: Webhook, {hook}, HTTP POST. Save.",
        "With a messaging service enter the same address there: Integration, Send a webhook.",
        "For receipts enter {hook} here as address for receipts.",
    )
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    longest = LONGEST
    media = "both"
    fetches_files = True
    receipts = True
    tried = "Prism with Twilio's OpenAPI file; recorded exchanges"

    # --- the door

    def respond(self, raw: Raw) -> Response | None:
        return door.EMPTY  # anything else would be sent to the customer

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        fields = {
            "MessageSid": f"SM{int(now.timestamp()):024x}{number:08x}",
            "AccountSid": str(self.settings["account_sid"]),
            "From": "+15550100199",
            "To": str(self.settings["number"]),
            "Body": text,
            "NumMedia": "0",
            "SmsStatus": "received",
        }
        return door.signed(
            str(self.settings["auth_token"] or ""), "https://crowdalogue.example.com/hooks/test/", fields
        )

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        fields = door.form_of(raw)
        if listed := listed_of(raw):
            return self.read_listed(listed.get("message"))
        sid = fields.get("MessageSid") or fields.get("SmsSid") or fields.get("SmsMessageSid") or ""
        if not sid:
            return [Unknown(f"an event with {', '.join(sorted(fields))[:100]}")]
        state = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
        if state not in ("received", "receiving", "") or "Body" not in fields:
            return self.read_status(sid, state, fields)
        return [self.read_message(sid, fields)]

    def read_status(self, sid: str, state: str, fields: Mapping[str, str]) -> list[Item]:
        if state in STATES:
            why = reason(whole(fields, "ErrorCode")) if STATES[state] == "failed" else ""
            return [Status(sid, STATES[state], why)]
        if state in ON_THE_WAY:
            return [Ignored(f"a message of ours is {state}")]
        return [Unknown(f"a receipt with the state {state[:40] or 'nothing'}")]

    def read_message(self, sid: str, fields: Mapping[str, str]) -> Incoming:
        count = min(whole(fields, "NumMedia") or 0, 100)
        media = [(fields.get(f"MediaUrl{n}", ""), fields.get(f"MediaContentType{n}", "")) for n in range(count)]
        return self.incoming(
            sid,
            must(fields, "From"),
            fields.get("Body", ""),
            media=media,
            asked=fields.get("OptOutType", ""),
            name=fields.get("ProfileName", ""),
            extra={
                "number_place": ", ".join(
                    p for n in ("FromCity", "FromState", "FromCountry") if (p := fields.get(n, ""))
                ),
                "to_number": fields.get("To", ""),
                "button": fields.get("ButtonText", ""),
            },
        )

    def incoming(
        self,
        sid: str,
        number: str,
        text: str,
        *,
        media: list[tuple[str, str]],
        asked: str = "",
        name: str = "",
        sent_at: datetime | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Incoming:
        consent = consent_of(asked, text)
        person = normalise_phone(number)
        facts = {"phone": person, "phone_verified": True, "consent": {"sms": consent == "given"} if consent else None}
        files = tuple(attached(url, kind, place) for place, (url, kind) in enumerate(media, 1) if url)
        return Incoming(
            external_id=sid,
            author=Author(person, name, facts=tidy(facts)),
            to=(Author(self.ours or "us", ours=True),),
            text=text,
            sent_at=sent_at,
            threads=(f"sms:{person}",),
            kind=Kind.AUTOMATIC if consent == "withdrawn" else Kind.MESSAGE,  # nobody may answer it
            attachments=files,
            extra=tidy({"consent": consent} | dict(extra or {})),
        )

    # --- what was said before, and what no hook brought

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """Two walks: messages to our number, and those from it."""
        api = Api(self.settings)
        walks = {name: Walk.of(cursor.get(name)) for name in ("To", "From")}
        raws: list[Raw] = []
        for side, walk in walks.items():
            raws += self.page(api, side, walk, max(1, min(PAGE, limit)))
            if walk.page:  # one after the other, so that a call stays short
                break
        state = {name: walk.cursor for name, walk in walks.items()}
        return Fetched(tuple(raws), state, more=any(w.page for w in walks.values()))

    def page(self, api: Api, side: str, walk: Walk, size: int) -> list[Raw]:
        since = {"DateSent>": str(walk.done)[:10]} if walk.done else {}
        answer = (
            api.get(walk.page)
            if walk.page
            else api.get("/Messages.json", **{side: api.number, "PageSize": size, **since})
        )
        if not isinstance(answer.get("messages"), list):
            raise Failure("Twilio answered with something that is no list. Try again later.", permanent=False)
        found = objects(answer, "messages")
        marks = [at.isoformat() if (at := moment(m)) else None for m in found]
        fresh = [m for m, mark in zip(found, marks, strict=True) if is_news(mark, walk.done)]
        walk.step(marks, api.next_page(answer))
        return [self.listed(api, message) for message in fresh]

    def listed(self, api: Api, message: dict[str, Any]) -> Raw:
        """One message of the list as a delivery, with the addresses of its files."""
        files: list[dict[str, str]] = []
        sid = words(message, "sid")
        if sid and (whole(message, "num_media") or 0) > 0:
            path = f"/Messages/{sid}/Media"
            found = objects(api.get(f"{path}.json"), "media_list")
            files += [{"url": f"{api.base}{path}/{words(f, 'sid')}", "type": words(f, "content_type")} for f in found]
        body = {"object": "listed", "message": message | {"files": files}}
        return Raw(json.dumps(body, ensure_ascii=False, sort_keys=True).encode())

    def read_listed(self, message: Any) -> list[Item]:
        if not isinstance(message, dict):
            raise NotUnderstood("This is no message of Twilio's list.")
        sid, at, state = must(message, "sid"), moment(message), words(message, "status")
        files = [(words(f, "url"), words(f, "type")) for f in objects(message, "files")]
        if words(message, "direction") == "inbound":
            return [self.incoming(sid, must(message, "from"), words(message, "body"), media=files, sent_at=at)]
        person = normalise_phone(must(message, "to"))
        ours = Incoming(
            external_id=sid,
            author=Author(self.ours or must(message, "from"), ours=True),
            to=(Author(person),),
            text=words(message, "body"),
            sent_at=at,
            threads=(f"sms:{person}",),
            attachments=tuple(attached(url, kind, place) for place, (url, kind) in enumerate(files, 1)),
        )
        if state in STATES:
            why = reason(whole(message, "error_code")) if STATES[state] == "failed" else ""
            return [ours, Status(sid, STATES[state], why, when(message, "date_updated"))]
        return [ours]

    # --- answers

    def download(self, url: str) -> bytes:
        return Api(self.settings).file(url)

    def send(self, outgoing: Outgoing) -> Sent:
        return Api(self.settings).send(outgoing)

    def check(self) -> None:
        Api(self.settings).check()


def moment(message: Mapping[str, Any]) -> datetime | None:
    return when(message, "date_sent") or when(message, "date_created")


def consent_of(asked: str, text: str) -> str:
    """Whether a message is one of the words that every network knows: given, withdrawn, or empty."""
    said = (asked or text).strip().strip(".!\"'").casefold()
    if said in STOP:
        return "withdrawn"
    return "given" if said in START else ""
