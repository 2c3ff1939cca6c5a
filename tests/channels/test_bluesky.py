"""Bluesky: what its servers say, reduced to invented people, and a whole conversation through a real network."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
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
    Unknown,
)
from crowdalogue.channels.bluesky import Bluesky
from crowdalogue.channels.social import posts, xrpc
from crowdalogue.errors import Failure
from crowdalogue.models import Conversation, Message, Reply, User
from tests.channels.contract import Peer, Said
from tests.outside import Call, Outside, says
from tests.peers import bluesky as network

ME, ADA = "did:plc:brand2345", "did:plc:ada23456"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
POST = "app.bsky.feed.post"


def uri(n: int, did: str = ADA, collection: str = POST) -> str:
    return f"at://{did}/{collection}/3k{n:011d}"


def person(did: str = ADA, name: str = "Ada") -> dict[str, Any]:
    return {
        "did": did,
        "handle": f"{name.lower()}.example.com",
        "displayName": name,
        "description": "I am invented.",
        "labels": [],
        "createdAt": "2023-05-01T10:00:00.000Z",
    }


def post(text: str = "Where is my parcel?", at: datetime = AT, **more: Any) -> dict[str, Any]:
    return {"$type": POST, "text": text, "createdAt": at.isoformat().replace("+00:00", "Z"), "langs": ["en"]} | more


def notice(n: int, reason: str = "mention", record: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """One notification as listNotifications gives it."""
    at = more.pop("at", AT).isoformat().replace("+00:00", "Z")
    return {
        "uri": uri(n),
        "cid": f"cid{n}",
        "author": person(),
        "reason": reason,
        "record": dict(record or post()),
        "isRead": False,
        "indexedAt": at,
        "labels": [],
    } | more


def ref(n: int, did: str = ADA) -> dict[str, str]:
    return {"uri": uri(n, did), "cid": f"cid{n}"}


class BlueskyPeer(Peer):
    kind = "bluesky"
    settings = {"handle": "brand.example.com", "password": "abcd-efgh-ijkl-mnop", "service": "https://pds.example.com"}
    signed = False

    def sign_in(self, outside: Outside) -> None:
        session = {"did": ME, "handle": "brand.example.com", "accessJwt": "access", "refreshJwt": "refresh"}
        outside.on("POST", "createSession", says(session))
        outside.on("POST", "refreshSession", says(session | {"accessJwt": "access 2"}))

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        self.told(outside, [self.notice(s) for s in sorted(said, key=lambda s: s.at, reverse=True)])

    def told(self, outside: Outside, notices: list[Any], own: Sequence[Any] = (), gone: Sequence[str] = ()) -> None:
        """From now on the network tells of these, newest first, and our repository holds these records."""
        self.sign_in(outside)
        outside.on("GET", "listNotifications", lambda call: self.page(call, notices))
        outside.on("GET", "listRecords", lambda call: self.records(call, own))
        outside.on("GET", "getProfiles", says({"profiles": [person() | {"followersCount": 1200, "postsCount": 34}]}))
        outside.on("GET", "getPosts", lambda call: self.shown(call, gone))

    @staticmethod
    def page(call: Call, notices: list[Any]) -> httpx.Response:
        start, limit = int(call.query.get("cursor", "0")), int(call.query["limit"])
        found = notices[start : start + limit]
        more = {"cursor": str(start + limit)} if found else {}
        return httpx.Response(200, json={"notifications": found, "seenAt": "2026-01-01T00:00:00Z"} | more)

    @staticmethod
    def records(call: Call, own: Sequence[Any]) -> httpx.Response:
        assert call.query["reverse"] == "true"
        after = [r for r in own if r["uri"].rpartition("/")[2] > call.query.get("cursor", "")]
        return httpx.Response(200, json={"records": after[: int(call.query["limit"])]})

    @staticmethod
    def shown(call: Call, gone: Sequence[str]) -> httpx.Response:
        asked = httpx.URL(call.url).params.get_list("uris")
        views = [{"uri": u, "cid": "c", "likeCount": 3, "embed": {}} for u in asked if u not in gone]
        return httpx.Response(200, json={"posts": views})

    @staticmethod
    def notice(said: Said) -> dict[str, Any]:
        reply = {"reply": {"parent": ref(said.parent), "root": ref(said.parent)}} if said.parent is not None else {}
        author = person(f"did:plc:customer{said.author}", f"Customer{said.author}")
        return notice(said.n, "mention", post(said.text, said.at, **reply), at=said.at, author=author)

    def answering(self, said: Said) -> Mapping[str, Any]:
        return {"to": Author(ADA, "Ada"), "about": {**ref(said.n), "root": ref(said.n), "did": ADA}}

    def accept(self, outside: Outside) -> None:
        self.sign_in(outside)
        outside.on("POST", "putRecord", self.put)

    @staticmethod
    def put(call: Call) -> httpx.Response:
        body = call.json
        return httpx.Response(200, json={"uri": f"at://{ME}/{body['collection']}/{body['rkey']}", "cid": "new"})

    def id_of(self, said: Said) -> str:
        return uri(said.n)


PEER = BlueskyPeer()


@pytest.fixture(autouse=True)
def signed_out() -> None:
    xrpc.forget_sessions()


def channel(**settings: Any) -> Bluesky:
    return Bluesky({**PEER.settings, **settings})


def items(fetched: Fetched) -> list[Item]:
    return [item for raw in fetched.deliveries for item in channel().parse(raw)]


def read(**delivery: Any) -> Any:
    [item] = posts.read({"me": ME, **delivery})
    return item


# --- what it says


def test_a_mention_says_who_when_and_what_an_answer_needs(outside: Outside) -> None:
    PEER.told(outside, [notice(7, record=post("Where is it? 📦 שלום"))])
    [message] = items(channel().fetch({}))
    assert isinstance(message, Incoming)
    assert (message.external_id, message.text, message.language) == (uri(7), "Where is it? 📦 שלום", "en")
    assert (message.author.address, message.author.name) == (ADA, "Ada")
    assert message.author.facts["username"] == "ada.example.com"
    assert (message.author.facts["followers"], message.author.facts["joined"]) == (1200, "2023-05-01")
    assert message.sent_at == AT
    assert message.public and message.kind == Kind.MESSAGE
    assert message.extra["root"] == {"uri": uri(7), "cid": "cid7"}


def test_a_shortened_link_is_read_in_full() -> None:
    text = "📦 shop.example.com/orders/12... is late"
    start = len("📦 ".encode())
    link = "https://shop.example.com/orders/123456789"
    end = start + len(b"shop.example.com/orders/12...")
    mark = {
        "index": {"byteStart": start, "byteEnd": end},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": link}],
    }
    message = read(notification=notice(1, record=post(text, facets=[mark])))
    assert message.text == f"📦 {link} is late"
    assert message.extra["links"] == [link]


def test_replies_beneath_a_post_of_ours_are_a_conversation_each() -> None:
    ours = {"uri": uri(1, ME), "cid": "cid1"}
    first = read(notification=notice(2, "reply", post(reply={"root": ours, "parent": ours})))
    deeper = read(notification=notice(4, "reply", post(reply={"root": ours, "parent": ref(3, ME)})))
    assert first.parents == () and first.threads == (f"{uri(1, ME)} {ADA}",)
    assert deeper.parents == (uri(3, ME),) and deeper.threads == first.threads
    elsewhere = read(notification=notice(5, "reply", post(reply={"root": ref(1), "parent": ref(3, ME)})))
    assert elsewhere.parents == (uri(3, ME), uri(1))
    quote = read(notification=notice(6, "quote", post(embed={"$type": "app.bsky.embed.record", "record": ref(9)})))
    assert quote.parents == (uri(9),)


def test_pictures_and_counts_come_from_the_post_as_shown() -> None:
    picture = {"thumb": "https://cdn.example.com/t", "fullsize": "https://cdn.example.com/f", "alt": "a broken lid"}
    view = {"embed": {"$type": "app.bsky.embed.images#view", "images": [picture]}, "likeCount": 4, "repostCount": 1}
    message = read(notification=notice(1), post=view)
    assert message.attachments == (Attachment("a broken lid", "image/jpeg", url="https://cdn.example.com/f"),)
    assert (message.extra["likes"], message.extra["reposts"]) == (4, 1)
    nested = {"embed": {"$type": "app.bsky.embed.recordWithMedia#view", "media": {"images": [picture]}}}
    assert len(read(notification=notice(1), post=nested).attachments) == 1


@pytest.mark.parametrize(("reason", "kind"), [("like", "like"), ("repost", "repost"), ("like-via-repost", "like")])
def test_a_like_is_an_interaction_with_one_name(reason: str, kind: str) -> None:
    found = read(notification=notice(5, reason, {"subject": ref(1, ME)}, reasonSubject=uri(1, ME)))
    assert isinstance(found, Interaction)
    assert (found.external_id, found.kind, found.target) == (f"{kind}:{ADA}:{uri(1, ME)}", kind, uri(1, ME))


def test_other_notices_are_said_to_be_what_they_are() -> None:
    assert read(notification=notice(5, "follow", {})).external_id == f"follow:{ADA}"
    assert isinstance(read(notification=notice(5, "verified", {})), Ignored)
    assert read(notification=notice(5, "subscribed-post")).kind == Kind.OVERHEARD
    assert read(notification=notice(5, "waved", {})) == Unknown("a notice of waved")


def test_our_own_posts_come_back_as_ours(outside: Outside) -> None:
    image = {"alt": "map", "image": {"ref": {"$link": "bafkmap"}, "mimeType": "image/png", "size": 9}}
    embed = {"$type": "app.bsky.embed.images", "images": [image]}
    record = {"uri": uri(3, ME), "cid": "cid3", "value": post("On its way", reply={"root": ref(1), "parent": ref(1)})}
    record["value"]["embed"] = embed
    PEER.told(outside, [], own=[record])
    fetched = channel().fetch({})
    [mine] = items(fetched)
    assert isinstance(mine, Incoming)
    assert mine.author.ours and mine.parents == (uri(1),) and mine.to == (Author(ADA),)
    place = httpx.URL(mine.attachments[0].url)
    assert (place.host, place.path) == ("pds.example.com", "/xrpc/com.atproto.sync.getBlob")
    assert dict(place.params) == {"did": ME, "cid": "bafkmap"}
    assert items(channel().fetch(fetched.cursor)) == []


# --- asked


def whole(outside: Outside, cursor: Mapping[str, Any], limit: int = 200) -> tuple[list[Raw], Mapping[str, Any]]:
    found: list[Raw] = []
    for _ in range(60):
        fetched = channel().fetch(cursor, limit)
        found += fetched.deliveries
        cursor = fetched.cursor
        if not fetched.more:
            return found, cursor
    raise AssertionError("it never ends")


def test_the_past_is_walked_page_by_page_and_what_came_meanwhile_is_not_missed(outside: Outside) -> None:
    old = [notice(n, at=AT + timedelta(minutes=n)) for n in range(25, 0, -1)]
    PEER.told(outside, old)
    first = channel().fetch({}, limit=10)
    assert outside.of("GET", "listNotifications")[0].query["priority"] == "false", "strangers are customers"
    assert first.more and len(first.deliveries) == 10
    newer = [notice(30, at=AT + timedelta(hours=1)), *old]
    PEER.told(outside, newer)
    found, cursor = whole(outside, first.cursor, 10)
    again, _ = whole(outside, cursor, 10)
    keys = {raw.key for raw in (*first.deliveries, *found, *again)}
    assert len(keys) == 26


def test_a_post_dated_before_it_arrived_is_still_heard(outside: Outside) -> None:
    PEER.told(outside, [notice(2, at=AT)])
    _, cursor = whole(outside, {})
    PEER.told(outside, [notice(2, at=AT), notice(1, at=AT - timedelta(days=2))])
    found, _ = whole(outside, cursor)
    assert {i.external_id for raw in found for i in channel().parse(raw) if isinstance(i, Incoming)} == {uri(1), uri(2)}


def test_a_deleted_post_is_noticed_only_when_nobody_has_it(outside: Outside) -> None:
    PEER.told(outside, [notice(1), notice(2)])
    _, cursor = whole(outside, {})
    PEER.told(outside, [], gone=[uri(1), uri(2)])
    outside.on("GET", "getRecord", says({"uri": uri(2), "cid": "cid2", "value": {}}))
    outside.on(
        "GET", f"getRecord.*{uri(1)[-5:]}", says({"error": "RecordNotFound", "message": "Could not locate"}, 400)
    )
    found, cursor = whole(outside, cursor)
    assert [channel().parse(raw) for raw in found] == [[Removal(uri(1))]]
    assert cursor["watched"] == [uri(2)]


def test_a_session_that_ended_is_renewed_and_then_begun_anew(outside: Outside) -> None:
    PEER.told(outside, [])
    mine = channel()
    mine.check()
    mine.check()
    assert len(outside.of("POST", "createSession")) == 1, "servers allow few sign-ins a day"
    ended = says({"error": "ExpiredToken", "message": "Token has expired"}, 400)
    outside.on("GET", "listNotifications", ended, says({"notifications": []}))
    mine.check()
    assert outside.of("POST", "refreshSession")[0].headers["authorization"] == "Bearer refresh"
    assert outside.calls[-1].headers["authorization"] == "Bearer access 2"
    outside.on("GET", "listNotifications", ended, says({"notifications": []}))
    outside.on("POST", "refreshSession", ended)
    mine.check()
    assert len(outside.of("POST", "createSession")) == 2


def test_a_refused_password_says_where_to_get_another(outside: Outside) -> None:
    wrong = {"error": "AuthenticationRequired", "message": "Invalid identifier or password"}
    outside.on("POST", "createSession", says(wrong, 401))
    with pytest.raises(Failure, match=r"Invalid identifier.*new app password") as caught:
        channel().check()
    assert "abcd" not in caught.value.text
    outside.on("POST", "createSession", says({"error": "AuthFactorTokenRequired", "message": "A code was sent"}, 401))
    with pytest.raises(Failure, match="account's own password"):
        channel().check()


# --- direct messages

CHAT = "chat.bsky.convo.defs#"


def chat(n: int, text: str, did: str = ADA) -> dict[str, Any]:
    return {"$type": f"{CHAT}messageView", "id": f"m{n}", "rev": f"r{n}", "text": text, "sender": {"did": did}} | {
        "sentAt": "2026-03-01T12:00:00.000Z"
    }


def test_direct_messages_are_read_from_the_log_after_a_first_look_at_every_conversation(outside: Outside) -> None:
    PEER.told(outside, [])
    members = [person(), person(ME, "Brand")]
    convo = {"id": "c1", "rev": "r2", "members": members, "muted": False, "unreadCount": 1}
    outside.on("GET", "listConvos", says({"convos": [convo]}))
    outside.on("GET", "getMessages", says({"messages": [chat(2, "On its way", ME), chat(1, "Hello, private")]}))
    mine = channel(direct=True)
    fetched = mine.fetch({})
    ours, asked = items(fetched)
    assert isinstance(ours, Incoming) and isinstance(asked, Incoming)
    assert ours.author.ours and not asked.author.ours
    assert (asked.external_id, asked.threads, asked.public) == ("chat:c1:m1", ("chat:c1",), False)
    assert asked.author.name == "Ada"
    assert outside.of("GET", "listConvos")[0].headers["atproto-proxy"] == "did:web:api.bsky.chat#bsky_chat"

    created = {"$type": f"{CHAT}logCreateMessage", "convoId": "c1", "rev": "r1", "message": chat(1, "Hello, private")}
    deleted = {
        "$type": f"{CHAT}logDeleteMessage",
        "convoId": "c1",
        "rev": "r4",
        "message": {"$type": f"{CHAT}deletedMessageView", "id": "m1", "sender": {"did": ADA}},
    }
    reaction = {"value": "❤️", "sender": {"did": ADA}, "createdAt": "2026-03-01T12:01:00.000Z"}
    added = {"$type": f"{CHAT}logAddReaction", "convoId": "c1", "rev": "r5", "message": chat(2, "x", ME)}
    began = {"$type": f"{CHAT}logBeginConvo", "convoId": "c2", "rev": "r6"}
    logs = [created, deleted, added | {"reaction": reaction}, began]
    outside.on("GET", "getLog", says({"logs": logs, "cursor": "r6"}), says({"logs": [], "cursor": "r6"}))
    later = mine.fetch(fetched.cursor)
    again, removed, liked, nothing = items(later)
    assert later.deliveries[0].key == fetched.deliveries[1].key, "by log and by history it is one delivery"
    assert isinstance(again, Incoming) and removed == Removal("chat:c1:m1")
    assert isinstance(liked, Interaction) and (liked.kind, liked.target) == ("❤️", "chat:c1:m2")
    assert isinstance(nothing, Ignored)
    assert outside.of("GET", "getLog")[0].query["cursor"] == "r2"
    assert not mine.fetch(later.cursor).deliveries


def test_a_direct_message_is_answered_in_its_conversation(outside: Outside) -> None:
    PEER.sign_in(outside)
    outside.on("POST", "sendMessage", says({"id": "m9"}))
    out = Outgoing("k", Author(ADA), "See https://example.com/a", about={"convo": "c1"})
    assert channel().send(out).external_id == "chat:c1:m9"
    body = outside.of("POST", "sendMessage")[0].json
    assert body["convoId"] == "c1" and body["message"]["facets"][0]["index"] == {"byteStart": 4, "byteEnd": 25}
    outside.on("GET", "getConvoForMembers", says({"convo": {"id": "c7"}}))
    assert channel().send(replace(out, about=ref(1), mode="direct")).external_id == "chat:c7:m9"
    refused = {"error": "InvalidRequest", "message": "recipient requires incoming messages to come from someone"}
    outside.on("GET", "getConvoForMembers", says(refused, 400))
    with pytest.raises(SendError, match="recipient requires") as caught:
        channel().send(replace(out, about=ref(1), mode="direct"))
    assert caught.value.permanent


# --- answers and deeds


def answer(**more: Any) -> Outgoing:
    about = {**ref(2), "root": ref(1), "did": ADA}
    usual = {"key": "k1", "to": Author(ADA), "text": "On its way", "answers": uri(2), "about": about, "heard_at": AT}
    return Outgoing(**usual | more)


def test_an_answer_names_parent_root_and_marks_by_bytes(outside: Outside) -> None:
    PEER.accept(outside)
    outside.on("GET", "resolveHandle.*ada", says({"did": ADA}))
    outside.on("POST", "uploadBlob", says({"blob": {"$type": "blob", "ref": {"$link": "b"}, "size": 3}}))
    picture = Attachment("map", "image/png", b"png")
    sent = channel().send(answer(text="👋 @ada.example.com: https://example.com/a.", attachments=(picture,)))
    body = outside.of("POST", "putRecord")[0].json
    record = body["record"]
    assert record["reply"] == {"root": ref(1), "parent": ref(2)}
    content = record["text"].encode()
    marked = [content[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode() for f in record["facets"]]
    assert marked == ["@ada.example.com", "https://example.com/a"]
    assert record["embed"]["images"][0]["alt"] == "map"
    assert body["swapRecord"] is None, "only where there is none yet"
    assert sent.external_id == f"at://{ME}/{POST}/{body['rkey']}"


def test_a_retry_cannot_say_it_twice(outside: Outside) -> None:
    PEER.accept(outside)
    first = channel().send(answer())
    known = {"error": "InvalidSwap", "message": "Record was at bafy"}
    outside.on("POST", "putRecord", says(known, 400))
    outside.on("GET", "getRecord", lambda call: httpx.Response(200, json={"uri": first.external_id, "cid": "new"}))
    assert channel().send(answer()) == first
    assert channel().send(answer()).external_id != ""
    keys = {call.json["rkey"] for call in outside.of("POST", "putRecord")}
    assert len(keys) == 1
    PEER.accept(outside)
    channel().send(answer(key="k2"))
    assert len({call.json["rkey"] for call in outside.of("POST", "putRecord")}) == 2


def test_an_answer_that_cannot_be_given_says_why(outside: Outside) -> None:
    PEER.accept(outside)
    with pytest.raises(SendError, match="pictures of at most 1 MB"):
        channel().send(answer(attachments=(Attachment("a.pdf", "application/pdf", b"x"),)))
    outside.on("GET", "getPosts", says({"posts": []}))
    with pytest.raises(SendError, match="no longer there"):
        channel().send(answer(about={}))
    said = {"error": "InvalidRequest", "message": "Record/text must not be longer than 300 graphemes"}
    outside.on("POST", "putRecord", says(said, 400))
    with pytest.raises(SendError, match="300 graphemes") as caught:
        channel().send(answer())
    assert caught.value.permanent


def test_length_is_as_a_reader_sees_it() -> None:
    assert channel().length("👩‍👩‍👧‍👦 e\u0301") == 3


def test_deeds(outside: Outside) -> None:
    PEER.accept(outside)
    outside.on("POST", "deleteRecord", says({}))
    about = {"cid": "cid2", "did": ADA, "root": ref(1, ME)}
    for deed in ("like", "like", "unlike", "block", "unblock"):
        channel().act(deed, uri(2), about)
    liked, again, blocked = (c.json for c in outside.of("POST", "putRecord"))
    assert liked["record"]["subject"] == ref(2) and liked["rkey"] == again["rkey"]
    assert blocked["record"]["subject"] == ADA
    unliked, unblocked = (c.json for c in outside.of("POST", "deleteRecord"))
    assert unliked["rkey"] == liked["rkey"] and unblocked["rkey"] == blocked["rkey"]
    with pytest.raises(SendError, match="our own posts"):
        channel().act("delete", uri(2), about)
    channel().act("delete", uri(9, ME), {})
    assert outside.calls[-1].json == {"repo": ME, "collection": POST, "rkey": uri(9, ME)[-13:]}


def test_a_reply_beneath_our_post_is_hidden_and_shown_again(outside: Outside) -> None:
    PEER.accept(outside)
    about = {"root": ref(1, ME)}
    outside.on("GET", "getRecord", says({"error": "RecordNotFound", "message": "Could not locate record"}, 400))
    channel().act("hide", uri(2), about)
    made = outside.of("POST", "putRecord")[0].json
    assert made["rkey"] == uri(1, ME)[-13:] and made["record"]["hiddenReplies"] == [uri(2)]
    gate = {"post": uri(1, ME), "hiddenReplies": [uri(2), uri(8)], "allow": []}
    outside.on("GET", "getRecord", says({"uri": uri(1, ME), "cid": "gate1", "value": gate}))
    channel().act("unhide", uri(2), about)
    changed = outside.of("POST", "putRecord")[1].json
    assert changed["record"]["hiddenReplies"] == [uri(8)] and changed["swapRecord"] == "gate1"
    with pytest.raises(SendError, match="beneath a post of our own"):
        channel().act("hide", uri(2), {"root": ref(1)})


# --- search


def test_a_search_finds_what_is_said_of_us_and_goes_on_where_it_was(outside: Outside) -> None:
    PEER.sign_in(outside)

    def view(n: int, **record: Any) -> dict[str, Any]:
        at = (AT + timedelta(minutes=n)).isoformat().replace("+00:00", "Z")
        return {"uri": uri(n), "cid": f"cid{n}", "author": person(), "record": post(**record), "indexedAt": at}

    outside.on("GET", "searchPosts", says({"posts": [view(2), view(1)], "cursor": "2"}))
    first = channel().search(["garden lids"], {})
    assert outside.calls[-1].query["q"] == '"garden lids"'
    assert not first.more, "the first look does not go back for years"
    assert [i.kind for i in items(first) if isinstance(i, Incoming)] == [Kind.OVERHEARD, Kind.OVERHEARD]
    to_us = {"index": {"byteStart": 0, "byteEnd": 2}, "features": [{"did": ME}]}
    outside.on("GET", "searchPosts", says({"posts": [view(4, facets=[to_us]), view(3)], "cursor": "2"}))
    second = channel().search(["garden lids"], first.cursor)
    assert second.more
    assert [i.kind for i in items(second) if isinstance(i, Incoming)] == [Kind.MESSAGE, Kind.OVERHEARD]
    outside.on("GET", "searchPosts", says({"posts": [view(2), view(1)], "cursor": "4"}))
    third = channel().search(["garden lids"], second.cursor)
    assert outside.calls[-1].query["cursor"] == "2" and not third.more


SCRAP = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
JSON = st.recursive(
    SCRAP, lambda deep: st.lists(deep, max_size=3) | st.dictionaries(st.text(max_size=9), deep), max_leaves=8
)


@given(JSON, st.sampled_from(["mention", "like", "follow", "waved"]))
def test_any_record_is_read_or_refused(record: Any, reason: str) -> None:
    try:
        assert posts.read({"me": ME, "notification": notice(1, reason) | {"record": record}})
    except NotUnderstood as fault:
        assert fault.text
    with pytest.raises(NotUnderstood):
        channel().parse(Raw(json.dumps({"other": record}).encode()))


# --- with a real network

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def bluesky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[network.Network]:
    if network.missing():
        pytest.skip(network.missing())
    with network.network(tmp_path_factory.mktemp("bluesky")) as running:
        yield running


class Listener:
    """Polls a channel as the worker does: a delivery that was kept before is nothing new."""

    def __init__(self, mine: Bluesky) -> None:
        self.mine, self.cursor, self.kept = mine, dict[str, Any](), set[str]()

    def news(self) -> list[Item]:
        found: list[Item] = []
        for _ in range(20):
            fetched = self.mine.fetch(self.cursor)
            fresh = [raw for raw in fetched.deliveries if raw.key not in self.kept]
            self.kept |= {raw.key for raw in fresh}
            found += [item for raw in fresh for item in self.mine.parse(raw)]
            self.cursor = dict(fetched.cursor)
            if not fetched.more:
                return found
        raise AssertionError("it never ends")

    def until(self, sort: type, name: str = "") -> Any:
        def hit() -> Any:
            return next((i for i in self.news() if isinstance(i, sort) and name in ("", i.external_id)), None)

        return network.until(hit)


@pytest.mark.peers
def test_a_conversation_through_a_real_network(bluesky: network.Network) -> None:
    brand, ada = bluesky.person("brand"), bluesky.person("ada")
    ada.profile("Ada Example")
    mine = Bluesky({"handle": brand.handle, "password": brand.password, "service": bluesky.url})
    mine.check()
    listener = Listener(mine)
    assert listener.news() == []

    picture = {"image": ada.upload(DOT, "image/png"), "alt": "a broken lid"}
    embed = {"$type": "app.bsky.embed.images", "images": [picture]}
    asked = ada.mention(brand, "Where is my parcel? 👩‍👩‍👧 مرحبا", embed=embed)
    message = listener.until(Incoming)
    assert message.external_id == asked["uri"]
    assert message.text == f"@{brand.handle} Where is my parcel? 👩‍👩‍👧 مرحبا"
    assert (message.author.address, message.author.name) == (ada.did, "Ada Example")
    assert message.attachments[0].name == "a broken lid"
    assert listener.news() == []

    text = f"On its way, @{ada.handle}: https://example.com/track"
    reply = Outgoing("answer-1", message.author, text, answers=message.external_id, about=dict(message.extra))
    reply = replace(reply, heard_at=message.sent_at, attachments=(Attachment("map", "image/png", DOT),))
    sent = mine.send(reply)
    assert mine.send(reply) == sent, "a retry is the same post"
    replies = network.until(lambda: ada.thread(asked["uri"]).get("replies"))
    assert [r["post"]["uri"] for r in replies] == [sent.external_id]
    assert replies[0]["post"]["record"]["facets"][0]["features"][0]["did"] == ada.did
    told = network.until(lambda: ada.ask("app.bsky.notification.listNotifications")["notifications"])
    assert {n["uri"] for n in told} == {sent.external_id}
    echo = listener.until(Incoming, sent.external_id)
    assert echo.author.ours and mine.download(echo.attachments[0].url) == DOT

    here = {"uri": sent.external_id, "cid": replies[0]["post"]["cid"]}
    thanks = ada.make(POST, text="Thanks", reply={"root": asked, "parent": here})
    assert listener.until(Incoming, thanks["uri"]).parents == (sent.external_id, asked["uri"])
    ada.make("app.bsky.feed.like", subject=here)
    liked = listener.until(Interaction)
    assert (liked.kind, liked.target) == ("like", sent.external_id)
    ada.delete(thanks["uri"])
    assert listener.until(Removal).external_id == thanks["uri"]
    assert listener.news() == []


@pytest.mark.peers
def test_deeds_and_search_through_a_real_network(bluesky: network.Network) -> None:
    brand, ada = bluesky.person("brand2"), bluesky.person("ada2")
    mine = Bluesky({"handle": brand.handle, "password": brand.password, "service": bluesky.url})
    listener = Listener(mine)
    listener.news()
    own = brand.make(POST, text="A new lid for every garden")
    listener.until(Incoming, own["uri"])
    # The network never tells of a reply that it hears of before the post it answers, as happens within milliseconds.
    network.until(lambda: ada.ask("app.bsky.feed.getPosts", uris=[own["uri"]])["posts"])
    reply = ada.make(POST, text="Buy followers cheaply", reply={"root": own, "parent": own})
    spam = listener.until(Incoming, reply["uri"])
    assert spam.threads == (f"{own['uri']} {ada.did}",)
    for deed in ("hide", "hide", "like", "like", "block", "block"):
        mine.act(deed, reply["uri"], spam.extra)
    key = own["uri"].rpartition("/")[2]
    gate = brand.ask("com.atproto.repo.getRecord", repo=brand.did, collection="app.bsky.feed.threadgate", rkey=key)
    assert gate["value"]["hiddenReplies"] == [reply["uri"]]
    for collection in ("app.bsky.feed.like", "app.bsky.graph.block"):
        records = brand.ask("com.atproto.repo.listRecords", repo=brand.did, collection=collection)["records"]
        assert len(records) == 1, collection
    for deed in ("unhide", "unlike", "unblock"):
        mine.act(deed, reply["uri"], spam.extra)
    assert brand.ask("com.atproto.repo.listRecords", repo=brand.did, collection="app.bsky.feed.like")["records"] == []

    said = ada.make(POST, text="My marmalade jar leaks")
    found = network.until(lambda: mine.search(["marmalade"], {}).deliveries)
    [overheard] = mine.parse(found[0])
    assert isinstance(overheard, Incoming)
    assert (overheard.external_id, overheard.kind) == (said["uri"], Kind.OVERHEARD)
    mine.act("delete", own["uri"], {})
    assert listener.until(Removal, own["uri"])


@pytest.mark.peers
def test_the_whole_way_with_a_real_network(bluesky: network.Network, owner: User, account: Any) -> None:
    """Asked, answered and heard again: two messages, whatever is polled how often."""
    brand, ada = bluesky.person("brand3"), bluesky.person("ada3")
    settings = {"handle": brand.handle, "service": bluesky.url}
    mine = account("bluesky", settings=settings, secrets={"password": brand.password})
    flow.poll(mine)
    asked = ada.mention(brand, "Where is my parcel?")
    network.until(lambda: flow.poll(mine)[0])
    message = Message.objects.get()
    assert message.external_id == asked["uri"]
    flow.answer(owner, message.conversation, "It comes tomorrow.", key="answer-key-1")
    assert flow.deliver() == 1
    reply = network.until(lambda: ada.thread(asked["uri"]).get("replies"))[0]["post"]
    assert reply["record"]["text"] == "It comes tomorrow."
    for _ in range(3):
        flow.poll(mine)
    here = {"uri": reply["uri"], "cid": reply["cid"]}
    ada.make(POST, text="Thank you", reply={"root": asked, "parent": here})
    network.until(lambda: flow.poll(mine)[0])
    assert flow.poll(mine) == (0, False)
    texts = list(Message.objects.order_by("sent_at").values_list("text", flat=True))
    assert texts == [f"@{brand.handle} Where is my parcel?", "It comes tomorrow.", "Thank you"]
    assert Conversation.objects.count() == 1
    assert Reply.objects.get().state == Reply.State.SENT
