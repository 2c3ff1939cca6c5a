"""Text messages by Twilio: by form and by list, leave and its withdrawal, receipts, answers in doubt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from crowdalogue.channels.base import (
    Attachment,
    Author,
    Ignored,
    Incoming,
    Item,
    Kind,
    NotUnderstood,
    Outgoing,
    Raw,
    SendError,
    Status,
    Unknown,
)
from crowdalogue.channels.manual import Phone
from crowdalogue.channels.sms import Sms
from crowdalogue.channels.twilio import door
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.channels.test_twilio import NOW, SETTINGS, SID, TOKEN, URL
from tests.outside import SLOW, Call, Outside, says


class TwilioPeer(Peer):
    """Twilio signs the address and the form."""

    settings = SETTINGS
    threads = False

    def sign(self, body: bytes, now: datetime) -> Raw:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return Raw(body, headers | {door.HEADER: door.sign(TOKEN, URL, door.pairs_of(body))}, url=URL)

    def form(self, **fields: str) -> Raw:
        return self.sign(urlencode({"AccountSid": SID, "ApiVersion": "2010-04-01"} | fields).encode(), NOW)

    def unknown(self, now: datetime) -> Raw:
        return self.form(Telepathy="yes")

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/Messages.json$", says({"sid": "SM" + "9" * 32, "status": "queued"}, 201))


class SmsPeer(TwilioPeer):
    kind = "sms"

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [
            self.form(
                MessageSid=self.id_of(s),
                SmsStatus="received",
                From=f"+1555010{s.author:04}",
                To="+15550100000",
                Body=s.text,
                NumMedia="0",
            )
            for s in said
        ]

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        """Two to a page, newest first."""
        newest = sorted(said, key=lambda s: s.at, reverse=True)

        def answer(call: Call) -> httpx.Response:
            if "From" in call.query:
                return httpx.Response(200, json={"messages": [], "next_page_uri": None})
            since = call.query.get("DateSent>", "")
            fit = [s for s in newest if s.at.date().isoformat() >= since]
            start = int(call.query.get("Page", "0")) * 2
            more = f"/2010-04-01/Accounts/{SID}/Messages.json?To=x&Page={start // 2 + 1}" if fit[start + 2 :] else None
            page = [listed(s, self.id_of(s)) for s in fit[start : start + 2]]
            return httpx.Response(200, json={"messages": page, "next_page_uri": more})

        outside.on("GET", "/Messages.json", answer)

    def id_of(self, said: Said) -> str:
        return f"SM{said.n:032}"


def listed(said: Said, sid: str, **more: Any) -> dict[str, Any]:
    at = format_datetime(said.at)
    message = {
        "sid": sid,
        "from": f"+1555010{said.author:04}",
        "to": "+15550100000",
        "body": said.text,
        "num_media": "0",
    }
    return message | {"direction": "inbound", "status": "received", "date_sent": at, "date_created": at} | more


PEER = SmsPeer()


@pytest.fixture
def sms() -> Sms:
    return Sms(SETTINGS)


def read(sms: Sms, **fields: str) -> list[Item]:
    usual = {"MessageSid": "SM1", "SmsStatus": "received", "From": "+15550100199", "To": "+15550100000", "Body": "Hi"}
    return sms.parse(PEER.form(**usual | fields))


def one(sms: Sms, **fields: str) -> Incoming:
    (item,) = read(sms, **fields)
    assert isinstance(item, Incoming)
    return item


# --- what comes


def test_a_text_message(sms: Sms) -> None:
    item = one(sms, FromCity="SPRINGFIELD", FromState="IL", FromCountry="US")
    assert (item.external_id, item.text, item.author.address) == ("SM1", "Hi", "+15550100199")
    assert item.threads == ("sms:+15550100199",) and item.sent_at is None
    assert item.extra["number_place"] == "SPRINGFIELD, IL, US"
    assert item.author.facts == {"phone": "+15550100199", "phone_verified": True}
    assert sms.handles == Phone.handles and sms.normalise("+1 (555) 010-0199") == item.author.address


def test_pictures_and_other_files(sms: Sms) -> None:
    media = {"NumMedia": "3", "Body": ""}
    for n, kind in enumerate(("image/jpeg", "audio/mpeg", "text/x-vcard")):
        media |= {f"MediaUrl{n}": f"https://api.twilio.com/m/{n}", f"MediaContentType{n}": kind}
    item = one(sms, **media)
    assert [(a.name, a.media_type, a.url[-1]) for a in item.attachments] == [
        ("picture-1.jpg", "image/jpeg", "0"),
        ("sound-2.mp3", "audio/mpeg", "1"),
        ("file-3.vcf", "text/x-vcard", "2"),
    ]
    assert one(sms, NumMedia="999999").attachments == ()


@pytest.mark.parametrize(
    ("fields", "consent", "kind"),
    [
        ({"Body": "STOP"}, "withdrawn", Kind.AUTOMATIC),
        ({"Body": " stop. "}, "withdrawn", Kind.AUTOMATIC),
        ({"Body": "Unsubscribe"}, "withdrawn", Kind.AUTOMATIC),
        ({"Body": "ARRET", "OptOutType": "STOP"}, "withdrawn", Kind.AUTOMATIC),
        ({"Body": "start"}, "given", Kind.MESSAGE),
        ({"Body": "Stop sending broken kettles"}, None, Kind.MESSAGE),
        ({"Body": "HELP", "OptOutType": "HELP"}, None, Kind.MESSAGE),
    ],
)
def test_leave_and_its_withdrawal(fields: dict[str, str], consent: str | None, kind: Kind, sms: Sms) -> None:
    item = one(sms, **fields)
    assert item.kind == kind and item.extra.get("consent") == consent
    assert item.author.facts.get("consent") == ({"sms": consent == "given"} if consent else None)


def test_receipts(sms: Sms) -> None:
    status = {"MessageSid": "SM9", "SmsStatus": "", "From": "+15550100000"}
    for said, state in (("delivered", "delivered"), ("read", "read"), ("failed", "failed"), ("undelivered", "failed")):
        fields = urlencode(status | {"MessageStatus": said, "SmsStatus": said, "ErrorCode": "30006"}).encode()
        (item,) = sms.parse(Raw(fields))
        assert isinstance(item, Status) and (item.target, item.state) == ("SM9", state)
        assert ("landline" in item.reason) == (state == "failed")
    for said in ("queued", "sending", "sent"):
        (item,) = sms.parse(Raw(urlencode(status | {"MessageStatus": said}).encode()))
        assert isinstance(item, Ignored)
    (item,) = sms.parse(Raw(urlencode(status | {"MessageStatus": "sung"}).encode()))
    assert isinstance(item, Unknown)


def test_twilio_hears_an_empty_answer(sms: Sms) -> None:
    answer = sms.respond(PEER.form(Body="Hi"))
    assert answer is not None and answer.media_type == "text/xml" and answer.body.endswith(b"<Response/>")


# --- by asking


def test_what_was_said_before_on_both_sides_with_files(sms: Sms, outside: Outside) -> None:
    theirs = listed(Said(1, "Look", NOW), "MM1", num_media="1")
    ours = listed(Said(2, "Thanks", NOW), "SM2") | {
        "direction": "outbound-api",
        "from": "+15550100000",
        "to": "+15550100001",
    }
    failed = ours | {"sid": "SM3", "status": "undelivered", "error_code": 30003, "date_updated": format_datetime(NOW)}

    def lists(call: Call) -> httpx.Response:
        return httpx.Response(200, json={"messages": [theirs] if "To" in call.query else [ours, failed]})

    outside.on("GET", "/Messages.json", lists)
    outside.on("GET", "/Messages/MM1/Media.json", says({"media_list": [{"sid": "ME1", "content_type": "image/png"}]}))
    found = sms.fetch({})
    items = [i for raw in found.deliveries for i in sms.parse(raw)]
    first, second, third, status = items
    assert isinstance(first, Incoming) and isinstance(second, Incoming) and isinstance(third, Incoming)
    assert first.attachments[0].url == f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    assert (first.sent_at, first.author.ours) == (NOW, False)
    assert second.author.ours and second.to[0].address == "+15550100001" and second.threads == first.threads
    assert isinstance(status, Status) and (status.target, status.state) == ("SM3", "failed")
    assert "could not be reached" in status.reason
    assert {c.query.get("To") or c.query.get("From") for c in outside.of("GET", "/Messages.json")} == {"+15550100000"}


def test_later_looks_ask_only_for_what_is_newer(sms: Sms, outside: Outside) -> None:
    PEER.serve(outside, [Said(n, f"message {n}", NOW + timedelta(minutes=n)) for n in range(1, 6)])
    cursor: Any = {}
    count = 0
    while True:
        found = sms.fetch(cursor)
        count, cursor = count + len(found.deliveries), found.cursor
        if not found.more:
            break
    assert count == 5
    outside.calls.clear()
    again = sms.fetch(cursor)
    assert not again.more and outside.calls[0].query["DateSent>"] == "2026-03-01"


def test_a_list_that_is_none_is_no_end(sms: Sms, outside: Outside) -> None:
    outside.always(says({"messages": "none"}))
    with pytest.raises(Failure, match="no list"):
        sms.fetch({})
    with pytest.raises(NotUnderstood):
        sms.parse(Raw(json.dumps({"object": "listed", "message": 7}).encode()))


# --- answers


def out(text: str = "It comes tomorrow.", **more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "answer-1", "to": Author("+15550100199"), "text": text}
    return Outgoing(**usual | more)


def test_an_answer_from_the_number_or_by_the_service(sms: Sms, outside: Outside) -> None:
    PEER.accept(outside)
    assert sms.send(out()).external_id == "SM" + "9" * 32
    assert outside.calls[0].form == {"To": "+15550100199", "Body": "It comes tomorrow.", "From": "+15550100000"}
    Sms(SETTINGS | {"service": "MG1", "callback": URL}).send(out())
    assert outside.calls[1].form["MessagingServiceSid"] == "MG1" and outside.calls[1].form["StatusCallback"] == URL
    assert "From" not in outside.calls[1].form


def test_silence_is_doubt_because_twilio_knows_no_key(sms: Sms, outside: Outside) -> None:
    outside.always(SLOW)
    with pytest.raises(SendError) as caught:
        sms.send(out())
    assert caught.value.uncertain and len(outside.calls) == 1
    outside.always(says({"code": 21610, "message": "unsubscribed"}, 400))
    with pytest.raises(SendError, match="STOP") as caught:
        sms.send(out())
    assert caught.value.permanent and not caught.value.uncertain
    outside.always(says({"sid": "SM1", "status": "failed", "error_code": 30006}, 201))
    with pytest.raises(SendError, match="landline"):
        sms.send(out())


def test_files_are_fetched_from_us(sms: Sms, outside: Outside) -> None:
    outside.always(says({"sid": "MM1", "status": "queued"}, 201))
    places = [f"https://care.example.com/file/{n}-1-a/" for n in range(11)]
    files = tuple(Attachment("a.png", "image/png", b"x", url=place) for place in places)
    assert sms.send(out(attachments=files[:2])).external_id == "MM1"
    asked = parse_qs(outside.calls[0].body.decode())
    assert asked["MediaUrl"] == places[:2] and asked["Body"] == ["It comes tomorrow."]
    large = Attachment("b.pdf", "application/pdf", b"x" * (6 << 20), url=places[0])
    nowhere = Attachment("a.png", "image/png", b"x")
    for wrong, words in ((files, "at most 10"), ((large,), "at most 5 MB"), ((nowhere,), "no address")):
        with pytest.raises(SendError, match=words) as caught:
            sms.send(out(attachments=wrong))
        assert caught.value.permanent and len(outside.calls) == 1
