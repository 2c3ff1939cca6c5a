from __future__ import annotations

import pytest

from crowdalogue.channels.base import Kind
from crowdalogue.channels.mail.kinds import Verdict, judge, list_id
from crowdalogue.channels.mail.reader import read


def verdict(head: str, body: str = "x", sender: str = "ann@example.org") -> Verdict:
    root = read(f"From: {sender}\n{head}\n\n{body}".encode())
    return judge(root, sender, root.text("subject"), body)


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; x=y", "X-Autoreply: yes", "X-Autorespond: x",
        "Precedence: bulk", "Precedence: junk", "Precedence: auto_reply", "X-Loop: ann@example.org",
        "Return-Path: <>", "Subject: Out of Office: Order", "Subject: Automatic reply: Order",
        "Subject: Automatische Antwort: Order", "Subject: Abwesenheitsnotiz", "Subject: Réponse automatique : x",
        "Subject: Respuesta automática: x", "Subject: Resposta automática: x", "Subject: Risposta automatica: x",
        "Subject: Automatisch antwoord: x", "Subject: Autosvar: x", "Subject: Automatiskt svar: x",
        "Subject: Automaattinen vastaus: x", "Subject: Odpowiedź automatyczna: x", "Subject: Автоматический ответ: x",
        "Subject: Automatická odpověď: x", "Subject: 自動応答: x", "Subject: 自动答复: x", "Subject: 자동 회신: x",
        "Subject: Otomatik Yanıt: x", "Subject: Re: [ext] Out of office: x", "Subject: Fravær: x",
    ],
)  # fmt: skip
def test_automatic_replies(head: str) -> None:
    assert verdict(head).kind is Kind.AUTOMATIC


@pytest.mark.parametrize(
    "head",
    [
        "Subject: My order", "Auto-Submitted: no", "Precedence: bulk\nList-Id: <news.example.org>",
        "Precedence: first-class", "X-Loop: debian\nList-Id: <x.example.org>", "Return-Path: <ann@example.org>",
        "Subject: Your automatic reply was wrong", "Subject: I was out of office supplies",
        "Subject: Absence of an answer", "Subject: Undelivered parcel", "X-Auto-Response-Suppress: All",
        "Subject: My car's automatic transmission",
    ],
)  # fmt: skip
def test_people(head: str) -> None:
    assert verdict(head).kind is Kind.MESSAGE


def report(kind: str, part: str, more: str = "") -> str:
    return (
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"\n\n--b\n\nSee below.\n--b\n'
        f"Content-Type: message/{kind}\n\n{part}\n--b\n{more}\n--b--\n"
    )


ORIGINAL = "Content-Type: text/rfc822-headers\n\nMessage-ID: <k1@example.com>\nSubject: x\n"


def test_a_delivery_that_failed() -> None:
    fields = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.c\nAction: failed\nStatus: 5.2.2\n"
    found = verdict(report("delivery-status", fields, ORIGINAL))
    assert (found.kind, found.state, found.target, found.reason) == (
        Kind.BOUNCE, "failed", "k1@example.com", "a@b.c: 5.2.2",
    )  # fmt: skip


def test_a_delivery_that_waits_or_succeeded() -> None:
    fields = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.c\nAction: {}\nStatus: 4.0.0\n"
    assert verdict(report("delivery-status", fields.format("delayed"), ORIGINAL)).state == ""
    relayed = verdict(report("delivery-status", fields.format("delivered"), ORIGINAL))
    assert (relayed.kind, relayed.state) == (Kind.AUTOMATIC, "delivered")


@pytest.mark.parametrize("encoding", ["", "Content-Transfer-Encoding: base64\n"])
def test_a_report_whose_parts_are_encoded(encoding: str) -> None:
    import base64

    inner = "Message-ID: <k1@example.com>\nSubject: x\n\nbody\n"
    body = base64.encodebytes(inner.encode()).decode() if encoding else inner
    more = f"Content-Type: message/rfc822\n{encoding}\n{body}"
    assert verdict(report("delivery-status", "Action: failed\n", more)).target == "k1@example.com"


def test_bounces_that_follow_no_standard() -> None:
    qmail = "Hi. This is the qmail-send program.\n<a@b.c>:\n550 no such user\n\n--- A copy.\n\nMessage-ID: <k1@x.y>\n"
    found = verdict("Subject: failure notice\nReturn-Path: <>", qmail, "MAILER-DAEMON@example.net")
    assert (found.kind, found.target, found.reason) == (Kind.BOUNCE, "k1@x.y", "550 no such user")
    exim = verdict("X-Failed-Recipients: a@b.c\nSubject: Mail delivery failed", "x", "Mailer-Daemon@example.net")
    assert exim.kind is Kind.BOUNCE
    german = verdict("Subject: Unzustellbar: Bestellung", "x", "postmaster@example.net")
    assert german.kind is Kind.BOUNCE


def test_a_postmaster_may_write_to_us() -> None:
    assert verdict("Subject: Question about your shop", "x", "postmaster@example.net").kind is Kind.MESSAGE


def test_read_receipts() -> None:
    fields = "Original-Message-ID: <k1@example.com>\nDisposition: manual-action/MDN-sent-manually; {}\n"
    shown = verdict(report("disposition-notification", fields.format("displayed")))
    assert (shown.kind, shown.state, shown.target) == (Kind.AUTOMATIC, "read", "k1@example.com")
    assert verdict(report("disposition-notification", fields.format("deleted"))).state == ""


def test_lists() -> None:
    assert list_id(read(b"List-Id: The news <news.example.org>\n\nx")) == "news.example.org"
    assert list_id(read(b"List-Id: news.example.org\n\nx")) == "news.example.org"
    assert list_id(read(b"Subject: x\n\nx")) == ""
