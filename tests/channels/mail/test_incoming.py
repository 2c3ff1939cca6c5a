from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.channels.base import Incoming, Kind, Status
from crowdalogue.channels.mail.body import gather
from crowdalogue.channels.mail.headers import message_ids, parse_addresses, parse_date
from crowdalogue.channels.mail.incoming import Ourselves, address_tag, arrival, normalised, read_mail
from crowdalogue.channels.mail.reader import Budget, read

NOW = datetime(2026, 3, 1, tzinfo=UTC)
US = Ourselves("help@example.com", "Northwind", b"secret")


def one(mail: bytes | str, ourselves: Ourselves = US, **more: Any) -> Incoming:
    raw = mail.encode() if isinstance(mail, str) else mail
    found = read_mail(raw, ourselves, NOW, **more)[0]
    assert isinstance(found, Incoming)
    return found


# The example mails: every field against the expected parse, and every difference with its reason.

RAW_BYTES = "the header holds raw Latin-1 bytes; expected keeps U+FFFD, we read the letters"
RAW_NAME = "the file name holds raw Latin-1 bytes; expected keeps U+FFFD, we read the letters"
RAW_BODY = "the body is Latin-1 and says UTF-8 or nothing; expected keeps U+FFFD, we read the letters"
FLOWED = "format=flowed: we join the lines of a paragraph again, as the format asks"
UNNAMED = "parts without a name get one from us (a mail its subject), and a path is cut to its last piece"
ENRICHED = "text/enriched without a name is text to us, its commands removed; expected makes it a file"
DIFFERENCES = {
    ("legacy/009", "text"): FLOWED, ("legacy/009", "html"): FLOWED,
    ("legacy/010", "to"): RAW_BYTES, ("legacy/010", "subject"): RAW_BYTES, ("legacy/017", "to"): RAW_BYTES,
    ("legacy/020", "to"): RAW_BYTES, ("legacy/020", "subject"): RAW_BYTES, ("legacy/022", "to"): RAW_BYTES,
    ("legacy/022", "subject"): RAW_BYTES, ("legacy/027", "to"): RAW_BYTES, ("legacy/027", "subject"): RAW_BYTES,
    ("legacy/052", "to"): RAW_BYTES, ("legacy/052", "subject"): RAW_BYTES,
    ("legacy/016", "attachments"): RAW_NAME, ("legacy/023", "attachments"): RAW_NAME,
    ("legacy/026", "attachments"): RAW_NAME,
    ("legacy/033", "text"): RAW_BODY, ("legacy/033", "html"): RAW_BODY, ("legacy/052", "text"): RAW_BODY,
    ("legacy/052", "html"): RAW_BODY,
    ("rfc/000", "text"): ENRICHED, ("rfc/000", "html"): ENRICHED, ("rfc/000", "attachments"): UNNAMED,
    ("rfc/003", "attachments"): ENRICHED, ("rfc/001", "attachments"): UNNAMED, ("rfc/002", "attachments"): UNNAMED,
    ("rfc/004", "attachments"): UNNAMED, ("rfc/007", "attachments"): UNNAMED, ("rfc/009", "attachments"): UNNAMED,
}  # fmt: skip


def _header(part: dict[str, Any], name: str, kind: str) -> Any:
    values = [h["value"] for h in part["headers"] if h["name"] == name]
    value = values[-1] if values else None
    return value.get(kind) if isinstance(value, dict) else None


def _people(value: Any) -> list[tuple[str, str]]:
    if not value:
        return []
    listed = value.get("List") or [a for group in value["Group"] for a in group["addresses"]]
    return [(a["name"] or "", a["address"] or "") for a in listed]


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip()


def _texts(parts: list[dict[str, Any]], ids: list[int]) -> list[str]:
    bodies = [parts[i]["body"] for i in ids]
    return [_tidy(body[kind]) for body in bodies for kind in ("Text", "Html") if kind in body]


def _name(part: dict[str, Any]) -> str | None:
    for header, wanted in (("content_disposition", "filename"), ("content_type", "name")):
        typed = _header(part, header, "ContentType") or {}
        for attribute in typed.get("attributes") or []:
            if attribute["name"] == wanted:
                return str(attribute["value"])
    return None


