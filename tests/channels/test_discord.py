"""Discord: what asking brings, commands at the door, answers, and what Discord refuses; documented shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crowdalogue.channels.base import (
    Attachment,
    Author,
    Ignored,
    Incoming,
    Interaction,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    Refused,
    Removal,
    SendError,
    Unknown,
)
from crowdalogue.channels.discord import OURS, SIGNATURE, STAMP, Discord
from crowdalogue.channels.discord_reading import born, snowflake
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import SLOW, Call, Outside, says

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SETTINGS = {
    "token": "token-of-tests",
    "channels": "100",
    "public_key": KEY.public_key().public_bytes_raw().hex(),
    "own": "helpful_lee\n42",
    "days": 3650,
}
ROBIN = {"id": "80000000000000001", "username": "robinv", "global_name": "Robin Vale", "avatar": "a1"}
ROOM = {"id": "100", "type": 0, "guild_id": "7", "name": "help"}


def name_of(n: int) -> str:
    return str(int(snowflake(datetime(2026, 2, 1, tzinfo=UTC) + timedelta(seconds=n))) + n)


class DiscordPeer(Peer):
    kind = "discord"
    settings = SETTINGS
    stamped = True

    def sign(self, body: bytes, now: datetime) -> Raw:
        stamp = str(int(now.timestamp()))
        proof = KEY.sign(stamp.encode() + body).hex()
        return Raw(body, {"content-type": "application/json", STAMP: stamp, SIGNATURE: proof})

    def message(self, said: Said) -> dict[str, Any]:
        author = {"id": str(80_000_000_000_000_000 + said.author), "username": f"customer{said.author}"}
        found: dict[str, Any] = {
            "id": name_of(said.n),
            "type": 0 if said.parent is None else 19,
            "channel_id": "100",
            "content": said.text,
            "author": author,
            "attachments": [],
            "mentions": [],
            "timestamp": said.at.isoformat(),
            "edited_timestamp": said.edited_at.isoformat() if said.edited_at else None,
        }
        if said.parent is not None:
            found["message_reference"] = {"type": 0, "channel_id": "100", "message_id": name_of(said.parent)}
        return found

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        """Somebody used the menu entry of the app on each of these messages."""
        raws = []
        for one in said:
            message = self.message(one)
            chosen = {"target_id": message["id"], "type": 3, "resolved": {"messages": {message["id"]: message}}}
            body = {
                "id": str(900_000 + one.n) + ("1" if one.edited_at else "0"),
                "type": 2,
                "data": chosen,
                "channel_id": "100",
                "guild_id": "7",
                "channel": ROOM,
                "member": {"user": ROBIN},
                "token": "t",
            }
            raws.append(self.sign(json.dumps(body).encode(), now))
        return raws

    def unknown(self, now: datetime) -> Raw:
        return self.sign(b'{"id": "1", "type": 99}', now)

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        messages = sorted(map(self.message, said), key=lambda m: int(m["id"]))

        def page(call: Call) -> httpx.Response:
            limit = int(call.query["limit"])
            after = call.query.get("after")
            found = [m for m in messages if int(m["id"]) > int(after or 0)]
            found = found[:limit] if after else found[-limit:]
            return httpx.Response(200, json=found[::-1])

        outside.on("GET", "/users/@me$", says({"id": "5", "bot": True}))
        outside.on("GET", "/channels/100$", says(ROOM))
        outside.on("GET", "/threads/active$", says({"threads": [], "members": [], "has_more": False}))
        outside.on("GET", "/channels/100/messages", page)

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/channels/100/messages$", says({"id": "999", "channel_id": "100"}))

    def id_of(self, said: Said) -> str:
        return name_of(said.n)


PEER = DiscordPeer()


@pytest.fixture
def discord() -> Discord:
    return Discord(SETTINGS)


def asked(
    discord: Discord, event: Mapping[str, Any], room: Mapping[str, Any] = ROOM, kind: str = "message"
) -> list[Item]:
    return discord.parse(Raw(json.dumps({"kind": kind, "channel": room, "me": "5", "event": event}).encode()))


def message(**more: Any) -> dict[str, Any]:
    usual = {
        "id": "1001",
        "type": 0,
        "channel_id": "100",
        "author": ROBIN,
        "content": "It leaks",
        "timestamp": NOW.isoformat(),
    }
    return {**usual, **more}


def one(discord: Discord, event: Mapping[str, Any], room: Mapping[str, Any] = ROOM) -> Incoming:
    (item,) = asked(discord, event, room)
    assert isinstance(item, Incoming)
    return item


# --- the door


def test_discord_asks_whether_the_address_is_ours(discord: Discord) -> None:
    ping = PEER.sign(b'{"id": "1", "type": 1, "token": "x"}', NOW)
    discord.verify(ping, NOW)
    answer = discord.handshake(ping)
    assert answer is not None and json.loads(answer.body) == {"type": 1}
    other = discord.handshake(Raw(b'{"version": 1, "application_id": "1", "type": 0}'))
    assert other is not None and other.status == 204
    assert discord.handshake(PEER.deliver([Said(1, "a", NOW)], NOW)[0]) is None


def test_a_wrong_signature_is_401_as_discord_wants_it(discord: Discord) -> None:
    ping = PEER.sign(b'{"id": "1", "type": 1}', NOW)
    with pytest.raises(Refused) as caught:
        discord.verify(Raw(b'{"id": "2", "type": 1}', ping.headers), NOW)
    assert caught.value.status == 401
    with pytest.raises(Refused, match="public key is missing"):
        Discord({**SETTINGS, "public_key": ""}).verify(ping, NOW)


def test_a_sample_needs_the_token(discord: Discord) -> None:
    raw = discord.sample(NOW)
    assert raw is not None
    discord.verify(raw, NOW)
    for spoiled in ({**raw.headers, OURS: "0" * 64}, {**raw.headers, STAMP: "1"}):
        with pytest.raises(Refused):
            discord.verify(Raw(raw.body, spoiled), NOW)
    without = Discord({**SETTINGS, "token": ""})
    theirs = without.sample(NOW)
    assert theirs is not None
    with pytest.raises(Refused):
        without.verify(theirs, NOW)


def test_a_command_is_answered_at_once(discord: Discord) -> None:
    answer = discord.respond(PEER.deliver([Said(1, "a", NOW)], NOW)[0])
    assert answer is not None
    assert json.loads(answer.body) == {
        "type": 4,
        "data": {"content": "Thank you, we have your message and answer here.", "flags": 64},
    }
    pressed = discord.respond(Raw(b'{"type": 3}'))
    assert pressed is not None and json.loads(pressed.body) == {"type": 6}
    assert discord.respond(Raw(b'{"type": 99}')) is None


def test_a_command_with_words_and_a_form(discord: Discord) -> None:
    nested = [{"name": "about", "type": 1, "options": [{"name": "words", "type": 3, "value": "It leaks"}]}]
    body = {"id": "77", "type": 2, "channel_id": "100", "guild_id": "7", "member": {"user": ROBIN}}
    (item,) = discord.parse(Raw(json.dumps({**body, "data": {"name": "ask", "options": nested}}).encode()))
    assert isinstance(item, Incoming)
    assert (item.external_id, item.text, item.author.name) == ("77", "It leaks", "Robin Vale")
    form = {"components": [{"type": 18, "component": {"type": 4, "value": "Since Monday"}}]}
    (item,) = discord.parse(Raw(json.dumps({**body, "type": 5, "data": form}).encode()))
    assert isinstance(item, Incoming) and item.text == "Since Monday"
    (item,) = discord.parse(Raw(json.dumps({**body, "data": {"name": "ping"}}).encode()))
    assert item == Ignored("the command ping without words")


def test_a_pressed_button(discord: Discord) -> None:
    body = {"id": "78", "type": 3, "user": ROBIN, "message": {"id": "1001"}, "data": {"custom_id": "yes"}}
    (item,) = discord.parse(Raw(json.dumps(body).encode()))
    assert isinstance(item, Interaction)
    assert (item.external_id, item.kind, item.target) == ("press:78", "button", "1001")


# --- what it says


def test_a_message_in_a_channel(discord: Discord) -> None:
    item = one(
        discord, message(content="Hi <@80000000000000009>", mentions=[{"id": "80000000000000009", "username": "kit"}])
    )
    assert item.text == "Hi @kit"
    assert item.external_id == "1001"
    assert item.author.name == "Robin Vale"
    assert item.author.facts["username"] == "robinv"
    assert item.author.facts["picture"].endswith("/80000000000000001/a1.png")
    assert item.author.facts["joined"] == "2015-08-09"
    assert item.threads == ("chat:100:80000000000000001",)
    assert item.url == "https://discord.com/channels/7/100/1001"
    assert item.extra["channel_id"] == "100" and item.extra["guild_id"] == "7"


def test_replies_threads_and_direct_messages(discord: Discord) -> None:
    reply = message(type=19, message_reference={"type": 0, "channel_id": "100", "message_id": "1000"})
    assert one(discord, reply).parents == ("1000",)
    thread = {**ROOM, "id": "1000", "type": 11, "parent_id": "100"}
    assert one(discord, message(), thread).parents == ("1000",)
    assert one(discord, message(), thread).threads == ("chat:1000",)
    assert one(discord, message(id="1000"), thread).parents == ()  # the first post of a forum thread
    direct = one(discord, message(), {"id": "300", "type": 1})
    assert direct.threads == ("chat:300",)
    assert direct.extra["direct"] == "yes"


def test_a_message_passed_on_is_no_reply(discord: Discord) -> None:
    shot = {
        "message": {
            "content": "Sold out",
            "attachments": [{"filename": "a.png", "url": "https://cdn.discordapp.com/a"}],
        }
    }
    item = one(discord, message(content="", message_reference={"type": 1, "message_id": "5"}, message_snapshots=[shot]))
    assert item.parents == ()
    assert item.text == "Sold out"
    assert item.attachments == (
        Attachment("a.png", "application/octet-stream", url="https://cdn.discordapp.com/a#100/1001"),
    )


def test_edits_and_deletions(discord: Discord) -> None:
    assert one(discord, message(edited_timestamp="2026-03-01T12:05:00+00:00")).edited_at == NOW + timedelta(minutes=5)
    assert asked(discord, {"id": "1001"}, kind="deleted") == [Removal("1001")]


def test_who_speaks_for_us(discord: Discord) -> None:
    assert one(discord, message(author={"id": "5", "username": "ourbot", "bot": True})).author.ours
    assert one(discord, message(author={"id": "42", "username": "ann"})).author.ours
    assert one(discord, message(author={"id": "43", "username": "helpful_lee"})).author.ours
    other = one(discord, message(author={"id": "44", "username": "helper", "bot": True})).author
    assert not other.ours and other.facts["bot"] is True


def test_reactions(discord: Discord) -> None:
    body = {"id": "1001", "emoji": "🔥", "users": [ROBIN]}
    (item,) = asked(discord, body, kind="reaction")
    assert isinstance(item, Interaction)
    assert (item.kind, item.target, item.author.name) == ("🔥", "1001", "Robin Vale")


def test_what_holds_nothing_and_what_is_not_known(discord: Discord) -> None:
    assert asked(discord, message(type=7)) == [Ignored("a notice of the type 7")]
    assert asked(discord, message(type=99)) == [Unknown("a message of the type 99")]
    (item,) = asked(discord, message(content=""))
    assert isinstance(item, Unknown) and "Message Content Intent" in item.what
    event = {"type": 1, "event": {"type": "APPLICATION_AUTHORIZED", "data": {}}}
    assert discord.parse(Raw(json.dumps(event).encode())) == [Ignored("an event of the kind APPLICATION_AUTHORIZED")]


@pytest.mark.parametrize(
    "broken", [{"id": None}, {"author": 5}, {"author": {}}, {"content": []}, {"attachments": [{}]}, {"mentions": 1}]
)
def test_a_broken_message_names_its_field(discord: Discord, broken: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood, match='"'):
        asked(discord, message(**broken))


# --- answers


def out(text: str = "It comes tomorrow.", **more: Any) -> Outgoing:
    usual: dict[str, Any] = {"answers": "1001", "about": {"channel_id": "100", "guild_id": "7"}}
    return Outgoing(key="k" * 12, to=Author("80000000000000001"), text=text, **{**usual, **more})


def test_an_answer_is_a_reply_that_is_taken_once(discord: Discord, outside: Outside) -> None:
    PEER.accept(outside)
    assert discord.send(out()).external_id == "999"
    first = outside.calls[-1]
    assert first.headers["authorization"] == "Bot token-of-tests"
    assert first.headers["user-agent"].startswith("DiscordBot (")
    assert first.json["message_reference"] == {"message_id": "1001", "fail_if_not_exists": False}
    assert first.json["allowed_mentions"] == {"parse": [], "replied_user": True}
    assert first.json["enforce_nonce"] is True and len(first.json["nonce"]) == 25
    discord.send(out())
    assert outside.calls[-1].json["nonce"] == first.json["nonce"]


def test_a_cut_connection_is_tried_again_with_the_same_nonce(discord: Discord, outside: Outside) -> None:
    outside.on("POST", "/messages$", SLOW, says({"id": "999"}))
    assert discord.send(out()).external_id == "999"
    assert outside.calls[0].json["nonce"] == outside.calls[1].json["nonce"]
    outside.always(SLOW)
    with pytest.raises(SendError) as caught:
        discord.send(out())
    assert caught.value.uncertain


def test_a_direct_answer_opens_a_direct_channel(discord: Discord, outside: Outside) -> None:
    outside.on("POST", "/users/@me/channels$", says({"id": "300", "type": 1}))
    outside.on("POST", "/channels/300/messages$", says({"id": "998"}))
    assert discord.send(out(mode="direct")).external_id == "998"
    assert outside.calls[0].json == {"recipient_id": "80000000000000001"}
    assert "message_reference" not in outside.calls[1].json


def test_files_go_with_the_text(discord: Discord, outside: Outside) -> None:
    PEER.accept(outside)
    discord.send(out(attachments=(Attachment("bill.pdf", "application/pdf", b"%PDF"),)))
    body = outside.calls[-1].body
    assert b'name="files[0]"; filename="bill.pdf"' in body and b"%PDF" in body and b"payload_json" in body
    with pytest.raises(SendError, match="10 files of 10 MB"):
        discord.send(out(attachments=(Attachment("a", "text/plain", b"x"),) * 11))


@pytest.mark.parametrize(
    ("status", "body", "says_what", "permanent"),
    [
        (401, {"message": "401: Unauthorized", "code": 0}, "bot token", True),
        (403, {"message": "Missing Access", "code": 50001}, "View Channel", True),
        (403, {"message": "Cannot send messages to this user", "code": 50007}, "no direct messages", True),
        (400, {"message": "Invalid Form Body", "code": 50035}, "Discord refused: Invalid Form Body", True),
        (429, {"message": "You are being rate limited.", "retry_after": 64.5, "global": False}, "fewer calls", False),
    ],
)
def test_refusals_in_words(
    discord: Discord, outside: Outside, status: int, body: dict[str, Any], says_what: str, permanent: bool
) -> None:
    outside.always(says(body, status))
    with pytest.raises(SendError, match=says_what) as caught:
        discord.send(out())
    assert caught.value.permanent is permanent
    assert len(outside.calls) == 1


def test_a_used_up_allowance_is_waited_for(discord: Discord, outside: Outside) -> None:
    used_up = says({"id": "999"}, X_RateLimit_Remaining="0", X_RateLimit_Reset_After="0.02")
    outside.on("POST", "/messages$", used_up)
    discord.send(out())
    discord.send(out())
    assert len(outside.calls) == 2


def test_deeds(discord: Discord, outside: Outside) -> None:
    outside.always(says(b"", 204))
    about = {"channel_id": "100", "guild_id": "7", "from_id": "80000000000000001"}
    for deed in discord.deeds:
        discord.act(deed, "1001", about)
    reaction = "/api/v10/channels/100/messages/1001/reactions/👍/@me"
    ban = "/api/v10/guilds/7/bans/80000000000000001"
    assert [(c.method, c.path) for c in outside.calls] == [
        ("PUT", reaction),
        ("DELETE", reaction),
        ("DELETE", "/api/v10/channels/100/messages/1001"),
        ("PUT", ban),
        ("DELETE", ban),
    ]
    outside.always(says({"message": "Unknown Message", "code": 10008}, 404))
    discord.act("delete", "1001", about)  # a second time is no fault
    with pytest.raises(SendError, match="cannot do that"):
        discord.act("hide", "1001", about)
    with pytest.raises(SendError, match="cannot do that"):
        discord.act("block", "1001", {"from_id": "80000000000000001"})


def test_a_file_whose_address_ran_out_is_asked_for_anew(discord: Discord, outside: Outside) -> None:
    old, new = "https://cdn.discordapp.com/1/a.png?ex=1", "https://cdn.discordapp.com/1/a.png?ex=2"
    file = {"filename": "a.png", "url": old}
    url = one(discord, message(attachments=[file])).attachments[0].url
    outside.on("GET", "ex=1$", says("gone", 404))
    outside.on("GET", "ex=2$", says(b"\x89PNG"))
    other = {"filename": "b.png", "url": "https://cdn.discordapp.com/1/b.png"}
    outside.on("GET", "/channels/100/messages/1001$", says(message(attachments=[other, {**file, "url": new}])))
    assert discord.download(url) == b"\x89PNG"
    assert "authorization" not in outside.calls[0].headers
    outside.on("GET", "/channels/100/messages/1001$", says(message(attachments=[other])))
    with pytest.raises(Failure, match="no longer has"):
        discord.download(url)
    with pytest.raises(Failure, match="not at Discord"):
        discord.download("https://example.com/a.png#100/1001")


# --- set-up


def test_set_up_says_what_is_missing(discord: Discord, outside: Outside) -> None:
    outside.on("GET", "/channels/100$", says(ROOM))
    outside.on("GET", "/applications/@me$", says({"id": "5", "flags": 1 << 19, "verify_key": SETTINGS["public_key"]}))
    discord.check()
    outside.on("GET", "/applications/@me$", says({"id": "5", "flags": 0}))
    with pytest.raises(Failure, match="Message Content Intent"):
        discord.check()
    outside.on("GET", "/applications/@me$", says({"id": "5", "flags": 1 << 18, "verify_key": "00"}))
    with pytest.raises(Failure, match="public key is not the one"):
        discord.check()
    with pytest.raises(Failure, match="id of your server"):
        Discord({"token": "x"}).check()
    with pytest.raises(Failure, match="token is missing"):
        Discord({"channels": "100"}).check()


def test_an_id_says_when_it_was_made() -> None:
    assert born(snowflake(NOW)) == NOW
    assert born("not an id") is None
