"""Sending against a real aiosmtpd, and against a server that breaks off where we tell it to."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

from crowdalogue.channels.mail.smtp import Relay, check, deliver
from crowdalogue.errors import Failure, SendError
from tests.servers import free_port

CONTENT = b"Subject: x\r\n\r\n.a dot\r\n.\r\nend\r\n"


class Handler:
    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []

    async def handle_RCPT(self, _server: object, _session: object, envelope: object, address: str, _o: object) -> str:
        if address.startswith("nobody@"):
            return "550 No such user here"
        if address.startswith("full@"):
            return "452 Mailbox full"
        envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        content: bytes = envelope.content  # type: ignore[attr-defined]
        if b"refuse" in content:
            return "554 We do not want this" if b"never" in content else "451 Come back later"
        self.taken.append((envelope.mail_from, list(envelope.rcpt_tos), content))  # type: ignore[attr-defined]
        return "250 taken as 42"


@pytest.fixture(scope="module")
def handler() -> Handler:
    return Handler()


@pytest.fixture(scope="module")
def relay(handler: Handler) -> Iterator[Relay]:
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield Relay("127.0.0.1", controller.port, "none")
    controller.stop()


def failed(relay: Relay, recipient: str = "ann@example.org", content: bytes = CONTENT) -> SendError:
    with pytest.raises(SendError) as failure:
        deliver(relay, "help@example.com", recipient, content)
    return failure.value


def test_a_mail_arrives_whole(relay: Relay, handler: Handler) -> None:
    assert "42" in deliver(relay, "help@example.com", "ann@example.org", CONTENT)
    assert handler.taken[-1] == ("help@example.com", ["ann@example.org"], CONTENT)
    check(relay)


def test_it_can_be_sent_where_an_event_loop_runs(relay: Relay) -> None:
    async def inside() -> str:
        return deliver(relay, "help@example.com", "ann@example.org", CONTENT)

    assert "42" in asyncio.run(inside())


def test_refusals_for_good_and_for_now(relay: Relay) -> None:
    for recipient, content, permanent, word in (
        ("nobody@example.org", CONTENT, True, "No such user"),
        ("full@example.org", CONTENT, False, "Mailbox full"),
        ("ann@example.org", b"Subject: refuse never\r\n\r\nx", True, "do not want"),
        ("ann@example.org", b"Subject: refuse\r\n\r\nx", False, "Come back later"),
    ):
        failure = failed(relay, recipient, content)
        assert (failure.permanent, failure.uncertain) == (permanent, False)
        assert word in failure.text


def test_a_server_that_is_away() -> None:
    failure = failed(Relay("127.0.0.1", free_port(), "none"))
    assert "takes no connections" in failure.text
    assert (failure.permanent, failure.uncertain) == (False, False)
    lost = failed(Relay("no-such-host.invalid", 25, "none"))
    assert "was not found" in lost.text


def test_wrong_encryption_is_said(relay: Relay) -> None:
    for security in ("tls", "starttls"):
        with pytest.raises(Failure) as failure:
            check(Relay(relay.host, relay.port, security))
        assert "encrypt" in failure.value.text.casefold()


class BreakingServer(threading.Thread):
    """Speaks SMTP up to a point, then cuts the line: "rcpt", "data" (before the content) or "content"."""

    def __init__(self, where: str) -> None:
        super().__init__(daemon=True)
        self.where = where
        self.content = b""
        self.door = socket.socket()
        self.door.bind(("127.0.0.1", 0))
        self.door.listen()
        self.port = int(self.door.getsockname()[1])
        self.start()

    def run(self) -> None:
        line, _ = self.door.accept()
        self.door.close()
        with line, line.makefile("rwb", buffering=0) as talk:
            talk.write(b"220 hello\r\n")
            while command := talk.readline():
                word = command.split()[0].upper() if command.split() else b""
                if self.where == "hang" and word == b"DATA":
                    talk.write(b"354 go on\r\n")
                    self._swallow(talk)
                    talk.readline()
                    return
                if word.lower().decode() == self.where:
                    return
                if word == b"DATA":
                    talk.write(b"354 go on\r\n")
                    self._swallow(talk)
                    return
                talk.write(b"250 fine\r\n")

    def _swallow(self, talk: object) -> None:
        while (line := talk.readline()) and line != b".\r\n":  # type: ignore[attr-defined]
            self.content += line


@pytest.mark.parametrize("where", ["ehlo", "mail", "rcpt", "data"])
def test_a_line_cut_before_the_content_is_certain(where: str) -> None:
    failure = failed(Relay("127.0.0.1", BreakingServer(where).port, "none"))
    assert (failure.permanent, failure.uncertain) == (False, False)


def test_a_line_cut_after_the_content_is_uncertain() -> None:
    server = BreakingServer("content")
    failure = failed(Relay("127.0.0.1", server.port, "none"))
    assert failure.uncertain
    assert "may have been sent" in failure.text
    assert server.content.startswith(b"Subject: x")


def test_a_server_silent_after_the_content_is_uncertain() -> None:
    failure = failed(Relay("127.0.0.1", BreakingServer("hang").port, "none", content_seconds=0.5))
    assert failure.uncertain