def _date(value: Any) -> datetime | None:
    if not value:
        return None
    minutes = (value["tz_hour"] * 60 + value["tz_minute"]) * (-1 if value["tz_before_gmt"] else 1)
    local = datetime(*(value[n] for n in ("year", "month", "day", "hour", "minute", "second")), tzinfo=UTC)
    return local - timedelta(minutes=minutes)


def _expected(parsed: dict[str, Any]) -> dict[str, Any]:
    parts = parsed["parts"]
    top = parts[0]
    return {
        "message id": _header(top, "message_id", "Text"),
        "from": _people(_header(top, "from", "Address")),
        "to": _people(_header(top, "to", "Address")),
        "subject": _header(top, "subject", "Text") or "",
        "date": _date(_header(top, "date", "DateTime")),
        "text": _texts(parts, parsed["text_body"]),
        "html": _texts(parts, parsed["html_body"]),
        "attachments": [_name(parts[i]) for i in parsed["attachments"]],
    }


def _ours(raw: bytes) -> dict[str, Any]:
    root = read(raw)
    body = gather(root, Budget())
    return {
        "message id": (message_ids(root.source("message-id", 1)) or [None])[0],
        "from": parse_addresses(root.source("from")),
        "to": parse_addresses(root.source("to")),
        "subject": root.text("subject"),
        "date": parse_date(root.source("date", 1)),
        "text": [_tidy(text) for _kind, text in body.texts],
        "html": [_tidy(text) for _kind, text in body.htmls],
        "attachments": [a.name for a in body.attachments],
    }


def test_example_mails_agree_with_their_expected_parses(data: Path) -> None:
    agreed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    differing: dict[tuple[str, str], None] = {}
    for expected_file in sorted((data / "mail").glob("*/*.json")):
        name = expected_file.name.split(".")[0]
        raw = (expected_file.parent / f"{name}.eml").read_bytes().replace(b"\r\n", b"\n")
        if ".crlf." in expected_file.name:
            raw = raw.replace(b"\n", b"\r\n")
        expected, ours = _expected(json.loads(expected_file.read_text())), _ours(raw)
        for field, value in expected.items():
            total[field] += 1
            if value == ours[field]:
                agreed[field] += 1
            else:
                differing[f"{expected_file.parent.name}/{name}", field] = None
    assert sum(total.values()) == 128 * 8
    print(f"{sum(agreed.values())} of {sum(total.values())} fields of 128 mails agree")
    for field in total:
        print(f"  {field}: {agreed[field]} of {total[field]}")
    for key in differing:
        print(f"  {key[0]} {key[1]}: {DIFFERENCES.get(key, 'NOT EXPLAINED')}")
    assert set(differing) == set(DIFFERENCES)


