"""Web form: what our page keeps is read; answers go out by e-mail through a real SMTP server."""

from __future__ import annotations

import atexit
import email
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from crowdalogue.channels import webpage
from crowdalogue.channels.base import Author, Incoming, Outgoing, Raw, SendError, Unknown
from crowdalogue.channels.webform import Webform
from tests import servers
from tests.channels.contract import Peer, Said
from tests.outside import Outside

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "a secret of the shop, long enough"


class Taken:
    """Keeps what the SMTP server was given."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return "250 taken"


class WebformPeer(Peer):
    kind = "webform"
    stamped = True
    threads = False

    def __init__(self) -> None:
        self.taken = Taken()
        self.server: Controller | None = None
        self.settings: dict[str, Any] = {  # type: ignore[misc]
            "origins": "https://www.example.com",
            "secret": SECRET,
            "from_address": "care@example.com",
            "sender_name": "Lamp shop",
            "smtp_host": "127.0.0.1",
            "smtp_security": "none",
        }

    def sign(self, body: bytes, now: datetime) -> Raw:
        return Raw(body, {webpage.HEADER: webpage.sign(SECRET, body, int(now.timestamp()))})

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [self.sign(json.dumps({"items": [self.item(s) for s in said]}).encode(), now)]

    def item(self, said: Said) -> dict[str, Any]:
        return {
            "event": "message",
            "id": f"f{said.n}",
            "email": f"customer{said.author}@example.com",
            "text": said.text,
            "at": said.at.isoformat(),
        }

    def unknown(self, now: datetime) -> Raw:
        return self.sign(b'{"event": "dance"}', now)

    def accept(self, outside: Outside) -> None:
        if self.server is None:
            self.server = Controller(self.taken, hostname="127.0.0.1", port=servers.free_port())
            self.server.start()
            atexit.register(self.server.stop)
            self.settings["smtp_port"] = self.server.port

    def id_of(self, said: Said) -> str:
        return f"form:f{said.n}"


PEER = WebformPeer()


def read(**more: Any) -> Any:
    item = {"event": "message", "id": "f1", "email": "Mara@Example.com", "text": "Where is it?", **more}
    (found,) = PEER.channel().parse(Raw(json.dumps(item).encode()))
    return found


def test_a_message_is_of_the_person_with_that_address() -> None:
    found = read(name="Mara Lind", answers=[{"question": "Order number", "answer": "48213"}], at=NOW.isoformat())
    assert isinstance(found, Incoming)
    channel = PEER.channel()
    assert channel.handles == "email"
    assert channel.normalise(found.author.address) == "mara@example.com"
    assert (found.author.name, found.subject, found.sent_at) == ("Mara Lind", "Order number: 48213", NOW)
    assert "email_verified" not in found.author.facts


@pytest.mark.parametrize(
    ("change", "says"), [({"email": "nobody"}, "no e-mail"), ({"email": ""}, "missing"), ({"text": " "}, "empty")]
)
def test_what_cannot_be_read_is_said(change: dict[str, Any], says: str) -> None:
    found = read(**change)
    assert isinstance(found, Unknown)
    assert says in found.what


def test_an_answer_goes_to_the_address_and_is_the_same_mail_on_every_attempt(outside: Outside) -> None:
    PEER.accept(outside)
    PEER.taken.mails.clear()
    channel = PEER.channel()
    channel.check()
    out = Outgoing(
        "answer-key-1",
        Author("mara@example.com", "Mara Lind"),
        "It comes tomorrow.",
        "Order 48213",
        "Olga",
        ("form:f1",),
    )
    sent = channel.send(out)
    assert sent == channel.send(out)
    assert sent.external_id == channel.identify("answer-key-1")
    (to, content), _ = PEER.taken.mails
    answer = email.message_from_bytes(content, policy=default)
    assert to == ["mara@example.com"]
    assert answer["Subject"] == "Re: Order 48213"
    assert answer["Message-ID"] == f"<{sent.external_id}>"
    body = answer.get_body(("plain",))
    assert body is not None
    assert "It comes tomorrow." in body.get_content()


def test_without_an_outgoing_server_the_agent_is_told() -> None:
    channel = Webform({"origins": "https://www.example.com", "secret": SECRET})
    channel.check()
    with pytest.raises(SendError, match="no outgoing mail server") as caught:
        channel.send(Outgoing("answer-key-1", Author("mara@example.com"), "Hello"))
    assert caught.value.permanent
