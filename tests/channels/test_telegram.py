"""Telegram: updates by webhook and by asking, answers, files, and what it refuses, after the Bot API's own shapes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crowdalogue import flow
from crowdalogue.channels.base import (
    Attachment,
    Author,
    Ignored,
    Incoming,
    Interaction,
    Item,
    Kind,
    NotUnderstood,
    Outgoing,
    Raw,
    Refused,
    Removal,
    SendError,
    Unknown,
)
from crowdalogue.channels.telegram import HEADER, Telegram
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Conversation, Handle, Message
from tests.channels.contract import Peer, Said
from tests.outside import AWAY, SLOW, Call, Outside, says

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = {"token": "700:AAfake_token-of-tests", "secret": "the-secret-of-the-tests", "own": "@helpful_lee\n42"}
ROBIN = {"id": 555001, "is_bot": False, "first_name": "Robin", "last_name": "Vale", "username": "robinv"}
PRIVATE = {"id": 555001, "type": "private", "first_name": "Robin", "last_name": "Vale", "username": "robinv"}
GROUP = {"id": -1001555, "type": "supergroup", "title": "Kettles", "username": "kettlefans"}


class TelegramPeer(Peer):
    kind = "telegram"
    settings = SETTINGS

    def sign(self, body: bytes, now: datetime) -> Raw:
        return Raw(body, {"content-type": "application/json", HEADER: SETTINGS["secret"]})

    def update(self, said: Said) -> dict[str, Any]:
        chat = 555000 + said.author
        message: dict[str, Any] = {
            "message_id": said.n,
            "from": {"id": chat, "is_bot": False, "first_name": f"Customer {said.author}"},
            "chat": {"id": chat, "type": "private", "first_name": f"Customer {said.author}"},
            "date": int(said.at.timestamp()),
            "text": said.text,
        }
        if said.parent is not None:
            message["reply_to_message"] = {"message_id": said.parent, "chat": message["chat"], "date": 1}
        if said.edited_at is None:
            return {"update_id": said.n, "message": message}
        message["edit_date"] = int(said.edited_at.timestamp())
        return {"update_id": 100_000 + said.n, "edited_message": message}

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [self.sign(json.dumps(self.update(one)).encode(), now) for one in said]

    def unknown(self, now: datetime) -> Raw:
        return self.sign(b'{"update_id": 9, "telepathy": {"from": {"id": 1}}}', now)

    def removed(self, said: Said, now: datetime) -> Raw:
        chat = {"id": 555000 + said.author, "type": "private"}
        body = {"business_connection_id": "b1", "chat": chat, "message_ids": [said.n]}
        return self.sign(json.dumps({"update_id": 200_000 + said.n, "deleted_business_messages": body}).encode(), now)

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        def answer(call: Call) -> httpx.Response:
            asked = call.json
            found = [u for u in map(self.update, said) if u["update_id"] >= asked.get("offset", 0)]
            return httpx.Response(200, json={"ok": True, "result": found[: asked["limit"]]})

        outside.on("POST", "/getUpdates$", answer)

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/sendMessage$", says({"ok": True, "result": {"message_id": 900, "chat": {"id": 555001}}}))

    def id_of(self, said: Said) -> str:
        return f"{555000 + said.author}:{said.n}"


PEER = TelegramPeer()


@pytest.fixture
def bot() -> Telegram:
    return Telegram(SETTINGS)


def read(bot: Telegram, kind: str, body: Mapping[str, Any]) -> list[Item]:
    return bot.parse(Raw(json.dumps({"update_id": 1, kind: body}).encode()))


def message(chat: Mapping[str, Any] = PRIVATE, who: Mapping[str, Any] = ROBIN, **more: Any) -> dict[str, Any]:
    return {"message_id": 7, "from": who, "chat": chat, "date": int(NOW.timestamp()), **more}


def one(bot: Telegram, kind: str = "message", **more: Any) -> Incoming:
    (item,) = read(bot, kind, message(**more))
    assert isinstance(item, Incoming)
    return item


# --- the door


def test_the_secret_is_made_and_kept() -> None:
    made = Telegram.prepare({"token": "1:a"})
    assert len(made["secret"]) > 30
    assert Telegram.prepare(made)["secret"] == made["secret"]


def test_without_a_secret_nothing_is_let_in() -> None:
    with pytest.raises(Refused, match="no webhook secret"):
        Telegram({"token": "1:a"}).verify(Raw(b"{}", {HEADER: ""}), NOW)


def test_the_same_update_by_both_doors_has_one_key(bot: Telegram, outside: Outside) -> None:
    said = Said(3, "Hello, Grüße 🙂", NOW)
    PEER.serve(outside, [said])
    (asked,) = bot.fetch({}).deliveries
    (pushed,) = PEER.deliver([said], NOW)
    assert bot.delivery_key(asked) == bot.delivery_key(pushed)
    assert len(bot.delivery_key(pushed)) <= 80


def test_a_pressed_button_is_confirmed_at_the_door(bot: Telegram) -> None:
    raw = Raw(json.dumps({"update_id": 1, "callback_query": {"id": "77", "from": ROBIN, "data": "yes"}}).encode())
    answer = bot.respond(raw)
    assert answer is not None
    assert json.loads(answer.body) == {"method": "answerCallbackQuery", "callback_query_id": "77"}
    assert bot.respond(Raw(b'{"update_id": 1, "message": {}}')) is None


# --- what it says


def test_a_private_message(bot: Telegram) -> None:
    item = one(bot, text="Where is my kettle?")
    assert item.external_id == "555001:7"
    assert item.author.address == "555001"
    assert item.author.name == "Robin Vale"
    assert item.author.facts == {"username": "robinv", "url": "https://t.me/robinv"}
    assert item.sent_at == NOW
    assert item.threads == ("chat:555001",)
    assert not item.public
    assert item.extra["chat_id"] == "555001"


def test_in_a_group_people_have_conversations_of_their_own(bot: Telegram) -> None:
    item = one(bot, chat=GROUP, text="Mine leaks too", reply_to_message={"message_id": 5, "chat": GROUP})
    assert item.external_id == "-1001555:7"
    assert item.parents == ("-1001555:5",)
    assert item.threads == ("chat:-1001555:555001",)
    assert item.public
    assert item.url == "https://t.me/kettlefans/7"
    topic = one(bot, chat=GROUP, text="Hi", message_thread_id=4, is_topic_message=True)
    assert topic.extra["topic_id"] == 4
    opening = {"message_id": 4, "forum_topic_created": {"name": "Repairs"}}
    assert one(bot, chat=GROUP, text="Hi", reply_to_message=opening).parents == ()


def test_an_album_that_arrives_together_is_one_conversation(bot: Telegram) -> None:
    sizes = [{"file_id": "small", "width": 90, "height": 67}, {"file_id": "large", "width": 1280, "height": 960}]
    item = one(bot, chat=GROUP, photo=sizes, media_group_id="11", caption="The crack")
    assert item.threads[0] == "album:-1001555:11"
    assert item.attachments == (Attachment("photo.jpg", "image/jpeg", url="telegram:large"),)
    assert item.text == "The crack"


@pytest.mark.parametrize(
    ("content", "text", "name", "media_type"),
    [
        ({"voice": {"file_id": "v", "mime_type": "audio/ogg"}}, "", "voice.ogg", "audio/ogg"),
        ({"document": {"file_id": "d", "file_name": "bill.pdf"}}, "", "bill.pdf", "application/octet-stream"),
        ({"sticker": {"file_id": "s", "emoji": "😡"}}, "😡", "sticker.webp", "image/webp"),
        ({"sticker": {"file_id": "s", "emoji": "😡", "is_video": True}}, "😡", "sticker.webm", "video/webm"),
        ({"animation": {"file_id": "a"}, "document": {"file_id": "a"}}, "", "animation.mp4", "video/mp4"),
        ({"location": {"latitude": 52.5, "longitude": 13.4}}, "52.5, 13.4", "", ""),
        ({"contact": {"first_name": "Kit", "phone_number": "+15550100"}}, "Kit, +15550100", "", ""),
        ({"poll": {"question": "Which?", "options": [{"text": "Red"}]}}, "Which?\n- Red", "", ""),
    ],
)
def test_what_is_no_text(bot: Telegram, content: dict[str, Any], text: str, name: str, media_type: str) -> None:
    item = one(bot, **content)
    assert item.text == text
    assert [(a.name, a.media_type) for a in item.attachments] == ([(name, media_type)] if name else [])


def test_addresses_behind_words_are_written_out(bot: Telegram) -> None:
    link = {"type": "text_link", "offset": 9, "length": 4, "url": "https://example.com/order"}
    item = one(bot, text="🙂🙂 see here please", entities=[{"type": "bold", "offset": 0, "length": 2}, link])
    assert item.text == "🙂🙂 see here (https://example.com/order) please"


def test_an_edit_is_the_same_message(bot: Telegram) -> None:
    item = one(bot, "edited_message", text="Fixed", edit_date=int(NOW.timestamp()) + 60)
    assert item.external_id == "555001:7"
    assert item.edited_at is not None
    assert (item.edited_at - NOW).total_seconds() == 60


def test_who_speaks_for_us(bot: Telegram) -> None:
    lee = {"id": 43, "first_name": "Lee", "username": "Helpful_Lee"}
    assert one(bot, chat=GROUP, text="Hi", who=lee).author.ours
    assert one(bot, chat=GROUP, text="Hi", who={"id": 42, "first_name": "Ann"}).author.ours
    assert one(bot, chat=GROUP, text="Hi", sender_chat=GROUP).author.ours
    assert one(bot, "business_message", text="We look", who={"id": 42, "first_name": "Ann"}).author.ours
    assert not one(bot, "business_message", text="Thanks").author.ours
    assert not one(bot, chat=GROUP, text="Hi").author.ours
    news = {"id": -100777, "type": "channel", "title": "News"}
    post = {"message_id": 3, "chat": news, "date": 1, "text": "Sale"}
    (item,) = read(bot, "channel_post", post)
    assert isinstance(item, Incoming)
    assert item.author == Author("-100777", "News", ours=True)
    origin = {"type": "channel", "chat": news, "message_id": 3}
    copy = one(bot, chat=GROUP, text="Sale", sender_chat=news, is_automatic_forward=True, forward_origin=origin)
    assert copy.parents == ("-100777:3",)
    assert copy.author.ours


def test_a_number_that_is_their_own_is_vouched_for(bot: Telegram) -> None:
    own = one(bot, contact={"first_name": "Robin", "phone_number": "15550100", "user_id": 555001})
    assert own.author.facts["phone"] == "+15550100" and own.author.facts["phone_verified"] is True
    other = one(bot, contact={"first_name": "Kit", "phone_number": "+15550101", "user_id": 555002})
    assert "phone" not in other.author.facts


def test_the_first_start_is_no_question(bot: Telegram) -> None:
    assert one(bot, text="/start order-12").kind == Kind.AUTOMATIC
    assert one(bot, text="/starting is hard").kind == Kind.MESSAGE


def test_reactions_come_and_go(bot: Telegram) -> None:
    body = {
        "chat": GROUP,
        "message_id": 7,
        "user": ROBIN,
        "date": int(NOW.timestamp()),
        "old_reaction": [{"type": "emoji", "emoji": "👎"}, {"type": "emoji", "emoji": "🔥"}],
        "new_reaction": [{"type": "emoji", "emoji": "🔥"}, {"type": "custom_emoji", "custom_emoji_id": "5350"}],
    }
    gone, given = read(bot, "message_reaction", body)
    assert isinstance(gone, Interaction) and isinstance(given, Interaction)
    assert (gone.kind, gone.gone, gone.target) == ("👎", True, "-1001555:7")
    assert (given.kind, given.gone) == ("5350", False)
    back = read(
        bot, "message_reaction", {**body, "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": "👎"}]}
    )
    assert isinstance(back[0], Interaction) and back[0].external_id == gone.external_id


@pytest.mark.parametrize(("status", "gone"), [("kicked", False), ("member", True)])
def test_who_blocks_the_bot_is_known(bot: Telegram, status: str, gone: bool) -> None:
    body = {"chat": PRIVATE, "from": ROBIN, "date": 1, "new_chat_member": {"status": status}}
    (item,) = read(bot, "my_chat_member", body)
    assert isinstance(item, Interaction)
    assert (item.external_id, item.kind, item.gone) == ("block:555001", "block", gone)
    (item,) = read(bot, "my_chat_member", {**body, "chat": GROUP})
    assert isinstance(item, Ignored)


def test_deletions_are_told_by_business_accounts_only(bot: Telegram) -> None:
    body = {"business_connection_id": "b", "chat": PRIVATE, "message_ids": [7, 8]}
    assert read(bot, "deleted_business_messages", body) == [Removal("555001:7"), Removal("555001:8")]


def test_what_holds_nothing_and_what_is_not_known(bot: Telegram) -> None:
    assert read(bot, "message", message(new_chat_members=[ROBIN])) == [Ignored("a service message (new_chat_members)")]
    assert read(bot, "poll_answer", {"poll_id": "1"}) == [Ignored("a vote in a poll")]
    assert read(bot, "message", message(hologram={"x": 1})) == [Unknown("a message that holds hologram")]
    assert read(bot, "telepathy", {}) == [Unknown("an update of the kind telepathy")]


@pytest.mark.parametrize(
    "broken",
    [
        {"chat": 5},
        {"chat": {}},
        {"text": ["x"]},
        {"message_id": "seven"},
        {"from": "me"},
        {"photo": [1]},
        {"voice": {"x": 1}},
    ],
)
def test_a_broken_message_names_its_field(bot: Telegram, broken: dict[str, Any]) -> None:
    body = {**message(text="Hi"), **broken}
    with pytest.raises(NotUnderstood, match="|".join((next(iter(broken)), '"id"', '"file_id"'))):
        read(bot, "message", body)


# --- asked


def test_the_offset_follows_and_is_forgotten_after_a_quiet_week(bot: Telegram, outside: Outside) -> None:
    PEER.serve(outside, [Said(5, "a", NOW), Said(6, "b", NOW)])
    first = bot.fetch({}, limit=2)
    assert first.cursor["offset"] == 7 and first.more
    assert not bot.fetch(first.cursor, limit=2).deliveries
    assert outside.calls[-1].json["offset"] == 7
    bot.fetch({"offset": 7, "at": int(time.time()) - 7 * 86400})
    assert "offset" not in outside.calls[-1].json


def test_waiting_confirms_nothing(bot: Telegram, outside: Outside) -> None:
    PEER.serve(outside, [Said(5, "a", NOW)])
    assert list(bot.wait({"offset": 5, "at": int(time.time())}, 5)) == [None]
    assert outside.calls[-1].json["offset"] == 5
    assert outside.calls[-1].json["timeout"] == 5
    outside.always(AWAY)
    assert list(bot.wait({}, 5)) == []


def test_with_a_webhook_its_health_is_looked_at(outside: Outside) -> None:
    bot = Telegram({**SETTINGS, "address": "https://care.example.com/hooks/abc/"})
    info = {"url": "https://care.example.com/hooks/abc/", "pending_update_count": 0}
    outside.on("POST", "/getWebhookInfo$", says({"ok": True, "result": info}))
    assert bot.fetch({"offset": 3}).cursor == {"offset": 3}
    bad = {
        **info,
        "pending_update_count": 4,
        "last_error_date": time.time(),
        "last_error_message": "Connection refused",
    }
    outside.on("POST", "/getWebhookInfo$", says({"ok": True, "result": bad}))
    with pytest.raises(Failure, match=r"Connection refused\); 4 updates wait"):
        bot.fetch({})
    outside.on("POST", "/getWebhookInfo$", says({"ok": True, "result": {"url": "https://old.example.com/"}}))
    with pytest.raises(Failure, match="another webhook address"):
        bot.fetch({})


def test_a_webhook_elsewhere_is_said(bot: Telegram, outside: Outside) -> None:
    outside.always(says({"ok": False, "error_code": 409, "description": "Conflict: can't use getUpdates"}, 409))
    with pytest.raises(Failure, match="go to a webhook"):
        bot.fetch({})


# --- answers


def out(text: str = "It comes tomorrow.", **more: Any) -> Outgoing:
    usual: dict[str, Any] = {"answers": "555001:7", "about": {"chat_id": "555001"}}
    return Outgoing(key="k" * 12, to=Author("555001"), text=text, **{**usual, **more})


def test_an_answer_quotes_what_it_answers(bot: Telegram, outside: Outside) -> None:
    PEER.accept(outside)
    assert bot.send(out()).external_id == "555001:900"
    sent = outside.calls[-1]
    assert sent.path == "/bot700:AAfake_token-of-tests/sendMessage"
    assert sent.json == {
        "chat_id": "555001",
        "text": "It comes tomorrow.",
        "reply_parameters": {"message_id": 7, "allow_sending_without_reply": True},
    }
    bot.send(out(about={"chat_id": "-1001555", "topic_id": 4, "business": "b1"}))
    assert outside.calls[-1].json["message_thread_id"] == 4
    assert outside.calls[-1].json["business_connection_id"] == "b1"
    assert "reply_parameters" not in outside.calls[-1].json  # of another chat


def test_files_go_in_one_call(bot: Telegram, outside: Outside) -> None:
    bill, photo = Attachment("bill.pdf", "application/pdf", b"%PDF"), Attachment("a.png", "image/png", b"\x89PNG")
    outside.on("POST", "/sendDocument$", says({"ok": True, "result": {"message_id": 901, "chat": {"id": 555001}}}))
    album = [{"message_id": 902, "chat": {"id": 555001}}, {"message_id": 903, "chat": {"id": 555001}}]
    outside.on("POST", "/sendMediaGroup$", says({"ok": True, "result": album}))
    assert bot.send(out(attachments=(bill,))).external_id == "555001:901"
    assert b"%PDF" in outside.calls[-1].body and b"It comes tomorrow." in outside.calls[-1].body
    assert bot.send(out(attachments=(bill, photo))).external_id == "555001:902"
    assert b"attach://file1" in outside.calls[-1].body
    assert len(outside.calls) == 2


def test_half_sent_is_never_sent_again_by_itself(bot: Telegram, outside: Outside) -> None:
    PEER.accept(outside)
    outside.on("POST", "/sendDocument$", says({"ok": False, "description": "Bad Request: file must be non-empty"}, 400))
    with pytest.raises(SendError, match=r"text was sent, its files were not") as caught:
        bot.send(out("x" * 2000, attachments=(Attachment("a", "text/plain", b""),)))
    assert caught.value.uncertain


@pytest.mark.parametrize(
    ("status", "description", "says_what", "permanent"),
    [
        (403, "Forbidden: bot was blocked by the user", "blocked the bot", True),
        (400, "Bad Request: chat not found", "does not know this chat", True),
        (400, "Bad Request: something new", "Telegram refused: Bad Request: something new", True),
        (401, "Unauthorized", "bot token", True),
        (429, "Too Many Requests: retry after 35", "fewer calls", False),
    ],
)
def test_refusals_in_words(
    bot: Telegram, outside: Outside, status: int, description: str, says_what: str, permanent: bool
) -> None:
    body = {"ok": False, "error_code": status, "description": description, "parameters": {"retry_after": 35}}
    outside.always(says(body, status))
    with pytest.raises(SendError, match=says_what) as caught:
        bot.send(out())
    assert caught.value.permanent is permanent
    assert not caught.value.uncertain
    assert SETTINGS["token"] not in caught.value.text
    assert len(outside.calls) == 1


def test_cut_off_after_sending_is_uncertain(bot: Telegram, outside: Outside) -> None:
    outside.always(SLOW)
    with pytest.raises(SendError) as caught:
        bot.send(out())
    assert caught.value.uncertain
    assert len(outside.calls) == 1


def test_length_is_counted_as_telegram_does(bot: Telegram) -> None:
    assert bot.length("abc") == 3
    assert bot.length("🙂👍") == 4


def test_deeds(bot: Telegram, outside: Outside) -> None:
    outside.always(says({"ok": True, "result": True}))
    about = {"chat_type": "supergroup", "from_id": "555001"}
    for deed in ("like", "unlike", "delete", "block", "unblock"):
        bot.act(deed, "-1001555:7", about)
    methods = [call.path.rpartition("/")[2] for call in outside.calls]
    assert methods == ["setMessageReaction", "setMessageReaction", "deleteMessage", "banChatMember", "unbanChatMember"]
    assert outside.calls[1].json["reaction"] == []
    outside.always(says({"ok": False, "description": "Bad Request: message to delete not found"}, 400))
    bot.act("delete", "-1001555:7", about)  # a second time is no fault
    with pytest.raises(SendError, match="groups only"):
        bot.act("block", "555001:7", {"chat_type": "private", "from_id": "555001"})


def test_a_file_is_fetched_by_its_id(bot: Telegram, outside: Outside) -> None:
    outside.on("POST", "/getFile$", says({"ok": True, "result": {"file_id": "v", "file_path": "voice/file_3.oga"}}))
    outside.on("GET", "/file/bot700:[^/]+/voice/file_3.oga$", says(b"OggS"))
    assert bot.download("telegram:v") == b"OggS"
    outside.on("POST", "/getFile$", says({"ok": True, "result": {"file_id": "v", "file_path": "../../etc/passwd"}}))
    with pytest.raises(Failure, match="20 MB"):
        bot.download("telegram:v")
    with pytest.raises(Failure, match="not the address"):
        bot.download("https://example.com/x")


# --- set-up


def test_saving_tells_telegram_where_to_bring_updates(outside: Outside) -> None:
    outside.on("POST", "/getMe$", says({"ok": True, "result": {"id": 700, "is_bot": True}}))
    outside.on("POST", "/setWebhook$", says({"ok": True, "result": True}))
    Telegram({**SETTINGS, "address": "https://care.example.com/hooks/abc/"}).check()
    asked = outside.calls[-1].json
    assert asked["url"] == "https://care.example.com/hooks/abc/"
    assert asked["secret_token"] == SETTINGS["secret"]
    assert "message_reaction" in asked["allowed_updates"]
    with pytest.raises(Failure, match="https"):
        Telegram({**SETTINGS, "address": "http://care.example.com/"}).check()


def test_a_bot_of_another_program_is_taken_over_only_when_asked(outside: Outside) -> None:
    outside.on("POST", "/getMe$", says({"ok": True, "result": {"id": 700, "is_bot": True}}))
    outside.on("POST", "/getWebhookInfo$", says({"ok": True, "result": {"url": "https://other.example.com/x"}}))
    outside.on("POST", "/deleteWebhook$", says({"ok": True, "result": True}))
    with pytest.raises(Failure, match=r"webhook at other\.example\.com"):
        Telegram(SETTINGS).check()
    Telegram({**SETTINGS, "take_over": True}).check()
    assert len(outside.of("POST", "/deleteWebhook$")) == 1


def test_a_token_that_is_none_is_said_before_any_call(outside: Outside) -> None:
    with pytest.raises(Failure, match="looks like"):
        Telegram({"token": "my token"}).check()
    assert not outside.calls


# --- filed


def test_an_album_and_the_reply_to_it_are_one_conversation(db: None) -> None:
    account = Account.objects.create(kind="telegram", name="Telegram of tests", settings=dict(SETTINGS))
    photo = [{"file_id": "p", "width": 1, "height": 1}]
    bodies = [message(GROUP, message_id=n, photo=photo, media_group_id="11") for n in (7, 8, 9)]
    other = {"id": 555002, "first_name": "Kit"}
    bodies.append(
        message(GROUP, other, message_id=10, text="Mine too", reply_to_message={"message_id": 8, "chat": GROUP})
    )
    for body in reversed(bodies):  # late ones first
        update = {"update_id": body["message_id"], "message": body}
        flow.receive(account, PEER.sign(json.dumps(update).encode(), NOW))
    assert Message.objects.count() == 4
    assert Conversation.objects.count() == 1
    assert Handle.objects.filter(kind="telegram").count() == 2


def test_a_private_chat_stays_one_conversation(db: None) -> None:
    account = Account.objects.create(kind="telegram", name="Telegram of tests", settings=dict(SETTINGS))
    for raw in PEER.deliver([Said(n, f"message {n}", NOW) for n in (1, 2, 3)], NOW):
        flow.receive(account, raw)
    flow.receive(account, PEER.deliver([Said(4, "somebody else", NOW, author=2)], NOW)[0])
    assert Conversation.objects.count() == 2
