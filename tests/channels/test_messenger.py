"""Messenger: private messages of every sort, echoes of ours, and answers within the time Meta allows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crowdalogue import flow
from crowdalogue.channels.base import (
    Attachment,
    Author,
    Incoming,
    Interaction,
    Item,
    Outgoing,
    Profile,
    Raw,
    Removal,
    SendError,
    Status,
    Unknown,
)
from crowdalogue.channels.messenger import Messenger
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Handle, Message
from tests.channels.contract import Said
from tests.channels.test_meta import COMMON, NOW, PAGE, ChatPeer
from tests.outside import AWAY, SLOW, Outside, says

SETTINGS = COMMON | {"page_id": PAGE}
CUSTOMER = "5550001"


class MessengerPeer(ChatPeer):
    kind = "messenger"
    settings = SETTINGS


PEER = MessengerPeer()


@pytest.fixture
def chat() -> Messenger:
    return Messenger(SETTINGS)


def read(chat: Messenger, mine: bool = False, **event: Any) -> list[Item]:
    sides = {"sender": {"id": CUSTOMER}, "recipient": {"id": PAGE}}
    if mine:
        sides = {"sender": sides["recipient"], "recipient": sides["sender"]}
    body = {"object": "page", "entry": [{"id": PAGE, "messaging": [sides | {"timestamp": 1772366400123} | event]}]}
    return chat.parse(Raw(json.dumps(body).encode()))


def one(chat: Messenger, **message: Any) -> Incoming:
    (item,) = read(chat, message={"mid": "m_1"} | message)
    assert isinstance(item, Incoming)
    return item


def out(text: str = "It comes tomorrow.", **more: Any) -> Outgoing:
    usual: dict[str, Any] = {
        "key": "answer-1",
        "to": Author(CUSTOMER),
        "text": text,
        "answers": "m_1",
        "about": {"via": "messenger"},
        "heard_at": datetime.now(UTC) - timedelta(hours=1),
    }
    return Outgoing(**usual | more)


# --- what comes


def test_a_message_in_its_conversation(chat: Messenger) -> None:
    item = one(chat, text="Where is it?", reply_to={"mid": "m_0"}, quick_reply={"payload": "WHERE"})
    assert (item.author.address, item.author.ours, item.text) == (CUSTOMER, False, "Where is it?")
    assert item.sent_at == NOW.replace(microsecond=123000)
    assert item.threads == (f"messenger:{CUSTOMER}",) and item.parents == ("m_0",)
    assert item.extra["payload"] == "WHERE" and item.extra["via"] == "messenger"
    assert not item.public


def test_an_album_is_one_message_with_its_files_and_several_are_one_conversation(chat: Messenger) -> None:
    files = [
        {"type": "image", "payload": {"url": "https://cdn.example.com/1"}},
        {"type": "video", "payload": {"url": "https://cdn.example.com/2"}},
        {"type": "file", "payload": {"url": "https://cdn.example.com/3"}},
        {"type": "audio", "payload": {"url": "https://cdn.example.com/4"}},
    ]
    item = one(chat, attachments=files)
    assert [(a.name, a.media_type, a.url) for a in item.attachments] == [
        ("image-1.jpg", "image/jpeg", "https://cdn.example.com/1"),
        ("video-2.mp4", "video/mp4", "https://cdn.example.com/2"),
        ("file-3", "application/octet-stream", "https://cdn.example.com/3"),
        ("audio-4.mp4", "audio/mp4", "https://cdn.example.com/4"),
    ]
    assert item.text == ""
    assert one(chat, mid="m_2", attachments=files[:1]).threads == item.threads


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            {"type": "image", "payload": {"url": "https://c.example.com/1", "sticker_id": 369239263222822}},
            "\N{THUMBS UP SIGN}",
        ),
        (
            {"type": "location", "title": "Home", "payload": {"coordinates": {"lat": 52.5, "long": -1.25}}},
            "Location: Home, 52.5, -1.25",
        ),
        (
            {"type": "fallback", "title": "A page", "url": "https://example.com/a"},
            "Shared: A page https://example.com/a",
        ),
        ({"type": "template", "payload": {"template_type": "generic"}}, "(template)"),
        ({"type": "image", "payload": {"url": "javascript:alert(1)"}}, "(image)"),
    ],
)
def test_what_has_no_words_is_said_in_words(message: dict[str, Any], text: str, chat: Messenger) -> None:
    assert one(chat, attachments=[message]).text == text


def test_what_is_not_handed_on_is_said(chat: Messenger) -> None:
    assert one(chat).text == "(A kind of message that is not handed on. Open the app to see it.)"


def test_buttons_and_reactions(chat: Messenger) -> None:
    (pressed,) = read(chat, postback={"mid": "m_5", "title": "Track my order", "payload": "TRACK"})
    assert isinstance(pressed, Incoming) and (pressed.external_id, pressed.text) == ("m_5", "Track my order")
    (old,) = read(chat, postback={"title": "Start", "payload": "GO"})
    assert isinstance(old, Incoming) and old.external_id == f"postback:{CUSTOMER}:1772366400123"
    (liked,) = read(chat, reaction={"mid": "m_1", "action": "react", "reaction": "love", "emoji": "❤"})
    (taken,) = read(chat, reaction={"mid": "m_1", "action": "unreact"})
    assert isinstance(liked, Interaction) and isinstance(taken, Interaction)
    assert (liked.external_id, liked.kind, liked.target, liked.gone) == (f"reaction:{CUSTOMER}:m_1", "❤", "m_1", False)
    assert taken.external_id == liked.external_id and taken.gone


def test_edits_and_deletions(chat: Messenger) -> None:
    (edit,) = read(chat, message_edit={"mid": "m_1", "text": "Where is it now?", "num_edit": 2})
    assert isinstance(edit, Incoming)
    assert (edit.external_id, edit.text, edit.sent_at) == ("m_1", "Where is it now?", None)
    assert edit.edited_at == NOW.replace(microsecond=123000)
    (gone,) = read(chat, message={"mid": "m_1", "is_deleted": True})
    assert isinstance(gone, Removal) and gone.external_id == "m_1"


def test_an_echo_is_ours_and_settles_an_answer_in_doubt(chat: Messenger) -> None:
    echo = {"mid": "m_9", "text": "It comes tomorrow.", "is_echo": True, "app_id": 1, "metadata": "answer-1"}
    item, status = read(chat, mine=True, message=echo)
    assert isinstance(item, Incoming) and item.author.ours
    assert item.to[0].address == CUSTOMER and item.threads == (f"messenger:{CUSTOMER}",)
    assert item.extra["reply_key"] == "answer-1"
    assert status == Status("answer-1", "sent", at=NOW.replace(microsecond=123000), name="m_9")
    (elsewhere,) = read(chat, mine=True, message=echo | {"metadata": ""})  # answered in Meta's own inbox
    assert isinstance(elsewhere, Incoming) and elsewhere.author.ours and "reply_key" not in elsewhere.extra
    (odd,) = read(chat, mine=True, sender={"id": "another-id"}, message=echo | {"metadata": "not-ours"})[:1]
    assert isinstance(odd, Incoming) and odd.author.ours


def test_comments_that_come_here_say_where_they_belong(chat: Messenger) -> None:
    change = {"field": "feed", "value": {"item": "comment", "comment_id": "1_2", "verb": "add"}}
    body = {"object": "page", "entry": [{"id": PAGE, "changes": [change]}]}
    (item,) = chat.parse(Raw(json.dumps(body).encode()))
    assert isinstance(item, Unknown) and "a Facebook page takes" in item.what


# --- what was said before


def test_stored_messages_of_both_sides(chat: Messenger, outside: Outside) -> None:
    us, them = {"id": PAGE, "name": "Our page"}, {"id": CUSTOMER, "name": "Ada Vale", "email": "5550001@facebook.com"}
    to_us: dict[str, Any] = {"from": them, "to": {"data": [us]}}
    to_them: dict[str, Any] = {"from": us, "to": {"data": [them]}}
    picture = {"name": "box.jpg", "mime_type": "image/jpeg", "image_data": {"url": "https://c.example.com/1"}}
    at = "2026-03-01T12:00:00+0000"
    stored: list[dict[str, Any]] = [
        {"id": "m_3", "message": "Thanks", "created_time": at} | to_us,
        {"id": "m_2", "message": "Tomorrow", "created_time": at} | to_them,
        {"id": "m_1", "message": "", "created_time": at, "from": them, "attachments": {"data": [picture]}},
        {"id": "m_0", "message": "to nobody", "from": us, "to": {"data": []}},
    ]
    talk = {
        "id": "t_1",
        "updated_time": "2026-03-01T12:00:02+0000",
        "participants": {"data": [them, us]},
        "messages": {"data": stored},
    }
    outside.on("GET", f"/{PAGE}/conversations", says({"data": [talk]}))
    outside.on("GET", f"/{CUSTOMER}", says({"id": CUSTOMER, "first_name": "Ada", "last_name": "Vale"}))
    fetched = chat.fetch({})
    items = [item for raw in fetched.deliveries for item in chat.parse(raw)]
    assert {p.author.name for p in items if isinstance(p, Profile)} == {"Ada Vale"}
    assert [(i.external_id, i.author.ours, i.text) for i in items if isinstance(i, Incoming)] == [
        ("m_3", False, "Thanks"),
        ("m_2", True, "Tomorrow"),
        ("m_1", False, ""),
        ("m_0", True, "to nobody"),
    ]
    assert {i.threads for i in items if isinstance(i, Incoming)} == {(f"messenger:{CUSTOMER}",)}
    first, *_, file, _ = (i for i in items if isinstance(i, Incoming))
    assert first.author.name == "Ada Vale" and file.attachments[0].name == "box.jpg"
    assert outside.calls[0].query["platform"] == "messenger"


def test_people_whom_hooks_do_not_name_get_their_names(outside: Outside, db: None) -> None:
    """The hook comes first and names nobody; the name comes with the next look, once."""
    account = Account.objects.create(kind="messenger", name="Messenger", settings=SETTINGS)
    said = [Said(1, "Hello", NOW)]
    flow.receive(account, PEER.deliver(said, NOW)[0])
    assert Handle.objects.get(address="55500001").name == ""
    PEER.serve(outside, said)
    person = {"id": "55500001", "name": "Ada Vale", "profile_pic": "https://c.example.com/a", "follower_count": 1200}
    outside.on("GET", "/55500001", says(person | {"is_verified_user": True}))
    flow.poll(account)
    handle = Handle.objects.get(address="55500001")
    assert handle.name == "Customer 1"  # by the conversation
    assert (handle.facts["followers"], handle.facts["verified"]) == (1200, True)
    assert Message.objects.count() == 1
    outside.calls.clear()
    flow.poll(account)
    assert not outside.of("GET", "/55500001")


# --- answers


def test_an_answer_within_a_day(chat: Messenger, outside: Outside) -> None:
    PEER.accept(outside)
    assert chat.send(out()).external_id == "m_answer"
    (call,) = outside.calls
    assert call.path.endswith(f"/{PAGE}/messages")
    assert call.json == {
        "recipient": {"id": CUSTOMER},
        "messaging_type": "RESPONSE",
        "message": {"text": "It comes tomorrow.", "metadata": "answer-1"},
    }


def test_a_late_answer_only_as_a_human_agent_and_never_after_a_week(chat: Messenger, outside: Outside) -> None:
    PEER.accept(outside)
    late = out(heard_at=datetime.now(UTC) - timedelta(days=2))
    with pytest.raises(SendError, match="24 hours") as caught:
        chat.send(late)
    assert caught.value.permanent
    Messenger(SETTINGS | {"human_agent": True}).send(late)
    assert outside.calls[0].json["messaging_type"] == "MESSAGE_TAG"
    assert outside.calls[0].json["tag"] == "HUMAN_AGENT"
    with pytest.raises(SendError, match="seven days"):
        Messenger(SETTINGS | {"human_agent": True}).send(out(heard_at=datetime.now(UTC) - timedelta(days=8)))
    assert len(outside.calls) == 1


def test_files_are_handed_in_before_anything_is_said(chat: Messenger, outside: Outside) -> None:
    PEER.accept(outside)
    outside.on("POST", "/message_attachments", says({"attachment_id": "77"}))
    files = (Attachment("a.png", "image/png", b"1"), Attachment("b.pdf", "application/pdf", b"2"))
    chat.send(out(attachments=files))
    assert [c.path.rsplit("/")[-1] for c in outside.calls] == ["message_attachments"] * 2 + ["messages"] * 3
    sent = [c.json["message"] for c in outside.of("POST", "/messages$|/messages\\?")]
    assert sent[1]["attachment"] == {"type": "image", "payload": {"attachment_id": "77"}}
    assert sent[2]["attachment"]["type"] == "file"
    outside.on("POST", "/message_attachments", says({"error": {"code": 100, "message": "bad file"}}, 400))
    outside.calls.clear()
    with pytest.raises(SendError, match="bad file") as caught:
        chat.send(out(attachments=files))
    assert not caught.value.uncertain and not outside.of("POST", "/messages")


def test_a_part_that_arrived_is_said(chat: Messenger, outside: Outside) -> None:
    outside.on("POST", "/message_attachments", says({"attachment_id": "77"}))
    outside.on("POST", "/messages", says({"message_id": "m_a"}), says({"error": {"code": 551}}, 400))
    with pytest.raises(SendError, match="Only a part of the answer arrived") as caught:
        chat.send(out(attachments=(Attachment("a.png", "image/png", b"1"),)))
    assert caught.value.uncertain


def test_silence_is_doubt_and_a_closed_door_is_not(chat: Messenger, outside: Outside) -> None:
    outside.always(SLOW)
    with pytest.raises(SendError) as caught:
        chat.send(out())
    assert caught.value.uncertain and len(outside.calls) == 1
    outside.always(AWAY)
    with pytest.raises(SendError) as caught:
        chat.send(out())
    assert not caught.value.uncertain and not caught.value.permanent
    outside.always(says({"recipient_id": CUSTOMER}))
    with pytest.raises(SendError) as caught:
        chat.send(out())
    assert caught.value.uncertain


# --- settings


def test_check_says_what_is_missing(chat: Messenger, outside: Outside) -> None:
    fields = ["messages", "message_echoes", "message_deliveries", "message_reads"]
    outside.on("GET", "/me", says({"id": PAGE, "name": "Our page"}))
    outside.on("GET", "/subscribed_apps", says({"data": [{"id": "1", "subscribed_fields": fields}]}))
    chat.check()
    outside.on("GET", "/subscribed_apps", says({"data": [{"id": "1", "subscribed_fields": fields[:2]}]}))
    with pytest.raises(Failure, match="does not send message_deliveries, message_reads"):
        chat.check()
    outside.on("GET", "/me", says({"id": "9", "name": "Ada"}))
    with pytest.raises(Failure, match="The token is not of"):
        chat.check()
    outside.on("GET", "/me", says({"error": {"code": 190, "error_subcode": 463}}, 400))
    with pytest.raises(Failure, match=r"page access token: it expired.*Make a new one in Meta's Business settings"):
        chat.check()
