"""Web chat: what our door keeps is read; answers are named for their visitor and for nobody else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from crowdalogue.channels import webpage
from crowdalogue.channels.base import Author, Incoming, NotUnderstood, Outgoing, Raw, Unknown
from crowdalogue.channels.webchat import Webchat, answer_prefix
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.channels.test_webform import PEER as FORM
from tests.outside import Outside

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "a secret of the shop, long enough"
SETTINGS = {"origins": "https://www.example.com", "secret": SECRET}
MARA = "visitor-0123456789ab"


class WebchatPeer(Peer):
    kind = "webchat"
    settings = SETTINGS
    stamped = True
    threads = False

    def sign(self, body: bytes, now: datetime) -> Raw:
        headers = webpage.sealed(SECRET, {}, now).headers
        stamp = int(now.timestamp())
        return Raw(body, {**headers, webpage.HEADER: webpage.sign(SECRET, body, stamp)})

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [self.sign(json.dumps({"items": [self.item(s) for s in said]}).encode(), now)]

    def item(self, said: Said) -> dict[str, Any]:
        return {
            "event": "message",
            "id": f"message-{said.n}",
            "visitor": f"visitor-{said.author:012x}",
            "text": said.text,
            "at": said.at.isoformat(),
        }

    def unknown(self, now: datetime) -> Raw:
        return self.sign(b'{"event": "dance", "visitor": "visitor-1"}', now)

    def accept(self, outside: Outside) -> None:
        """An answer has nowhere to be sent: the open page reads it."""

    def id_of(self, said: Said) -> str:
        return f"in:visitor-{said.author:012x}:message-{said.n}"


PEER = WebchatPeer()


def message(**more: Any) -> dict[str, Any]:
    return {"event": "message", "id": "message-1", "visitor": MARA, "text": "Hello", "at": NOW.isoformat(), **more}


def read(item: dict[str, Any]) -> Incoming:
    (found,) = Webchat(SETTINGS).parse(Raw(json.dumps(item).encode()))
    assert isinstance(found, Incoming), found
    return found


def test_a_message_and_what_is_known_of_its_writer() -> None:
    found = read(
        message(
            name="Mara Lind",
            email="mara@example.com",
            customer_id="c-7",
            vouched=True,
            vouched_email=True,
            page={"url": "https://www.example.com/lamps", "title": "Lamps"},
            answers=[{"question": "Order number", "answer": "48213"}],
        )
    )
    assert found.author.address == MARA
    assert found.author.name == "Mara Lind"
    assert found.author.facts["customer_id"] == "c-7"
    assert found.author.facts["email_verified"] is True
    assert found.sent_at == NOW
    assert found.subject == "Order number: 48213"
    assert found.extra["page"] == "https://www.example.com/lamps"
    assert found.threads == (f"visitor:{MARA}",)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"visitor": "visitor-1"}, "no visitor"),
        ({"visitor": MARA + ":x"}, "no visitor"),
        ({"id": "short"}, "8 to 64"),
        ({"id": "a:colon:in:it"}, "8 to 64"),
        ({"text": "  "}, "empty"),
        ({"event": ""}, "event"),
        ({"event": "dance"}, "kind dance"),
    ],
)
def test_what_cannot_be_read_is_said(change: dict[str, Any], says: str) -> None:
    (found,) = Webchat(SETTINGS).parse(Raw(json.dumps(message(**change)).encode()))
    assert isinstance(found, Unknown)
    assert says in found.what


def test_an_empty_delivery_is_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        Webchat(SETTINGS).parse(Raw(b'{"items": []}'))


def test_an_answer_is_named_for_its_visitor() -> None:
    sent = Webchat(SETTINGS).send(Outgoing("answer-key-1", Author(MARA), "Yes"))
    assert sent.external_id == answer_prefix(MARA) + "answer-key-1"
    assert sent.provider_id == ""


def test_an_answer_to_what_was_written_out_of_hours_is_mailed_too(outside: Outside) -> None:
    FORM.accept(outside)
    FORM.taken.mails.clear()
    channel = Webchat({**FORM.settings, **SETTINGS})
    channel.check()
    out = Outgoing("answer-key-1", Author(MARA, "Mara"), "We are back.", about={"answer_to": "mara@example.com"})
    assert channel.send(out).external_id == answer_prefix(MARA) + "answer-key-1"
    ((to, content),) = FORM.taken.mails
    assert to == ["mara@example.com"]
    assert b"We are back." in content
    channel.send(Outgoing("answer-key-2", Author(MARA), "In the open chat"))
    assert len(FORM.taken.mails) == 1
    without = Webchat(SETTINGS).send(out)
    assert without.external_id == answer_prefix(MARA) + "answer-key-1"
    assert len(FORM.taken.mails) == 1


def test_a_secret_is_made_and_kept() -> None:
    made = Webchat.prepare({"secret": ""})["secret"]
    assert len(made) >= 32
    assert Webchat.prepare({"secret": made})["secret"] == made
    Webchat({**SETTINGS, "secret": made}).check()
    with pytest.raises(Failure, match="No site"):
        Webchat({"secret": made}).check()
