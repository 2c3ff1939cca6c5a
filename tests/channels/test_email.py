"""The e-mail channel at its door: settings, parsing, and a round trip through real servers."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from crowdalogue.channels.base import Attachment, Author, Incoming, Kind, NotUnderstood, Outgoing, Raw, SendError
from crowdalogue.channels.email import Email
from crowdalogue.errors import Failure
from tests.mailserver import MailServer, mail_server, missing
from tests.servers import free_port

HELP, ANN = "help@example.com", "ann@example.org"
needs_server = pytest.mark.skipif(bool(missing()), reason=missing() or "there")


def parsed(channel: Email, raw: Raw) -> Incoming:
    found = channel.parse(raw)[0]
    assert isinstance(found, Incoming)
    return found


def test_fields_have_words_and_secrets_are_secret() -> None:
    names = [field.name for field in Email.fields]
    assert len(set(names)) == len(names)
    for field in Email.fields:
        assert field.label and not field.label.endswith((".", "!"))
        assert (field.kind == "secret") == field.name.endswith("_secret")
        assert field.kind != "choice" or field.default in dict(field.choices)


def test_parse_needs_no_server_and_no_settings() -> None:
    found = parsed(Email(), Raw(b"From: Ann@Example.org\nSubject: Hi\nMessage-ID: <1@x>\n\nhello"))
    assert (found.external_id, found.author.address, found.text) == ("1@x", ANN, "hello")


def test_what_the_mailbox_said_of_a_delivery_is_used() -> None:
    raw = Raw(b"From: a@b.c\n\nx", {"x-arrived": "2026-02-01T08:00:00+00:00", "x-full-size": "70000000"})
    found = parsed(Email(), raw)
    assert found.sent_at is not None and found.sent_at.isoformat() == "2026-02-01T08:00:00+00:00"
    assert found.extra["headers_only"] is True


def test_a_mail_the_server_could_not_hand_over_is_named() -> None:
    with pytest.raises(NotUnderstood) as failure:
        Email().parse(Raw(b"", {"x-unread-uid": "17"}))
    assert "mail number 17" in failure.value.text
    with pytest.raises(NotUnderstood):
        Email().parse(Raw(b"\r\n"))


def test_a_60_mb_attachment_is_named_and_left_out() -> None:
    content = base64.encodebytes(b"x" * 1_000_000) * 58
    mail = (
        b'From: a@b.c\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nsee file\n--b\n'
        b"Content-Type: video/mp4; name=film.mp4\nContent-Transfer-Encoding: base64\n\n" + content + b"\n--b--\n"
    )
    found = parsed(Email(), Raw(mail))
    assert found.text == "see file"
    assert [(a.name, a.content) for a in found.attachments] == [("film.mp4", b"")]
    assert found.extra["too_large"] == ["film.mp4"]


@pytest.mark.parametrize("setting", [{"smtp_port": "x"}, {"imap_port": 0}, {"imap_port": None}])
def test_odd_ports_fall_back(setting: dict[str, Any]) -> None:
    channel = Email(setting)
    assert channel._relay().port in (465, 587)
    assert channel._new_mailbox().server.port == 993


def test_sending_needs_two_addresses() -> None:
    with pytest.raises(SendError) as ours:
        Email().send(Outgoing("k", Author(ANN), "x"))
    assert ours.value.permanent
    with pytest.raises(SendError) as theirs:
        Email({"from_address": HELP}).send(Outgoing("k", Author("not an address"), "x"))
    assert theirs.value.permanent


def test_the_id_of_an_answer_is_known_before_it_is_sent() -> None:
    assert Email({"from_address": HELP}).identify("k1") == "k1@example.com"
    assert Email().identify("k1") == ""


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    if missing():
        pytest.skip(missing())
    with mail_server() as running:
        yield running


@pytest.fixture
def channel(server: MailServer) -> Iterator[Email]:
    made = Email(server.settings(HELP) | {"sender_name": "Northwind Help", "plus_addressing": True})
    yield made
    made.close()


@needs_server
@pytest.mark.peer
def test_check_finds_nothing_wrong(channel: Email) -> None:
    channel.check()


@needs_server
@pytest.mark.peer
def test_check_names_what_is_wrong(server: MailServer) -> None:
    good = server.settings(HELP)
    for change, words in (
        ({"imap_secret": "no"}, "The mailbox refused the password."),
        ({"smtp_secret": "no"}, "The outgoing mail server refused the password."),
        ({"imap_port": free_port()}, "takes no connections"),
        ({"smtp_port": free_port()}, "takes no connections"),
        ({"smtp_host": "no-such-host.invalid"}, "was not found"),
        ({"from_address": "help"}, "not an e-mail address"),
        ({"imap_host": " "}, "incoming server is missing"),
        ({"smtp_host": ""}, "outgoing server is missing"),
        ({"imap_secret": "pässword"}, "The mailbox refused the password."),
        ({"smtp_secret": "pässword"}, "The outgoing mail server refused the password."),
        ({"imap_host": "x" * 80}, "was not found"),
        ({"smtp_host": "x" * 80 + ".example.com"}, "was not found"),
    ):
        with pytest.raises(Failure) as failure:
            Email(good | change).check()
        assert words in failure.value.text
        assert "pw" not in failure.value.text.split()


@needs_server
@pytest.mark.peer
def test_the_round_trip(server: MailServer, channel: Email) -> None:
    """A customer writes, we read; we answer, it arrives threaded; they answer, and it finds its way back."""
    customer = Email(server.settings(ANN))
    before = channel.fetch({})
    cursor = dict(before.cursor)
    asked = customer.send(
        Outgoing(
            "ann1",
            Author(HELP),
            "Where is my order?",
            "Order",
            "Ann",
            attachments=(Attachment("Größe.txt", "text/plain", b"nine"),),
        )
    )
    next(channel.wait(cursor, 10))
    fetched = channel.fetch(cursor)
    cursor = dict(fetched.cursor)
    question = parsed(channel, fetched.deliveries[0])
    assert question.external_id == asked.external_id == "ann1@example.org"
    assert (question.author.address, question.text, question.kind) == (ANN, "Where is my order?", Kind.MESSAGE)
    assert [(a.name, a.content) for a in question.attachments] == [("Größe.txt", b"nine")]

    answer = channel.send(
        Outgoing("k7", question.author, "It comes\ntomorrow.", "Order", parents=(question.external_id,), thread="tok7")
    )
    assert answer.external_id == channel.identify("k7")
    arrived = parsed(customer, customer.fetch({}).deliveries[-1])
    assert arrived.external_id == answer.external_id
    assert arrived.parents == (question.external_id,)
    assert (arrived.author.address, arrived.author.name) == (HELP, "Northwind Help")
    assert (arrived.subject, arrived.text) == ("Re: Order", "It comes\ntomorrow.")
    assert arrived.extra["reply_to"] == "help+c-tok7@example.com"

    customer.send(Outgoing("ann2", Author("help+c-tok7@example.com"), "Thank you.", "Thanks"))
    server.deliver(HELP, server.sent[-1][1])  # plus addresses end in the same mailbox
    thanks = parsed(channel, channel.fetch(cursor).deliveries[-1])
    assert thanks.threads == ("tag:tok7",)
    assert thanks.parents == ()
    customer.close()


@needs_server
@pytest.mark.peer
def test_our_own_answer_in_our_mailbox_is_an_echo(server: MailServer, channel: Email) -> None:
    cursor = dict(channel.fetch({}).cursor)
    channel.send(Outgoing("k8", Author(HELP), "To ourselves"))
    echo = parsed(channel, channel.fetch(cursor).deliveries[-1])
    assert (echo.author.ours, echo.kind, echo.external_id) == (True, Kind.AUTOMATIC, "k8@example.com")


@needs_server
@pytest.mark.peer
def test_refused_recipients(channel: Email) -> None:
    with pytest.raises(SendError) as never:
        channel.send(Outgoing("k9", Author("nobody@example.org"), "x"))
    assert never.value.permanent and "550" in never.value.text
    with pytest.raises(SendError) as later:
        channel.send(Outgoing("k10", Author("full@example.org"), "x"))
    assert not later.value.permanent and not later.value.uncertain
