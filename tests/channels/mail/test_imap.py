"""The mailbox against a real Dovecot."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from crowdalogue.channels.mail.imap import Mailbox, Server
from crowdalogue.errors import Failure
from tests.mailserver import PASSWORD, MailServer, mail_server, missing
from tests.servers import free_port

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(bool(missing()), reason=missing() or "there"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """A mailbox of its own for each test."""
    return f"{request.node.name.replace('[', '-').strip(']')[:50]}@example.com"


def mailbox(server: MailServer, user: str, **more: object) -> Mailbox:
    facts: dict[str, object] = {
        "host": "127.0.0.1", "port": server.imap, "security": "none", "user": user, "secret": PASSWORD,
    }  # fmt: skip
    return Mailbox(Server(**(facts | more)))  # type: ignore[arg-type]


def mail(number: int, body: str = "hello") -> bytes:
    return f"From: ann@example.org\r\nSubject: {number}\r\nMessage-ID: <m{number}@x>\r\n\r\n{body}\r\n".encode()


def subjects(box: Mailbox, cursor: dict[str, int], limit: int = 200) -> tuple[list[int], dict[str, int], int | None]:
    found = box.fetch(cursor, limit)
    numbers = [int(raw.body.partition(b"Subject: ")[2].split(b"\r\n")[0] or -1) for raw in found.deliveries]
    return numbers, dict(found.cursor), found.left


def test_back_fill_in_batches_and_on_from_the_cursor(server: MailServer, user: str) -> None:
    for number in range(7):
        server.deliver(user, mail(number))
    box = mailbox(server, user)
    numbers, cursor, left = subjects(box, {}, 3)
    assert (numbers, left) == ([0, 1, 2], 4)
    numbers, cursor, left = subjects(box, cursor, 3)
    assert (numbers, left) == ([3, 4, 5], 1)
    box.close()
    other_process = mailbox(server, user)
    numbers, cursor, left = subjects(other_process, cursor, 3)
    assert (numbers, left) == ([6], 0)
    assert subjects(other_process, cursor)[0] == []
    server.deliver(user, mail(7))
    assert subjects(other_process, cursor)[0] == [7]
    other_process.close()


def test_an_old_cursor_after_an_outage_brings_what_came_meanwhile(server: MailServer, user: str) -> None:
    server.deliver(user, mail(1))
    box = mailbox(server, user)
    _, cursor, _ = subjects(box, {})
    server.stop()
    try:
        with pytest.raises(Failure) as away:
            box.fetch(cursor, 10)
        assert "takes no connections" in away.value.text
        assert not away.value.permanent
    finally:
        server.start()
    server.deliver(user, mail(2))
    assert subjects(box, cursor)[0] == [2]
    box.close()


def test_a_renumbered_mailbox_is_read_again(server: MailServer, user: str) -> None:
    server.deliver(user, mail(1))
    box = mailbox(server, user)
    _, cursor, _ = subjects(box, {})
    assert subjects(box, {"uidvalidity": cursor["uidvalidity"] + 1, "uid": 99})[0] == [1]
    box.close()


def test_mails_stay_unread_unless_asked(server: MailServer, user: str) -> None:
    server.deliver(user, mail(1))
    for asked in (False, True):
        box = mailbox(server, user, mark_seen=asked)
        assert subjects(box, {})[0] == [1]
        box.close()
        client = server.mailbox(user)
        client.select_folder("INBOX", readonly=True)
        assert (b"\\Seen" in client.get_flags([1])[1]) is asked
        client.logout()


def test_one_mail_that_cannot_be_read_never_stops_the_next(server: MailServer, user: str) -> None:
    for number in range(5):
        server.deliver(user, mail(number))
    files = (server.folder / "mail" / user / "new").iterdir()
    next(f for f in files if b"Subject: 2" in f.read_bytes()).chmod(0)  # listed, and not to be opened
    box = mailbox(server, user)
    found = box.fetch({}, 10)
    bodies = [raw.body.partition(b"Subject: ")[2][:1] for raw in found.deliveries if raw.body]
    assert bodies == [b"0", b"1", b"3", b"4"]
    poison = [raw for raw in found.deliveries if not raw.body]
    assert [raw.headers["x-unread-uid"] for raw in poison] == ["3"]
    server.deliver(user, mail(5))
    assert subjects(box, dict(found.cursor))[0] == [5]
    box.close()


def test_the_headers_of_a_mail_too_large(server: MailServer, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdalogue.channels.mail.imap.LARGEST_MAIL", 5000)
    server.deliver(user, mail(1, "x" * 10_000))
    server.deliver(user, mail(2))
    box = mailbox(server, user)
    large, small = box.fetch({}, 10).deliveries
    assert b"Subject: 1" in large.body and b"xxx" not in large.body
    assert int(large.headers["x-full-size"]) > 10_000
    assert b"hello" in small.body and "x-full-size" not in small.headers
    assert small.headers["x-arrived"].endswith("+00:00")
    box.close()


def test_batches_are_bounded_in_bytes(server: MailServer, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdalogue.channels.mail.imap.FETCH_BYTES", 5000)
    monkeypatch.setattr("crowdalogue.channels.mail.imap.BATCH_BYTES", 3000)
    for number in range(4):
        server.deliver(user, mail(number, "x" * 2000))
    box = mailbox(server, user)
    cursor: dict[str, int] = {}
    seen: list[int] = []
    rounds = 0
    more = True
    while more:
        found = box.fetch(cursor, 10)
        seen += [int(raw.body.partition(b"Subject: ")[2][:1]) for raw in found.deliveries]
        cursor, more = dict(found.cursor), found.more
        rounds += 1
    assert seen == [0, 1, 2, 3]
    assert rounds == 2
    box.close()


def test_idle_wakes_within_two_seconds(server: MailServer, user: str) -> None:
    server.deliver(user, mail(1))
    box = mailbox(server, user)
    numbers, cursor, _ = subjects(box, {})
    assert numbers == [1]
    sent_at: list[float] = []

    def deliver_later() -> None:
        time.sleep(0.7)
        sent_at.append(time.monotonic())
        server.deliver(user, mail(2))

    helper = threading.Thread(target=deliver_later)
    helper.start()
    next(box.wait(cursor, 20))
    delay = time.monotonic() - sent_at[0]
    helper.join()
    assert delay < 2
    print(f"IDLE woke {delay:.2f} s after the mail was handed to the server")
    assert subjects(box, cursor)[0] == [2]
    box.close()


def test_what_came_before_waiting_wakes_at_once(server: MailServer, user: str) -> None:
    box = mailbox(server, user)
    _, cursor, _ = subjects(box, {})
    server.deliver(user, mail(1))
    begun = time.monotonic()
    next(box.wait(cursor, 20))
    assert time.monotonic() - begun < 2
    box.close()


def test_waiting_ends_in_time_and_outlives_a_restart(server: MailServer, user: str) -> None:
    box = mailbox(server, user)
    _, cursor, _ = subjects(box, {})
    begun = time.monotonic()
    assert list(box.wait(cursor, 1.0)) == []
    assert 0.9 < time.monotonic() - begun < 3

    def restart() -> None:
        time.sleep(0.5)
        server.stop()
        time.sleep(0.3)
        server.start()
        server.deliver(user, mail(1))

    helper = threading.Thread(target=restart)
    helper.start()
    next(box.wait(cursor, 30))
    helper.join()
    assert subjects(box, cursor)[0] == [1]
    box.close()


def test_without_idle_it_looks_now_and_then(server: MailServer, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdalogue.channels.mail.imap.POLL_SECONDS", 0.2)
    box = mailbox(server, user)
    _, cursor, _ = subjects(box, {})
    monkeypatch.setattr("imapclient.IMAPClient.has_capability", lambda _self, name: name != "IDLE")
    helper = threading.Timer(0.5, server.deliver, (user, mail(1)))
    helper.start()
    next(box.wait(cursor, 10))
    helper.join()
    assert subjects(box, cursor)[0] == [1]
    box.close()


def said(box: Mailbox) -> Failure:
    with pytest.raises(Failure) as failure:
        box.check()
    assert PASSWORD + "x" not in failure.value.text
    return failure.value


def test_what_is_wrong_is_said(server: MailServer, user: str) -> None:
    wrong = said(mailbox(server, user, secret=PASSWORD + "x"))
    assert wrong.text == "The mailbox refused the password. Enter a new app password."
    assert wrong.permanent
    assert "no folder named Nowhere" in said(mailbox(server, user, folder="Nowhere")).text
    assert "takes no connections" in said(mailbox(server, user, port=free_port())).text
    assert "was not found" in said(mailbox(server, user, host="no-such-host.invalid")).text
    assert "STARTTLS" in said(mailbox(server, user, security="starttls")).text
    assert "encrypt" in said(mailbox(server, user, security="tls")).text


def test_a_server_that_never_answers(user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdalogue.channels.mail.imap.CONNECT_SECONDS", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        box = Mailbox(Server("127.0.0.1", silent.getsockname()[1], "none", user, PASSWORD))
        failure = said(box)
    assert "did not answer in time" in failure.text
    assert not failure.permanent
