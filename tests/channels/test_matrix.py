"""Matrix: syncs and gaps as homeservers give them, and a whole conversation with a real one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue import flow
from crowdalogue.channels.base import (
    Attachment,
    Author,
    Fetched,
    Ignored,
    Incoming,
    Interaction,
    Item,
    Kind,
    NotUnderstood,
    Outgoing,
    Raw,
    Removal,
    SendError,
    Status,
    Unknown,
)
from crowdalogue.channels.matrix import Matrix
from crowdalogue.channels.social import rooms
from crowdalogue.errors import Failure
from crowdalogue.models import Conversation, Message, Reply, User
from tests.channels.contract import Peer, Said
from tests.outside import Call, Outside, says
from tests.peers import synapse

ME, ADA, ROOM = "@brand:example.com", "@ada:example.com", "!support:example.com"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(n: int, content: Mapping[str, Any], sender: str = ADA, kind: str = "m.room.message", **more: Any) -> Any:
    """One event as a homeserver gives it."""
    stamp = int((more.pop("at", AT) + timedelta(seconds=n)).timestamp() * 1000)
    return {
        "type": kind,
        "event_id": f"$event{n}",
        "sender": sender,
        "origin_server_ts": stamp,
        "content": dict(content),
        "unsigned": {"age": 120, "membership": "join"},
    } | more


def text(n: int, words: str = "Where is my parcel?", **more: Any) -> Any:
    return event(n, {"msgtype": "m.text", "body": words}, **more)


def member(user: str, name: str, n: int = 900) -> Any:
    return event(n, {"membership": "join", "displayname": name}, user, "m.room.member", state_key=user)


def sync(events: Sequence[Any], batch: str = "s2", limited: bool = False, **more: Any) -> dict[str, Any]:
    room = {
        "state": {"events": [member(ADA, "Ada")]},
        "timeline": {"events": list(events), "limited": limited, "prev_batch": f"p_{batch}"},
        "ephemeral": {"events": more.pop("ephemeral", [])},
    }
    return {"next_batch": batch, "rooms": {"join": {ROOM: room}} | more}


class MatrixPeer(Peer):
    kind = "matrix"
    settings = {"server": "https://matrix.example.com", "token": "token of a test", "join": True}
    signed = False

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        events = [self.event(s) for s in said]
        self.rooms(outside)
        outside.on("GET", "/sync", lambda call: httpx.Response(200, json=self.since(call, events)))

    def since(self, call: Call, events: list[Any]) -> dict[str, Any]:
        start = int(call.query.get("since", "s0")[1:])
        return sync(events[start:], f"s{len(events)}") if events[start:] else {"next_batch": f"s{len(events)}"}

    @staticmethod
    def rooms(outside: Outside, public: bool = False, people: int = 2) -> None:
        """What is asked about the account and its room."""
        outside.on("GET", "/account/whoami", says({"user_id": ME, "device_id": "D"}))
        outside.on("GET", "/joined_rooms", says({"joined_rooms": [ROOM]}))
        outside.on("GET", "/state/", says({"errcode": "M_NOT_FOUND", "error": "Event not found."}, 404))
        outside.on("GET", "join_rules", says({"join_rule": "public" if public else "invite"}))
        outside.on("GET", "joined_members", says({"joined": {f"@{n}:example.com": {} for n in range(people)}}))

    @staticmethod
    def event(said: Said) -> Any:
        content: dict[str, Any] = {"msgtype": "m.text", "body": said.text}
        if said.parent is not None:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": f"$event{said.n}"}}
        return event(said.n, content, f"@customer{said.author}:example.com", at=said.at - timedelta(seconds=said.n))

    def answering(self, said: Said) -> Mapping[str, Any]:
        return {"to": Author(ADA), "about": {"room": ROOM}}

    def accept(self, outside: Outside) -> None:
        self.rooms(outside)
        outside.on("PUT", "/send/m.room.message/", says({"event_id": "$answer"}))

    def id_of(self, said: Said) -> str:
        return f"$event{said.n}"


PEER = MatrixPeer()


def channel(**settings: Any) -> Matrix:
    return Matrix({**PEER.settings, **settings})


def items(fetched: Fetched, **settings: Any) -> list[Item]:
    return [item for raw in fetched.deliveries for item in channel(**settings).parse(raw)]


def one(fetched: Fetched) -> Any:
    [item] = items(fetched)
    return item


@pytest.fixture
def look(outside: Outside) -> Callable[..., Fetched]:
    """A poll that hears these events."""

    def poll(*events: Any, **more: Any) -> Fetched:
        PEER.rooms(outside, more.pop("public", False), more.pop("people", 2))
        outside.on("GET", "/sync", says(sync(events, **more)))
        return channel().fetch({"since": "s1", "me": ME, "ours": ["$mine"]})

    return poll


def test_a_message_says_who_where_and_to_what(look: Callable[..., Fetched]) -> None:
    answers = {"m.in_reply_to": {"event_id": "$mine"}}
    content = {
        "msgtype": "m.text",
        "body": "> <@brand:example.com> On its way\n\nStill nothing 📦 שלום",
        "format": "org.matrix.custom.html",
        "formatted_body": "<mx-reply><p>On its way</p></mx-reply>Still <b>nothing</b><script>x</script>",
        "m.relates_to": answers,
    }
    message = one(look(event(7, content)))
    assert (message.external_id, message.author.address, message.author.name) == ("$event7", ADA, "Ada")
    assert message.text == "Still nothing 📦 שלום"
    assert message.html == "Still <b>nothing</b>"
    assert message.parents == ("$mine",)
    assert message.threads == (ROOM,)
    assert message.sent_at == AT + timedelta(seconds=7)
    assert message.extra["room"] == ROOM
    assert not message.public


def test_our_own_words_come_back_as_ours(look: Callable[..., Fetched]) -> None:
    fetched = look(text(1, "On its way", sender=ME))
    assert one(fetched).author.ours
    assert fetched.cursor["ours"] == ["$mine", "$event1"]


def test_edits_reactions_and_what_is_taken_back(look: Callable[..., Fetched], outside: Outside) -> None:
    edit = {
        "msgtype": "m.text",
        "body": "* Where is my red parcel?",
        "m.new_content": {"msgtype": "m.text", "body": "Where is my red parcel?"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$event1"},
    }
    reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$mine", "key": "❤️"}}
    outside.on("GET", "/event/", says({"type": "m.room.message", "sender": ADA}))
    outside.on("GET", "/event/%24event3", says({"type": "m.reaction", "sender": ADA}))
    found = items(
        look(
            event(2, edit),
            event(3, reaction, kind="m.reaction"),
            event(4, {}, kind="m.room.redaction", redacts="$event3"),
            event(5, {"redacts": "$event1"}, kind="m.room.redaction"),
        )
    )
    edited, liked, unliked, removed = found
    assert isinstance(edited, Incoming)
    assert (edited.external_id, edited.text) == ("$event1", "Where is my red parcel?")
    assert edited.edited_at == AT + timedelta(seconds=2)
    assert isinstance(liked, Interaction) and isinstance(unliked, Interaction)
    assert (liked.kind, liked.target, liked.gone) == ("❤️", "$mine", False)
    assert (unliked.external_id, unliked.author.address, unliked.gone) == (liked.external_id, ADA, True)
    assert removed == Removal("$event1", AT + timedelta(seconds=5))


def test_nobody_edits_the_words_of_others(look: Callable[..., Fetched], outside: Outside) -> None:
    edit = {
        "msgtype": "m.text",
        "body": "* I am happy",
        "m.new_content": {"msgtype": "m.text", "body": "I am happy"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$event1"},
    }
    outside.on("GET", "/event/%24event1", says({"type": "m.room.message", "sender": "@other:example.com"}))
    assert isinstance(one(look(event(2, edit))), Ignored)
    outside.on("GET", "/event/%24event1", says({"errcode": "M_NOT_FOUND", "error": "Event not found."}, 404))
    assert isinstance(one(look(event(2, edit))), Ignored)


def test_files_have_a_name_a_caption_and_an_address(look: Callable[..., Fetched], outside: Outside) -> None:
    photo = {
        "msgtype": "m.image",
        "body": "lid.jpg",
        "url": "mxc://example.com/abc",
        "info": {"mimetype": "image/jpeg"},
    }
    plain, captioned = items(look(event(1, photo), event(2, photo | {"filename": "lid.jpg", "body": "It is broken"})))
    assert isinstance(plain, Incoming) and isinstance(captioned, Incoming)
    assert (plain.text, captioned.text) == ("", "It is broken")
    assert plain.attachments == (Attachment("lid.jpg", "image/jpeg", url="mxc://example.com/abc"),)
    outside.on("GET", "/v1/media/download/example.com/abc", says({"errcode": "M_UNRECOGNIZED"}, 404))
    outside.on("GET", "/media/v3/download/example.com/abc", says(b"picture"))
    assert channel().download("mxc://example.com/abc") == b"picture"
    for wrong in ("https://example.com/abc", "mxc://example.com/../secret/x", "mxc:abc"):
        with pytest.raises(Failure):
            channel().download(wrong)


def test_reading_of_ours_is_a_receipt_and_other_reading_is_nobodys_business(look: Callable[..., Fetched]) -> None:
    read = {user: {"ts": int(AT.timestamp() * 1000)} for user in (ADA, ME)}
    receipts = {"type": "m.receipt", "content": {"$mine": {"m.read": read}, "$event1": {"m.read": read}}}
    assert items(look(ephemeral=[receipts])) == [Status("$mine", "read", at=AT)]


def test_an_encrypted_message_is_said_to_be_unreadable(look: Callable[..., Fetched]) -> None:
    found = one(look(event(1, {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"}, kind="m.room.encrypted")))
    assert isinstance(found, Unknown)
    assert "cannot read encrypted rooms" in found.what and "without encryption" in found.what


def test_in_a_public_room_only_what_names_us_waits(look: Callable[..., Fetched]) -> None:
    named = event(2, {"msgtype": "m.text", "body": "help", "m.mentions": {"user_ids": [ME]}})
    fetched = look(text(1), named, event(3, {"msgtype": "m.notice", "body": "3 online"}), public=True)
    overheard, message, automatic = items(fetched)
    assert isinstance(overheard, Incoming) and isinstance(message, Incoming) and isinstance(automatic, Incoming)
    assert [i.kind for i in (overheard, message, automatic)] == [Kind.OVERHEARD, Kind.MESSAGE, Kind.AUTOMATIC]
    assert message.public
    assert message.threads == (f"{ROOM} {ADA}",), "in a group everybody has a conversation of their own"
    assert next(i.kind for i in items(fetched, groups="all") if isinstance(i, Incoming)) == Kind.MESSAGE


@pytest.mark.parametrize("odd", [{"m.relates_to": [1]}, {"m.relates_to": {"rel_type": "m.replace", "event_id": {}}}])
def test_one_odd_event_does_not_stop_the_others(odd: Any, look: Callable[..., Fetched]) -> None:
    fetched = look(event(1, odd), event(2, {"redacts": [1]}, kind="m.room.redaction"), text(3), member(ADA, "x") | odd)
    assert len(fetched.deliveries) == 3
    assert [i.external_id for i in channel().parse(fetched.deliveries[2]) if isinstance(i, Incoming)] == ["$event3"]
    try:
        assert [type(i) for i in channel().parse(fetched.deliveries[0])] == [Ignored]
    except NotUnderstood as fault:
        assert "m.relates_to" in fault.text


def test_what_a_room_says_of_itself_is_no_message(look: Callable[..., Fetched]) -> None:
    assert items(look(member(ADA, "Ada"))) == []
    assert isinstance(one(look(event(1, {}, kind="m.call.invite"))), Ignored)
    strange = one(look(event(1, {}, kind="com.example.poll")))
    assert strange == Unknown("an event of kind com.example.poll")


def test_history_and_an_absence_are_filled_page_by_page(outside: Outside) -> None:
    PEER.rooms(outside)
    outside.on("GET", "/sync", says(sync([text(9)], limited=True)), says({"next_batch": "s3"}))
    first = {"chunk": [text(8), text(7)], "end": "p7", "state": [member(ADA, "Ada")]}
    outside.on("GET", "/messages", says(first), says({"chunk": [text(6)], "end": "p6"}), says({"chunk": []}))
    fetched = channel().fetch({"since": "s1", "me": ME}, limit=3)
    assert fetched.more
    assert [i.external_id for i in items(fetched) if isinstance(i, Incoming)] == ["$event9", "$event8", "$event7"]
    assert [c.query["from"] for c in outside.of("GET", "/messages")] == ["p_s2"]
    assert outside.of("GET", "/messages")[0].query["to"] == "s1", "not further back than the last poll"
    rest = channel().fetch(fetched.cursor, limit=3)
    assert [i.external_id for i in items(rest) if isinstance(i, Incoming)] == ["$event6"]
    assert not rest.more and rest.cursor["gaps"] == []


def test_history_goes_back_as_far_as_the_settings_say(outside: Outside) -> None:
    PEER.rooms(outside)
    now = datetime.now(UTC)
    outside.on("GET", "/sync", says(sync([text(9, at=now)], limited=True)))
    pages = [text(8, at=now - timedelta(days=5)), text(7, at=now - timedelta(days=50))]
    outside.on("GET", "/messages", says({"chunk": pages, "end": "p7"}), says({"chunk": []}))
    fetched = channel(days=10).fetch({})
    assert [i.external_id for i in items(fetched) if isinstance(i, Incoming)] == ["$event9", "$event8"]
    assert not fetched.more and "to" not in outside.of("GET", "/messages")[0].query
    outside.on("GET", "/messages", says({"chunk": pages, "end": "p7"}), says({"chunk": []}))
    assert len(items(channel().fetch({}))) == 3


def test_a_room_that_was_left_keeps_no_gap_open(outside: Outside) -> None:
    PEER.rooms(outside)
    outside.on("GET", "/sync", says(sync([text(9)], limited=True)))
    outside.on("GET", "/messages", says({"errcode": "M_FORBIDDEN", "error": "You are not in it"}, 403))
    fetched = channel().fetch({"since": "s1", "me": ME})
    assert not fetched.more
    assert [type(i) for i in items(fetched)] == [Incoming, Unknown]


def test_invitations_are_accepted_where_they_should_be(outside: Outside) -> None:
    PEER.rooms(outside)
    invited = {"next_batch": "s2", "rooms": {"invite": {ROOM: {"invite_state": {"events": []}}}}}
    outside.on("GET", "/sync", says(invited))
    outside.on("POST", "/join/", says({"room_id": ROOM}))
    assert channel().fetch({"since": "s1", "me": ME}).deliveries == ()
    assert len(outside.of("POST", "/join/")) == 1
    channel(join=False).fetch({"since": "s1", "me": ME})
    assert len(outside.of("POST", "/join/")) == 1
    outside.on("POST", "/join/", says({"errcode": "M_FORBIDDEN", "error": "You are banned."}, 403))
    assert one(channel().fetch({"since": "s1", "me": ME})) == Unknown(
        f"an invitation to the room {ROOM} that could not be accepted (You are banned.)"
    )


def test_waiting_hears_at_once_and_asks_nothing_twice(outside: Outside) -> None:
    PEER.rooms(outside)
    outside.on("GET", "/sync", says(sync([text(1)])))
    mine = channel()
    assert len(list(mine.wait({"since": "s1", "me": ME}, 5))) == 1
    assert outside.calls[-1].query["timeout"] == "5000"
    assert len(items(mine.fetch({"since": "s1", "me": ME}))) == 1
    assert len(outside.of("GET", "/sync")) == 1
    assert list(mine.wait({}, 5)) == []


def answer(**more: Any) -> Outgoing:
    return Outgoing(
        **{"key": "key/1", "to": Author(ADA), "text": "Tomorrow", "answers": "$event1", "about": {"room": ROOM}} | more
    )


def test_an_answer_names_its_transaction_the_room_and_what_it_answers(outside: Outside) -> None:
    PEER.accept(outside)
    outside.on("POST", "/upload", says({"content_uri": "mxc://example.com/up"}))
    sent = channel().send(answer(attachments=(Attachment("a.pdf", "application/pdf", b"%PDF"),)))
    assert sent.external_id == "$answer"
    words, file = outside.of("PUT")
    assert words.url.endswith("/rooms/%21support%3Aexample.com/send/m.room.message/key%2F1")
    assert words.json["m.relates_to"] == {"m.in_reply_to": {"event_id": "$event1"}}
    assert words.json["m.mentions"] == {"user_ids": [ADA]}
    assert (file.json["msgtype"], file.json["url"]) == ("m.file", "mxc://example.com/up")
    channel().send(answer(about={"room": ROOM, "thread": "$root"}))
    assert outside.of("PUT")[-1].json["m.relates_to"]["event_id"] == "$root"


def test_an_answer_that_cannot_be_given_says_why(outside: Outside) -> None:
    PEER.accept(outside)
    with pytest.raises(SendError, match="not known in which room"):
        channel().send(answer(about={}))
    outside.on("PUT", "/send/", says({"errcode": "M_FORBIDDEN", "error": "You are not in this room."}, 403))
    with pytest.raises(SendError, match="You are not in this room"):
        channel().send(answer())
    outside.on("GET", "m.room.encryption", says({"algorithm": "m.megolm.v1.aes-sha2"}))
    with pytest.raises(SendError, match="encrypted") as caught:
        channel().send(answer())
    assert caught.value.permanent


def test_a_like_is_given_once_and_taken_back(outside: Outside) -> None:
    PEER.rooms(outside)
    given = event(5, {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$event1", "key": "👍"}}, ME)
    outside.on("GET", "/relations/", says({"chunk": []}), says({"chunk": [given]}))
    outside.on("PUT", "/send/m.reaction/", says({"event_id": "$event5"}))
    outside.on("PUT", "/redact/", says({"event_id": "$gone"}))
    about = {"room": ROOM, "sender": ADA}
    channel().act("like", "$event1", about)
    channel().act("like", "$event1", about)
    assert len(outside.of("PUT", "m.reaction")) == 1
    channel().act("unlike", "$event1", about)
    assert "/redact/%24event5/" in outside.of("PUT", "/redact/")[0].url
    outside.on("POST", "/ban", says({}))
    channel().act("block", "$event1", about)
    assert outside.of("POST", "/ban")[0].json == {"user_id": ADA}
    with pytest.raises(SendError):
        channel().act("like", "$event1", {})


def test_a_token_that_ended_says_where_to_get_another(outside: Outside) -> None:
    outside.always(says({"errcode": "M_UNKNOWN_TOKEN", "error": "Unknown token"}, 401))
    with pytest.raises(Failure, match=r"matrix.example.com does not know the access token.*Access Token") as caught:
        channel().check()
    assert "token of a test" not in caught.value.text
    PEER.rooms(outside)
    channel().check()


WORDS = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
JSON = st.recursive(
    WORDS, lambda deep: st.lists(deep, max_size=3) | st.dictionaries(st.text(max_size=9), deep), max_leaves=8
)


@given(JSON, st.sampled_from(["m.room.message", "m.reaction", "m.room.redaction", "m.room.encrypted", "m.sticker"]))
def test_any_content_is_read_or_refused(content: Any, kind: str) -> None:
    body = {"me": ME, "room": {"id": ROOM}, "event": event(1, {}, kind=kind) | {"content": content}}
    try:
        assert rooms.read(body)
    except NotUnderstood as fault:
        assert fault.text


def test_the_sample_is_read() -> None:
    raw = channel().sample(AT, 3, "Hello")
    assert isinstance(raw, Raw)
    [item] = channel().parse(raw)
    assert isinstance(item, Incoming)
    assert (item.text, item.sent_at) == ("Hello", AT)
    assert channel().parse(replace(raw, body=json.dumps({"fault": "x"}).encode())) == [Unknown("x")]


# --- with a real homeserver


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[synapse.Homeserver]:
    if synapse.missing():
        pytest.skip(synapse.missing())
    with synapse.homeserver(tmp_path_factory.mktemp("synapse")) as running:
        yield running


def drain(mine: Matrix, cursor: Mapping[str, Any]) -> tuple[list[Item], Mapping[str, Any]]:
    found: list[Item] = []
    for _ in range(50):
        fetched = mine.fetch(cursor, limit=50)
        found += [item for raw in fetched.deliveries for item in mine.parse(raw)]
        cursor = fetched.cursor
        if not fetched.more:
            return found, cursor
    raise AssertionError("it never ends")


@pytest.mark.peers
def test_a_conversation_through_a_real_homeserver(server: synapse.Homeserver) -> None:
    brand, ada = server.person("brand"), server.person("ada")
    mine = Matrix({"server": server.url, "token": brand.token})
    mine.check()
    _, cursor = drain(mine, {})

    room = ada.room(brand.user)
    early = ada.say(room, "Is anybody there?")
    _, cursor = drain(mine, cursor)  # the invitation
    found, cursor = drain(mine, cursor)
    assert {i.external_id for i in found if isinstance(i, Incoming)} == {early}

    asked = ada.say(room, "Where is my parcel? مرحبا 👋")
    assert len(list(mine.wait(cursor, 5))) == 1
    [message], cursor = drain(mine, cursor)
    assert isinstance(message, Incoming)
    assert (message.external_id, message.text, message.author.address) == (
        asked,
        "Where is my parcel? مرحبا 👋",
        ada.user,
    )

    reply = Outgoing("answer-1", Author(ada.user), "On its way", answers=asked, about=dict(message.extra))
    photo = Attachment("map.png", "image/png", b"\x89PNG of a map")
    sent = mine.send(replace(reply, attachments=(photo,)))
    assert mine.send(reply).external_id == sent.external_id, "a retry is the same message"
    heard = [e for e in ada.heard(room) if e["sender"] == brand.user and e["type"] == "m.room.message"]
    assert [e["content"]["body"] for e in heard] == ["map.png", "On its way"]
    assert heard[1]["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == asked

    ada.call("POST", f"/rooms/{room}/receipt/m.read/{sent.external_id}", {})
    echo, cursor = drain(mine, cursor)
    assert next(i.external_id for i in echo if isinstance(i, Incoming) and i.author.ours) == sent.external_id
    files = [f for i in echo if isinstance(i, Incoming) for f in i.attachments]
    assert mine.download(files[0].url) == photo.content
    later, cursor = drain(mine, cursor)
    assert any(isinstance(i, Status) and i.target == sent.external_id for i in [*echo, *later])
    assert drain(mine, cursor)[0] == []


@pytest.mark.peers
def test_edits_reactions_removals_and_gaps_through_a_real_homeserver(server: synapse.Homeserver) -> None:
    brand, ada = server.person("brand2"), server.person("ada2")
    mine = Matrix({"server": server.url, "token": brand.token})
    room = ada.room(brand.user)
    _, cursor = drain(mine, {})
    _, cursor = drain(mine, cursor)
    asked = ada.say(room, "Wher is it?")
    edit = {"m.new_content": {"msgtype": "m.text", "body": "Where is it?"}}
    ada.say(room, "* Where is it?", **edit, **{"m.relates_to": {"rel_type": "m.replace", "event_id": asked}})
    liked = ada.put(room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": asked, "key": "👍"}})
    found, cursor = drain(mine, cursor)
    assert [i.text for i in found if isinstance(i, Incoming) and i.external_id == asked] == [
        "Wher is it?",
        "Where is it?",
    ]
    ada.redact(room, liked)
    ada.redact(room, asked)
    found, cursor = drain(mine, cursor)
    assert [i.gone for i in found if isinstance(i, Interaction)] == [True]
    assert [i.external_id for i in found if isinstance(i, Removal)] == [asked]

    about = {"room": room, "sender": ada.user}
    greeting = ada.say(room, "Hello")
    for _ in range(2):
        mine.act("like", greeting, about)
    assert [e["type"] for e in ada.heard(room)][:2] == ["m.reaction", "m.room.message"]
    mine.act("unlike", greeting, about)
    assert ada.heard(room)[0]["type"] == "m.room.redaction"

    many = {ada.say(room, f"message {n}") for n in range(120)}
    found, cursor = drain(mine, cursor)
    missed = [i.external_id for i in found if isinstance(i, Incoming) and i.external_id in many]
    assert set(missed) == many and len(missed) == 120

    secret = ada.room(
        brand.user,
        initial_state=[
            {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
        ],
    )
    _, cursor = drain(mine, cursor)
    with pytest.raises(SendError, match="encrypted"):
        mine.send(Outgoing("answer-2", Author(ada.user), "Hello", about={"room": secret}))


@pytest.mark.peers
def test_the_whole_way_with_a_real_homeserver(server: synapse.Homeserver, owner: User, account: Any) -> None:
    """Asked, answered and heard again: two messages, whatever is polled how often."""
    brand, ada = server.person("brand3"), server.person("ada3")
    mine = account("matrix", settings={"server": server.url, "join": True}, secrets={"token": brand.token})
    room = ada.room(brand.user)
    flow.poll(mine)
    ada.say(room, "Where is my parcel?")
    for _ in range(3):
        flow.poll(mine)
    message = Message.objects.get()
    assert message.text == "Where is my parcel?"
    flow.answer(owner, message.conversation, "It comes tomorrow.", key="answer-key-1")
    assert flow.deliver() == 1
    newest = ada.heard(room)[0]
    assert newest["content"]["body"] == "It comes tomorrow."
    ada.call("POST", f"/rooms/{room}/receipt/m.read/{newest['event_id']}", {})
    for _ in range(3):
        flow.poll(mine)
    ada.say(room, "Thank you")
    new, _ = flow.poll(mine)
    assert new == 1 and flow.poll(mine) == (0, False)
    assert list(Message.objects.order_by("sent_at").values_list("text", flat=True)) == [
        "Where is my parcel?",
        "It comes tomorrow.",
        "Thank you",
    ]
    assert Conversation.objects.count() == 1
    assert Reply.objects.get().state in (Reply.State.SENT, "delivered", "read")
