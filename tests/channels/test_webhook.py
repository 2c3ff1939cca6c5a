"""The generic signed webhook: who is let in, and what a body means."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import open_channel
from crowdalogue.channels.base import Incoming, NotUnderstood, Raw, Refused
from crowdalogue.channels.webhook import HEADER, Webhook, new_secret, sign
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import Outside, says

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = new_secret()
BODY = b'{"id": "1", "author": "ada@example.com", "text": "Where is my parcel?"}'


def signed(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW) -> Raw:
    return Raw(body, {HEADER: sign(secret, body, int(at.timestamp()))})


class WebhookPeer(Peer):
    kind = "webhook"
    settings = {"secret": SECRET, "answers": "https://care.example.com/answers"}
    stamped = True

    def sign(self, body: bytes, now: datetime) -> Raw:
        return signed(body, at=now)

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [self.sign(json.dumps({"messages": [self.item(s) for s in said]}).encode(), now)]

    def item(self, said: Said) -> dict[str, Any]:
        parent = {"in_reply_to": f"m{said.parent}"} if said.parent else {}
        author = {"author": f"customer{said.author}@example.com", "name": f"Customer {said.author}"}
        edited = {"edited_at": said.edited_at.isoformat()} if said.edited_at else {}
        return {"id": f"m{said.n}", **author, "text": said.text, "sent_at": said.at.isoformat(), **parent, **edited}

    def removed(self, said: Said, now: datetime) -> Raw:
        return self.sign(json.dumps({"type": "removal", "id": self.id_of(said)}).encode(), now)

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "care.example.com/answers", says({"id": "a1"}))

    def id_of(self, said: Said) -> str:
        return f"m{said.n}"


PEER = WebhookPeer()


@pytest.fixture
def hook() -> Webhook:
    return Webhook({"secret": SECRET})


def test_a_signed_delivery_is_let_in(hook: Webhook) -> None:
    hook.verify(signed(), NOW)
    hook.verify(signed(at=NOW - timedelta(seconds=299)), NOW)
    hook.verify(signed(at=NOW + timedelta(seconds=299)), NOW)


def test_two_signatures_while_a_secret_is_exchanged(hook: Webhook) -> None:
    header = signed(secret="old secret of before").headers[HEADER] + "," + signed().headers[HEADER].split(",")[1]
    hook.verify(Raw(BODY, {HEADER: header}), NOW)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (Raw(BODY), "signature is missing"),
        (Raw(BODY, {HEADER: "nonsense"}), "cannot be read"),
        (Raw(BODY, {HEADER: "t=12"}), "cannot be read"),
        (Raw(BODY, {HEADER: "t=-5,v1=00"}), "cannot be read"),
        (Raw(BODY, {HEADER: f"t={int(NOW.timestamp())},v1=ü"}), "signature is wrong"),
        (signed(secret="not the secret at all"), "signature is wrong"),
        (Raw(BODY + b" ", signed().headers), "signature is wrong"),
        (signed(at=NOW - timedelta(minutes=6)), "too old"),
        (signed(at=NOW + timedelta(minutes=6)), "far in the future"),
    ],
)
def test_everything_else_is_refused(hook: Webhook, raw: Raw, says: str) -> None:
    with pytest.raises(Refused, match=says) as caught:
        hook.verify(raw, NOW)
    assert caught.value.status == 403
    assert SECRET not in caught.value.text


def test_a_changed_timestamp_is_a_wrong_signature(hook: Webhook) -> None:
    stamp, _, signature = signed().headers[HEADER].partition(",")
    later = f"t={int(stamp[2:]) + 60},{signature}"
    with pytest.raises(Refused, match="signature is wrong"):
        hook.verify(Raw(BODY, {HEADER: later}), NOW)


def test_plain_secret_for_systems_that_cannot_sign() -> None:
    hook = Webhook({"secret": SECRET, "proof": "bearer"})
    hook.verify(Raw(BODY, {"authorization": f"Bearer {SECRET}"}), NOW)
    for header in ("", f"Basic {SECRET}", "Bearer wrong", f"Bearer {SECRET}x", "Bearer ü"):
        with pytest.raises(Refused, match="missing or wrong"):
            hook.verify(Raw(BODY, {"authorization": header}), NOW)
    with pytest.raises(Refused):
        hook.verify(signed(), NOW)


def test_without_a_secret_nobody_is_let_in() -> None:
    with pytest.raises(Refused, match="no secret yet"):
        Webhook({}).verify(signed(secret=""), NOW)
    with pytest.raises(Refused, match="no secret yet"):
        Webhook({"proof": "bearer"}).verify(Raw(BODY, {"authorization": "Bearer "}), NOW)


def test_a_secret_is_made_and_settings_are_checked() -> None:
    made = Webhook.prepare({"map": ""})
    assert len(made["secret"]) >= 40
    assert Webhook.prepare({"secret": SECRET})["secret"] == SECRET
    Webhook(made).check()
    with pytest.raises(Failure, match="too short"):
        Webhook({"secret": "short"}).check()
    with pytest.raises(Failure, match="'txt', which is not a field"):
        Webhook({"secret": SECRET, "map": "txt = data.text"}).check()
    with pytest.raises(Failure, match="signature or bearer"):
        Webhook({"secret": SECRET, "proof": "none"}).check()


def test_same_time_and_body_is_the_same_delivery(hook: Webhook) -> None:
    assert hook.delivery_key(signed()) == hook.delivery_key(signed())
    assert hook.delivery_key(signed()) != hook.delivery_key(signed(at=NOW + timedelta(seconds=1)))
    assert len(hook.delivery_key(signed())) <= 80


def parse(body: Any, **settings: Any) -> list[Any]:
    raw = Raw(body if isinstance(body, bytes) else json.dumps(body).encode())
    return open_channel("webhook", {"secret": SECRET, **settings}).parse(raw)


def test_one_object_a_list_or_messages() -> None:
    one = {"id": "1", "author": "ada", "text": "Hello"}
    for body in (one, [one], {"messages": [one]}):
        [message] = parse(body)
        assert isinstance(message, Incoming)
        assert (message.external_id, message.author.address, message.text) == ("1", "ada", "Hello")
        assert not message.author.ours


def test_without_an_id_each_delivery_has_its_own(hook: Webhook) -> None:
    body = b'[{"author": "ada", "text": "Hi"}, {"author": "ada", "text": "Hi"}]'
    first, second = hook.parse(signed(body))
    again, _ = hook.parse(signed(body))
    later, _ = hook.parse(signed(body, at=NOW + timedelta(hours=1)))
    assert isinstance(first, Incoming) and isinstance(second, Incoming)
    assert first == again
    assert len({first.external_id, second.external_id, later.external_id}) == 3  # type: ignore[union-attr]


def test_field_map_reads_other_names() -> None:
    body = {
        "event": "comment.created",
        "data": {"items": [{"ref": 7, "user": {"name": "Ada", "mail": "a@example.com"}, "body": "Hi", "stars": 2}]},
    }
    mapping = "messages = data.items\nid = ref\nauthor = user.mail\nname = user.name\ntext = body\n"
    [message] = parse(body, map=mapping)
    assert message.external_id == "7"
    assert (message.author.address, message.author.name) == ("a@example.com", "Ada")
    assert message.text == "Hi"
    assert message.extra == {"stars": 2}
    with pytest.raises(NotUnderstood, match=r"Nothing is at data\.items"):
        parse({"event": "other"}, map=mapping)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"text", "breaks at line 1"),
        (b"\xff\xfe", "not UTF-8"),
        (b"NaN", "not JSON"),
        (b"[" * 200_000, "nested too deeply"),
        (b"[]", "holds no message"),
        (b"3", "must be an object, and is a number"),
        ({"text": "x"}, '"author" is missing'),
        ({"author": "a"}, '"text" is missing or empty'),
        ({"author": "a", "text": ["x"]}, '"text" must be text, and is a list'),
        ([{"author": "a", "text": "x"}, {"author": "a", "text": 3, "sent_at": "soon"}], 'Message 2: "sent_at" must be'),
        ({"author": "a", "text": "x", "direction": "up"}, "in or out"),
        ({"author": "a", "text": "x" * 200_001}, "longer than 200000"),
        ({"author": "a", "text": "x", "attachments": [{"name": "a", "content": "%%"}]}, "base64"),
        ({"author": "a", "text": "x", "public": "yes"}, "true or false"),
        ({"messages": [{"author": "a", "text": "x"}] * 10_001}, "too many"),
    ],
)
def test_what_cannot_be_read_says_why(body: Any, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        parse(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    [*"abc", "id", "author", "text", "sent_at", "to", "extra", "attachments", "in_reply_to", "type"]
)


@given(st.dictionaries(names, json_values, max_size=8) | json_values | st.binary(max_size=60))
def test_no_body_breaks_the_reader(body: Any) -> None:
    """Whatever knocks is either understood or refused in words."""
    try:
        found = parse(body)
    except NotUnderstood as failure:
        assert failure.text
    else:
        assert all(item.external_id and item.author.address for item in found)
