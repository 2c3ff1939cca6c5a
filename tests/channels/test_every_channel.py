"""What every channel must stand, whatever its provider: one test a fault, run over every kind of the folder.

Each kind's own test file says how its provider speaks (`PEER`, see contract.py). A channel without one fails here.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crowdalogue import flow, http
from crowdalogue.channels import channel_kinds
from crowdalogue.channels.base import Author, Channel, Incoming, Outgoing, Raw, Refused, Removal, SendError
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Conversation, Delivery, Message, Tombstone
from tests.channels.contract import Peer, Said
from tests.outside import SLOW, Outside, says

# Not by a provider's dialect: people type these, and mail has servers and tests of its own (tests/channels/mail).
WITHOUT_PEER = {"phone", "store", "email"}

NOW = datetime.now(UTC).replace(microsecond=0)
HOSTILE = "<script>alert(1)</script> \u202eabc\u202c مرحبا بكم 👩‍👩‍👧‍👦 ﷽ \x07 & &amp; ' \" \\ {{7*7}} ../../etc"


def peer_of(kind: str) -> Peer:
    try:
        module = importlib.import_module(f"tests.channels.test_{kind}")
    except ModuleNotFoundError:
        pytest.fail(f"the channel {kind} has no test file tests/channels/test_{kind}.py")
    peer = getattr(module, "PEER", None)
    if peer is None:
        pytest.fail(f"tests/channels/test_{kind}.py has no PEER for the shared test")
    assert isinstance(peer, Peer)
    assert peer.kind == kind
    return peer


KINDS = [kind for kind in channel_kinds() if kind not in WITHOUT_PEER]
HOOKED = [kind for kind in KINDS if channel_kinds()[kind].receives_hooks]
ASKED = [kind for kind in KINDS if channel_kinds()[kind].polls]
BOTH = [kind for kind in HOOKED if kind in ASKED]
ANSWERED = [kind for kind in KINDS if channel_kinds()[kind].replies]
EDITED = [kind for kind in KINDS if channel_kinds()[kind].edits]


def said(n: int = 1, text: str = "Where is my parcel?", **more: Any) -> Said:
    return Said(n, text, more.pop("at", NOW - timedelta(minutes=60) + timedelta(seconds=n)), **more)


@pytest.fixture
def account(db: None) -> Any:
    def make(peer: Peer) -> Account:
        return Account.objects.create(kind=peer.kind, name=f"{peer.kind} of tests", settings=dict(peer.settings))

    return make


def receive(account: Account, raws: Sequence[Raw]) -> list[Delivery]:
    return [flow.receive(account, raw) for raw in raws]


def texts() -> list[str]:
    return list(Message.objects.order_by("sent_at", "id").values_list("text", flat=True))


# --- the folder


@pytest.mark.parametrize("kind", KINDS)
def test_every_channel_has_a_peer_and_describes_itself(kind: str) -> None:
    peer_of(kind)
    channel = channel_kinds()[kind]
    assert channel.label, "a label"
    assert channel.guide, "a guide for the set-up page"
    assert channel.tried, "what it was tried against"
    assert channel.receives_hooks or channel.polls or channel.replies
    assert all(f.label for f in channel.fields)
    assert set(channel.modes) <= {"public", "direct"}
    assert channel.media in ("", "in", "both")


# --- the door


@pytest.mark.parametrize("kind", HOOKED)
def test_only_genuine_deliveries_are_let_in(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    if not peer.signed:
        pytest.skip(f"{kind} is let in by a visitor's own token at its door")
    mine = account(peer)
    (raw,) = peer.deliver([said()], NOW)
    for spoiled in (peer.strip(raw), peer.tamper(raw), Raw(raw.body, {})):
        with pytest.raises(Refused) as caught:
            flow.receive(mine, spoiled)
        assert caught.value.status in (400, 401, 403)
    assert Delivery.objects.count() == 0
    flow.receive(mine, raw)
    assert Message.objects.count() == 1


@pytest.mark.parametrize("kind", HOOKED)
def test_an_old_signature_is_refused(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    if not peer.stamped:
        pytest.skip(f"{kind} signs no time; repeats are recognised by their ids")
    with pytest.raises(Refused):
        flow.receive(account(peer), peer.deliver([said()], NOW - timedelta(hours=1))[0])


@pytest.mark.parametrize("kind", HOOKED)
def test_the_sample_is_genuine(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    raw, other = (peer.channel().sample(NOW, number=n, text="This is a test message.") for n in (1, 2))
    assert raw is not None and other is not None, "a sample for the button Send me a test"
    mine = account(peer)
    receive(mine, [raw, other, raw])
    assert texts() == ["This is a test message."] * 2


@pytest.mark.parametrize("kind", HOOKED)
def test_a_replay_is_nothing_new(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    mine = account(peer)
    raws = peer.deliver([said(1), said(2, "And my refund?")], NOW)
    receive(mine, [*raws, *raws])
    receive(mine, peer.deliver([said(2, "And my refund?"), said(1)], NOW + timedelta(seconds=1)))
    assert sorted(texts()) == ["And my refund?", "Where is my parcel?"]
    ids = set(Message.objects.values_list("external_id", flat=True))
    assert ids == {peer.id_of(said(1)), peer.id_of(said(2))}


@pytest.mark.parametrize("kind", HOOKED)
def test_a_hundred_at_once_are_all_filed(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    mine = account(peer)
    many = [said(n, f"message {n}", author=n % 7) for n in range(1, 101)]
    receive(mine, peer.deliver(many, NOW))
    assert set(texts()) == {f"message {n}" for n in range(1, 101)}
    assert Message.objects.count() == 100


@pytest.mark.parametrize("kind", HOOKED)
def test_a_reply_before_its_parent_joins_it(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    if not peer.threads:
        pytest.skip(f"{kind} has no replies to a message")
    mine = account(peer)
    receive(mine, peer.deliver([said(2, "And my refund?", parent=1)], NOW))
    receive(mine, peer.deliver([said(1)], NOW))
    assert Message.objects.count() == 2
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize("kind", HOOKED)
def test_what_is_not_known_is_kept_and_can_be_replayed(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    raw = peer.unknown(NOW)
    if raw is None:
        pytest.skip(f"{kind} has one kind of delivery")
    delivery = flow.receive(account(peer), raw)
    assert delivery.state == Delivery.State.FAILED
    assert delivery.reason
    assert flow.replay(delivery).state == Delivery.State.FAILED
    assert Message.objects.count() == 0


BODIES = [b"", b"{", b"null", b"[]", b"{}", b'"text"', b"\xff\xfe\x00", b"[" * 5000, b'{"a": NaN}', b"a=%zz&&=;"]


@pytest.mark.parametrize("kind", HOOKED)
@pytest.mark.parametrize("body", [*BODIES, b'{"x": "' + b"y" * 2_000_000 + b'"}'], ids=lambda b: repr(b[:12]))
def test_malformed_deliveries_are_kept_with_a_reason(kind: str, body: bytes, account: Any) -> None:
    peer = peer_of(kind)
    if not peer.signed:
        pytest.skip(f"the door of {kind} reads the body before it is kept")
    try:
        delivery = flow.receive(account(peer), peer.sign(body, NOW))
    except Refused:
        return  # some bodies cannot be signed in the provider's way
    assert delivery.reason
    assert "broke" not in delivery.reason, "the reader must say what is wrong, not break"
    assert Message.objects.count() == 0


@pytest.mark.parametrize("kind", HOOKED)
def test_hostile_and_foreign_text_stays_what_it_is(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    receive(account(peer), peer.deliver([said(1, HOSTILE)], NOW))
    message = Message.objects.get()
    for part in ("مرحبا بكم", "👩‍👩‍👧‍👦", "{{7*7}}", "../../etc"):
        assert part in message.text
    assert "<script" not in message.html.lower()
    assert "\x00" not in message.text


# --- edited, deleted


@pytest.mark.parametrize("kind", [k for k in HOOKED if k in EDITED])
def test_a_newer_version_counts_whichever_comes_first(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    mine = account(peer)
    first = peer.deliver([said(1, "Wher is it?")], NOW)
    second = peer.deliver([said(1, "Where is it?", edited_at=NOW - timedelta(minutes=5))], NOW)
    if not any(i for raw in second for i in peer.channel().parse(raw) if isinstance(i, Incoming) and i.edited_at):
        pytest.skip(f"{kind} tells of deletions only")
    receive(mine, [*first, *second, *first])
    message = Message.objects.get()
    assert message.text == "Where is it?"
    assert message.extra["versions"][0]["text"] == "Wher is it?"
    Message.objects.all().delete()
    Delivery.objects.all().delete()
    receive(mine, [*second, *first])
    assert texts() == ["Where is it?"]


@pytest.mark.parametrize("kind", [k for k in HOOKED if k in EDITED])
def test_deleted_before_it_was_read(kind: str, account: Any) -> None:
    peer = peer_of(kind)
    raw = peer.removed(said(1), NOW)
    if raw is None:
        pytest.skip(f"{kind} tells of edits only")
    assert any(isinstance(item, Removal) for item in peer.channel().parse(raw))
    mine = account(peer)
    receive(mine, [raw])
    assert Tombstone.objects.count() == 1
    receive(mine, [*peer.deliver([said(1)], NOW), *peer.deliver([said(2, "Still here")], NOW)])
    receive(mine, [peer.removed(said(2), NOW) or raw])
    assert Message.objects.filter(deleted_at__isnull=False).count() == 2
    assert not Conversation.objects.filter(waiting_since__isnull=False).exists()
    assert flow.process() >= 1  # reading what was taken back breaks nothing


# --- asked


def poll_all(account: Account, peer: Peer) -> int:
    """Ask until there is no more; returns how many deliveries were new."""
    new = 0
    for _ in range(30):
        count, more = flow.poll(account, peer.channel())
        new += count
        if not more:
            return new
    raise AssertionError("it never says that there is no more")


@pytest.mark.parametrize("kind", ASKED)
def test_asked_again_nothing_is_lost_or_twice(kind: str, account: Any, outside: Outside) -> None:
    peer = peer_of(kind)
    mine = account(peer)
    peer.serve(outside, [said(n, f"message {n}") for n in (1, 2, 3)])
    poll_all(mine, peer)
    assert sorted(texts()) == ["message 1", "message 2", "message 3"]
    peer.serve(outside, [said(n, f"message {n}") for n in (1, 2, 3, 4)])
    poll_all(mine, peer)
    poll_all(mine, peer)
    assert sorted(texts()) == ["message 1", "message 2", "message 3", "message 4"]
    Account.objects.filter(pk=mine.pk).update(cursor={})  # a cursor that was lost
    mine.refresh_from_db()
    poll_all(mine, peer)
    assert Message.objects.count() == 4
    assert {peer.id_of(said(n)) for n in (1, 2, 3, 4)} == set(Message.objects.values_list("external_id", flat=True))


@pytest.mark.parametrize("kind", BOTH)
def test_two_doors_one_message(kind: str, account: Any, outside: Outside) -> None:
    peer = peer_of(kind)
    mine = account(peer)
    receive(mine, peer.deliver([said(1), said(2, "And my refund?")], NOW))
    peer.serve(outside, [said(1), said(2, "And my refund?"), said(3, "Hello?")])
    poll_all(mine, peer)
    assert sorted(texts()) == ["And my refund?", "Hello?", "Where is my parcel?"]


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize(
    ("trouble", "permanent"),
    [
        (says({"error": "slow down"}, 429, Retry_After="7"), False),
        (says("<html>Bad gateway</html>", 502), False),
        (says({"error": "internal"}, 500), False),
        (says({"error": {"message": "token expired", "code": 190}}, 401), True),
        (SLOW, False),
    ],
    ids=["429", "502", "500", "401", "slow"],
)
def test_trouble_on_the_other_side_is_said_and_passes(
    kind: str, trouble: Any, permanent: bool, account: Any, outside: Outside
) -> None:
    peer = peer_of(kind)
    mine = account(peer)
    outside.always(trouble)
    with pytest.raises(Failure):
        flow.poll(mine, peer.channel())
    mine.refresh_from_db()
    assert mine.failures == 1
    assert mine.last_error and mine.retry_at
    assert mine.cursor == {}
    if permanent:
        assert any(word in mine.last_error.lower() for word in ("token", "password", "sign-in", "key", "connect"))
    outside.forget()
    http._paused.clear()
    peer.serve(outside, [said(1)])
    poll_all(mine, peer)
    mine.refresh_from_db()
    assert texts() == ["Where is my parcel?"]
    assert mine.failures == 0
    assert not mine.last_error


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"", b"[]", b"null", b'{"data": 7, "items": "x"}', b"\xff"])
def test_nonsense_from_the_other_side_breaks_nothing(kind: str, body: bytes, account: Any, outside: Outside) -> None:
    peer = peer_of(kind)
    mine = account(peer)
    outside.always(says(body))
    try:
        flow.poll(mine, peer.channel())
    except Failure as failure:
        assert failure.text
    assert Message.objects.count() == 0
    outside.forget()
    peer.serve(outside, [said(1)])
    mine.refresh_from_db()
    poll_all(mine, peer)
    assert texts() == ["Where is my parcel?"]


# --- answers


def outgoing(peer: Peer, **more: Any) -> Outgoing:
    """The answer to message 1, as the flow would hand it to the channel."""
    channel = peer.channel()
    items: list[Any] = []
    if channel.receives_hooks:
        items = [i for raw in peer.deliver([said(1)], NOW) for i in channel.parse(raw) if isinstance(i, Incoming)]
    author = items[0].author if items else Author("customer-1")
    usual: dict[str, Any] = {
        "key": "answer-key-0001",
        "to": author,
        "text": "It comes tomorrow.",
        "parents": (peer.id_of(said(1)),),
        "answers": peer.id_of(said(1)),
        "about": dict(items[0].extra) if items else {},
        "heard_at": datetime.now(UTC) - timedelta(minutes=5),
    }
    return Outgoing(**usual | dict(peer.answering(said(1))) | more)


def send_safely(channel: Channel, out: Outgoing) -> SendError | None:
    try:
        channel.send(out)
    except SendError as error:
        return error
    return None


@pytest.mark.parametrize("kind", ANSWERED)
def test_an_answer_is_sent_and_named(kind: str, outside: Outside) -> None:
    peer = peer_of(kind)
    peer.accept(outside)
    sent = peer.channel().send(outgoing(peer))
    assert sent.external_id


@pytest.mark.parametrize("kind", ANSWERED)
def test_answers_in_trouble(kind: str, outside: Outside) -> None:
    peer = peer_of(kind)
    peer.accept(outside)
    peer.channel().send(outgoing(peer))
    if not outside.calls:
        pytest.skip(f"answers of {kind} do not leave by a call of ours")
    for trouble, check in (
        (says({"error": "slow down"}, 429, Retry_After="30"), lambda e: not e.permanent and not e.uncertain),
        (says({"error": {"message": "expired", "code": 190}}, 401), lambda e: e.permanent),
        (says({"error": "no"}, 400), lambda e: e.permanent),
        (SLOW, lambda e: e.uncertain or not e.permanent),
    ):
        outside.forget()
        http._paused.clear()
        outside.always(trouble)
        error = send_safely(peer.channel(), outgoing(peer))
        assert error is not None, "trouble must be raised as SendError"
        assert check(error), f"{error.text} permanent={error.permanent} uncertain={error.uncertain}"
    http._paused.clear()


def test_every_promised_channel_is_here() -> None:
    """PRODUCT.md, L2: each can receive, and each that allows it can be answered in place."""
    promised = {
        "email", "webchat", "webform", "bluesky", "mastodon", "x", "facebook", "instagram", "messenger", "whatsapp",
        "telegram", "reddit", "youtube", "discord", "slack", "matrix", "sms", "voice", "linkedin", "rss", "discourse",
        "googleplay", "appstore", "trustpilot", "googlebusiness", "calls", "webhook", "phone", "store",
    }  # fmt: skip
    assert promised <= set(channel_kinds())