def test_every_example_mail_is_one_message(data: Path) -> None:
    files = [p for p in (data / "mail").rglob("*") if p.suffix == ".eml" or ("maildir" in p.parts and p.is_file())]
    files += list((data / "mail_quotes").rglob("*.eml"))
    assert len(files) == 83
    for path in files:
        for raw in (path.read_bytes(), path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")):
            found = one(raw)
            assert found.external_id
            assert found.text or found.html or found.attachments, path
            assert "\x00" not in found.text + found.html + found.subject
    ids = {one(path.read_bytes()).external_id for path in files}
    print(f"{len(files)} mails, {len(ids)} ids")


REPLIES = ["android", "aol", "apple_mail", "apple_mail_2", "comcast", "gmail", "hotmail", "iphone", "outlook",
           "sparrow", "thunderbird", "yahoo"]  # fmt: skip


@pytest.mark.parametrize("name", REPLIES)
def test_example_replies(name: str, data: Path) -> None:
    found = one((data / f"mail_quotes/fixtures/standard_replies/{name}.eml").read_bytes())
    assert found.text == "Hello"
    assert found.quoted


# What the seam asks for.

MAIL = """\
From: Ann Miller <Ann@Example.ORG>
To: Help <help+c-Tok3n_x@example.com>, bob@example.net
Cc: Carl <carl@example.net>
Subject: Re: Order
Date: Thu, 26 Feb 2026 10:00:00 +0100
Message-ID: <m3@example.org>
In-Reply-To: <m2@example.com>
References: <m1@example.org> <m2@example.com>

It never came.

On Wed, 25 Feb 2026 at 09:00, Help <help@example.com> wrote:
> Is it there?
"""


def test_a_reply() -> None:
    found = one(MAIL)
    assert found.external_id == "m3@example.org"
    assert (found.author.address, found.author.name, found.author.ours) == ("ann@example.org", "Ann Miller", False)
    assert found.parents == ("m2@example.com", "m1@example.org")
    assert found.threads == ("tag:Tok3n_x",)
    assert found.sent_at == datetime(2026, 2, 26, 9, tzinfo=UTC)
    assert (found.text, found.kind) == ("It never came.", Kind.MESSAGE)
    assert found.quoted.endswith("> Is it there?")
    assert [(a.address, a.ours) for a in found.to] == [
        ("help+c-tok3n_x@example.com", True),
        ("bob@example.net", False),
    ]
    assert found.extra["cc"] == [{"address": "carl@example.net", "name": "Carl"}]
    json.dumps(found.extra)


def test_tags_of_other_companies_are_not_ours() -> None:
    assert one(MAIL.replace("help+c-", "sales+c-")).threads == ()
    assert one("Delivered-To: help+c-abcd@example.com\n" + MAIL.replace("+c-Tok3n_x", "")).threads == ("tag:abcd",)
    assert address_tag("help@example.com", "abcd") == "help+c-abcd@example.com"


def test_a_long_thread_is_bounded_nearest_first() -> None:
    chain = " ".join(f"<m{n}@example.org>" for n in range(200))
    found = one(f"From: a@example.org\nMessage-ID: <x@y>\nReferences: {chain}\n\nx")
    assert len(found.parents) == 50
    assert found.parents[0] == "m199@example.org"


def test_a_mail_without_message_id_has_the_same_id_by_every_door() -> None:
    mail = b"From: a@example.org\nDate: Thu, 26 Feb 2026 10:00:00 +0100\nSubject: x\n\nHello\nthere\n"
    other_door = b"Return-Path: <a@example.org>\r\nX-Seen: 1\r\n" + mail.replace(b"\n", b"\r\n")
    assert one(mail).external_id == one(other_door).external_id
    assert one(mail).external_id != one(mail.replace(b"Hello", b"Hallo")).external_id


def test_the_same_words_sent_twice_without_ids_are_two_mails() -> None:
    first = b"Received: by mx; Thu, 26 Feb 2026 10:00:00 +0100\nFrom: form@example.org\n\nPlease call me\n"
    assert one(first).external_id != one(first.replace(b"10:00:00", b"10:05:00")).external_id


def test_absurd_dates_give_way_to_the_arrival() -> None:
    arrived = datetime(2026, 2, 1, tzinfo=UTC)
    for date in ("Thu, 1 Jan 1970 00:00:00 +0000", "Thu, 1 Jan 2099 00:00:00 +0000", "some day"):
        mail = f"From: a@example.org\nDate: {date}\n\nx"
        assert one(mail).sent_at is None
        assert one(mail, arrived=arrived).sent_at == arrived
    assert arrival("2026-02-01T00:00:00+00:00") == arrived
    assert arrival("nonsense") is None


def test_a_mail_without_a_sender_is_not_lost() -> None:
    found = one("Subject: x\n\nhello")
    assert found.author.address.endswith(".invalid")
    assert found.text == "hello"
    assert one("From: Somebody\n\nhello").author.name == "Somebody"


def test_our_own_mails_are_ours() -> None:
    sent_by_hand = one("From: Help <HELP@example.com>\nMessage-ID: <x@y>\n\nDear Ann")
    assert (sent_by_hand.author.ours, sent_by_hand.author.brand, sent_by_hand.kind) == (
        True,
        "Northwind",
        Kind.MESSAGE,
    )


def test_an_echo_of_our_own_answer_is_recognised_by_its_mark() -> None:
    mark = US.loop_mark("k1")
    echo = f"From: help@example.com\nX-Crowdalogue-Key: k1\nX-Crowdalogue-Loop: {mark}\nMessage-ID: <k1@x>\n\nDear Ann"
    assert (one(echo).author.ours, one(echo).kind) == (True, Kind.AUTOMATIC)
    sent_back = one(echo.replace("From: help@", "From: list@"))
    assert (sent_back.author.ours, sent_back.kind) == (False, Kind.AUTOMATIC)
    forged = one(echo.replace("help@", "ann@").replace(mark, "0" * 32))
    assert (forged.author.ours, forged.kind) == (False, Kind.MESSAGE)


def test_the_customer_behind_our_own_web_form() -> None:
    form = "From: help@example.com\nTo: help@example.com\nReply-To: Ann <ann@example.org>\n\nIt broke"
    assert (one(form).author.address, one(form).author.ours) == ("ann@example.org", False)


def test_forged_newlines_and_controls_never_reach_the_fields() -> None:
    found = one("From: =?utf-8?q?A=0AB=00?= <a@example.org>\nSubject: =?utf-8?q?x=0D=0ABcc:_y?=\n\na\x00b\x1bc\x08")
    assert found.author.name == "A B"
    assert found.subject == "x Bcc: y"
    assert found.text == "abc"


def test_a_mail_too_large_to_fetch_says_so() -> None:
    found = one("From: a@example.org\nSubject: video\n\n", size=70_000_000)
    assert found.extra["headers_only"] is True
    assert found.extra["message_size"] == 70_000_000


def test_normalised_addresses() -> None:
    assert normalised(" Ann@Example.ORG ") == "ann@example.org"
    assert normalised("ann@Müller.example") == "ann@xn--mller-kva.example"


def test_bounce_and_status_come_together() -> None:
    report = (
        "From: MAILER-DAEMON@example.net\nTo: help@example.com\nSubject: Undelivered\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\nSorry.\n--b\n'
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        "Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user\n\n--b\nContent-Type: message/rfc822\n\n"
        "Message-ID: <k1@example.com>\nSubject: Order\n\nx\n--b--\n"
    )
    message, status = read_mail(report.encode(), US, NOW)
    assert isinstance(message, Incoming) and message.kind is Kind.BOUNCE
    assert isinstance(status, Status)
    assert (status.target, status.state) == ("k1@example.com", "failed")
    assert status.reason == "ann@example.org: 550 5.1.1 No such user"
    assert [a.name for a in message.attachments] == ["Order.eml"]


@settings(deadline=None)
@given(st.binary(max_size=1500))
def test_no_bytes_raise(mail: bytes) -> None:
    _sound(mail)


PIECES = st.sampled_from(
    [b"=?utf-8?q?", b"?=", b"\x1b$B", b"\x00", b"\xff\xfe", b"multipart/report; report-type=delivery-status", b"--b\n",
     b"Content-Type: multipart/mixed; boundary=b\n\n", b"Content-Type: text/html; charset=utf-7\n\n", b"\n\n", b"\r",
     b"Content-Type: message/delivery-status\n\n", b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n",
     b"Content-Transfer-Encoding: base64\n", b"Date: ", b"From: ", b"<", b">", b'"', b"(", b"name*0*=", b"'",
     b"&#xd800;", b"<blockquote>", b"On 1.1.2026 12:00 a@b.c wrote:\n> x\n", b"-- \n", b"Message-ID: <",
     b"text/html; charset=utf-16"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(PIECES | st.binary(max_size=20), max_size=40).map(b"".join))
def test_no_shuffled_pieces_raise(mail: bytes) -> None:
    _sound(mail)


def _sound(mail: bytes) -> None:
    found = read_mail(mail, US, NOW)
    message = found[0]
    assert isinstance(message, Incoming)
    assert message.external_id
    everything = [message.text, message.html, message.quoted, message.subject, message.external_id]
    everything += [message.author.name, message.author.address, *message.parents, json.dumps(message.extra)]
    everything += [a.name + a.media_type + a.content_id for a in message.attachments]
    for text in everything:
        assert "\x00" not in text
        text.encode()
