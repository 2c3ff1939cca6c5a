"""X: both dialects, the webhook's proof, what is asked, answered and done there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crowdalogue.channels.base import (
    UNTIL,
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
    Status,
    Unknown,
)
from crowdalogue.channels.x import X
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import SLOW, Outside, says

US = "2000"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = {
    "api_key": "key",
    "api_secret": "secret of the app",
    "access_token": f"{US}-token",
    "access_secret": "token secret",
    "direct": True,
    "minutes": 0,
}


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mac(body: bytes, secret: str = "secret of the app") -> str:
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


class XPeer(Peer):
    kind = "x"
    settings = SETTINGS

    def sign(self, body: bytes, now: datetime) -> Raw:
        return Raw(body, {"content-type": "application/json", "x-twitter-webhooks-signature": mac(body)})

    def event(self, now: datetime, **events: Any) -> Raw:
        return self.sign(json.dumps({"for_user_id": US, **events}).encode(), now)

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [self.event(now, tweet_create_events=[self.old(s) for s in said])]

    def old(self, said: Said) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id_str": self.number(said),
            "created_at": (said.edited_at or said.at).strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "text": f"{escaped(said.text)}",
            "user": {"id_str": str(1000 + said.author), "name": f"Customer {said.author}", "screen_name": "customer"},
            "entities": {"user_mentions": [{"id_str": US, "screen_name": "us"}]},
        }
        if said.parent is not None:
            told["in_reply_to_status_id_str"] = self.base(said.parent)
        if said.edited_at:
            told["edit_history"] = {"initial_tweet_id": self.base(said.n), "edit_tweet_ids": [self.base(said.n)]}
        return told

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        newest_first = sorted(said, key=lambda s: s.at, reverse=True)
        page = {
            "data": [
                {
                    "id": self.number(s),
                    "author_id": str(1000 + s.author),
                    "created_at": s.at.isoformat(),
                    "text": escaped(s.text),
                    "entities": {"mentions": [{"id": US, "username": "us"}]},
                }
                for s in newest_first
            ],
            "includes": {"users": [{"id": str(1000 + s.author), "name": "C", "username": "customer"} for s in said]},
            "meta": {"result_count": len(said)},
        }
        outside.on("GET", f"/2/users/{US}/mentions", says(page))
        outside.on("GET", f"/2/(dm_events|users/{US}/tweets)", says({"meta": {"result_count": 0}}))

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/2/tweets$", says({"data": {"id": "1900000000000009999", "text": "x"}}, 201))

    def removed(self, said: Said, now: datetime) -> Raw | None:
        told = {
            "status": {"id": self.base(said.n), "user_id": "1001"},
            "timestamp_ms": str(int(now.timestamp() * 1000)),
        }
        return self.event(now, tweet_delete_events=[told])

    def unknown(self, now: datetime) -> Raw | None:
        return self.event(now, telepathy_events=[{"id": 1}])

    @staticmethod
    def base(n: int) -> str:
        return str(1900000000000000000 + n)

    def number(self, said: Said) -> str:
        return self.base(said.n + (500_000 if said.edited_at else 0))

    def id_of(self, said: Said) -> str:
        return self.base(said.n)


PEER = XPeer()


@pytest.fixture
def x() -> X:
    return X(SETTINGS)


def hook(x: X, **events: Any) -> list[Item]:
    raw = PEER.event(AT, **events)
    x.verify(raw, AT)
    return x.parse(raw)


def asked(x: X, page: dict[str, Any], door: str = "mentions", **headers: str) -> list[Item]:
    return x.parse(Raw(json.dumps(page).encode(), {"x-asked": door, **headers}))


# --- the door


def test_only_what_x_signed_is_let_in(x: X) -> None:
    raw = PEER.deliver([Said(1, "Hi", AT)], AT)[0]
    x.verify(raw, AT)
    for spoiled, words in (
        (Raw(raw.body), "missing"),
        (Raw(raw.body + b" ", raw.headers), "wrong"),
        (Raw(raw.body, {"x-twitter-webhooks-signature": mac(raw.body, "other")}), "wrong"),
        (Raw(raw.body, {"x-twitter-webhooks-signature": "sha256=ü"}), "wrong"),
    ):
        with pytest.raises(Refused, match=words):
            x.verify(spoiled, AT)
    with pytest.raises(Refused, match="no API key secret"):
        X({}).verify(raw, AT)


def test_the_address_answers_when_x_asks(x: X) -> None:
    answer = x.greet(Raw(b"", method="GET", url="https://crowd.example.com/hooks/1/?crc_token=abc&nonce=7"))
    assert json.loads(answer.body) == {"response_token": mac(b"abc")}
    with pytest.raises(Refused):
        x.greet(Raw(b"", method="GET", url="https://crowd.example.com/hooks/1/"))


def test_a_sample_is_genuine(x: X) -> None:
    raw = x.sample(AT, 2, "Where <is> it & why?")
    assert raw
    x.verify(raw, AT)
    [message] = x.parse(raw)
    assert isinstance(message, Incoming)
    assert (message.text, message.kind, message.sent_at) == ("Where <is> it & why?", Kind.MESSAGE, AT)


# --- posts


V2 = {
    "id": "1900000000000000050",
    "author_id": "1001",
    "conversation_id": "1900000000000000010",
    "created_at": "2026-03-01T12:00:00.000Z",
    "lang": "en",
    "in_reply_to_user_id": US,
    "text": "@us the lid &lt;jams&gt; &amp; leaks, see https://t.co/aaa… https://t.co/pic",
    "note_tweet": {
        "text": "@us the lid &lt;jams&gt; &amp; leaks, see https://t.co/aaa and much more https://t.co/pic",
        "entities": {"urls": [{"url": "https://t.co/aaa", "expanded_url": "https://example.com/lid"}]},
    },
    "entities": {
        "urls": [
            {"url": "https://t.co/aaa", "expanded_url": "https://example.com/lid"},
            {"url": "https://t.co/pic", "expanded_url": "https://x.com/ada/status/1/photo/1", "media_key": "3_7"},
        ],
        "mentions": [{"id": US, "username": "us"}],
    },
    "attachments": {"media_keys": ["3_7", "7_8"]},
    "geo": {"place_id": "p1"},
    "public_metrics": {"like_count": 4, "retweet_count": 1},
    "referenced_tweets": [
        {"type": "replied_to", "id": "1900000000000000010"},
        {"type": "quoted", "id": "1900000000000000002"},
    ],
    "edit_history_tweet_ids": ["1900000000000000050"],
}
INCLUDES = {
    "users": [
        {
            "id": "1001",
            "name": "Ada Example",
            "username": "ada_example",
            "created_at": "2015-01-02T03:04:05.000Z",
            "verified": False,
            "location": "Leeds",
            "public_metrics": {"followers_count": 120, "following_count": 80, "tweet_count": 900},
        }
    ],
    "media": [
        {"media_key": "3_7", "type": "photo", "url": "https://pbs.twimg.com/media/a.jpg"},
        {
            "media_key": "7_8",
            "type": "video",
            "preview_image_url": "https://pbs.twimg.com/still.jpg",
            "variants": [
                {"content_type": "application/x-mpegURL", "url": "https://video.twimg.com/a.m3u8"},
                {"bit_rate": 632000, "content_type": "video/mp4", "url": "https://video.twimg.com/small.mp4"},
                {"bit_rate": 2176000, "content_type": "video/mp4", "url": "https://video.twimg.com/good.mp4"},
                {"bit_rate": 10368000, "content_type": "video/mp4", "url": "https://video.twimg.com/huge.mp4"},
            ],
        },
    ],
    "places": [{"id": "p1", "full_name": "Leeds, England"}],
}


def test_a_mention_that_was_asked_for(x: X) -> None:
    [post] = asked(x, {"data": [V2], "includes": INCLUDES})
    assert isinstance(post, Incoming)
    assert post.external_id == "1900000000000000050"
    assert post.text == "@us the lid <jams> & leaks, see https://example.com/lid and much more"
    assert post.author.address == "1001"
    assert post.author.facts == {
        "username": "ada_example",
        "followers": 120,
        "following": 80,
        "posts": 900,
        "verified": False,
        "place": "Leeds",
        "joined": "2015-01-02",
    }
    assert post.parents == ("1900000000000000010",)
    assert post.threads == ("x:1900000000000000010",)
    assert (post.kind, post.public, post.language) == (Kind.MESSAGE, True, "en")
    assert post.url == "https://x.com/ada_example/status/1900000000000000050"
    assert [(f.name, f.media_type, f.url) for f in post.attachments] == [
        ("3_7.jpg", "image/jpeg", "https://pbs.twimg.com/media/a.jpg"),
        ("7_8.mp4", "video/mp4", "https://video.twimg.com/good.mp4"),
    ]
    assert post.extra["quotes"] == "1900000000000000002"
    assert post.extra["place"] == "Leeds, England"
    assert post.edited_at is None


def test_an_edit_is_a_newer_version_of_the_first(x: X) -> None:
    first = 1900000000000000050
    history = [str(first), str(first + 9)]
    [post] = asked(x, {"data": [V2 | {"id": history[1], "edit_history_tweet_ids": history}], "includes": INCLUDES})
    assert isinstance(post, Incoming)
    assert (post.external_id, post.extra["tweet"]) == (history[0], history[1])
    assert post.edited_at == AT
    assert post.sent_at == datetime.fromtimestamp(((first >> 22) + 1288834974657) / 1000, UTC)


def test_a_repost_is_an_interaction_and_our_own_post_is_ours(x: X) -> None:
    again = {"id": "7", "author_id": "1001", "text": "RT", "referenced_tweets": [{"type": "retweeted", "id": "5"}]}
    ours = {"id": "8", "author_id": US, "text": "Hello"}
    repost, own = asked(x, {"data": [again, ours]})
    assert isinstance(repost, Interaction)
    assert (repost.external_id, repost.kind, repost.target) == ("repost:1001:5", "repost", "5")
    assert isinstance(own, Incoming)
    assert own.author.ours


def test_one_broken_post_keeps_the_others(x: X) -> None:
    items = asked(x, {"data": [{"text": "no id"}, V2, {"id": "3"}]})
    assert [type(i) for i in items] == [Unknown, Incoming, Unknown]


def test_what_a_search_found_is_overheard_unless_it_names_us(x: X) -> None:
    other = {"id": "9", "author_id": "1002", "text": "My kettle leaks"}
    to_us, about = asked(x, {"data": [V2, other]}, "search", **{"x-overheard": "yes"})
    assert isinstance(to_us, Incoming) and isinstance(about, Incoming)
    assert (to_us.kind, about.kind) == (Kind.MESSAGE, Kind.OVERHEARD)


def test_the_older_dialect(x: X) -> None:
    told = {
        "created_at": "Sun Mar 01 12:00:00 +0000 2026",
        "id_str": "1900000000000000050",
        "text": "@us short…",
        "lang": "und",
        "extended_tweet": {
            "full_text": "@us the lid jams &amp; leaks https://t.co/aaa https://t.co/pic",
            "entities": {
                "urls": [{"url": "https://t.co/aaa", "expanded_url": "https://example.com/lid"}],
                "user_mentions": [{"id_str": US}],
            },
            "extended_entities": {
                "media": [
                    {
                        "id_str": "77",
                        "type": "photo",
                        "url": "https://t.co/pic",
                        "expanded_url": "https://x.com/ada/status/1/photo/1",
                        "media_url_https": "https://pbs.twimg.com/media/a.jpg",
                    }
                ]
            },
        },
        "in_reply_to_status_id_str": "1900000000000000010",
        "user": {"id_str": "1001", "name": "Ada", "screen_name": "ada", "followers_count": 9, "verified": True},
    }
    [post] = hook(x, tweet_create_events=[told])
    assert isinstance(post, Incoming)
    assert post.text == "@us the lid jams & leaks https://example.com/lid"
    assert post.parents == ("1900000000000000010",)
    assert (post.sent_at, post.language, post.kind) == (AT, "", Kind.MESSAGE)
    assert post.author.facts == {"username": "ada", "followers": 9, "verified": True}
    assert [f.url for f in post.attachments] == ["https://pbs.twimg.com/media/a.jpg"]
    [repost] = hook(x, tweet_create_events=[told | {"retweeted_status": {"id_str": "5"}}])
    assert isinstance(repost, Interaction)
    assert repost.external_id == "repost:1001:5"


# --- other events


def test_likes_follows_and_blocks(x: X) -> None:
    ada = {"id_str": "1001", "name": "Ada", "screen_name": "ada"}
    like = {"id": "q", "timestamp_ms": 1772366400000, "favorited_status": {"id_str": "5"}, "user": ada}
    [liked] = hook(x, favorite_events=[like])
    assert liked == Interaction("like:1001:5", Author("1001", "Ada", facts={"username": "ada"}), "like", AT, "5")
    move = {"type": "follow", "created_timestamp": "1772366400000", "source": ada, "target": {"id": US}}
    [came] = hook(x, follow_events=[move])
    [went] = hook(x, follow_events=[move | {"type": "unfollow"}])
    assert isinstance(came, Interaction) and isinstance(went, Interaction)
    assert came.external_id == went.external_id == f"follow:1001:{US}"
    assert (came.gone, went.gone) == (False, True)
    [blocked] = hook(x, block_events=[move | {"type": "block"}])
    assert isinstance(blocked, Interaction)
    assert blocked.kind == "block"


def test_deleted_read_typing_revoked_and_unheard_of(x: X) -> None:
    told = {"status": {"id": "5", "user_id": "1001"}, "timestamp_ms": "1772366400000"}
    assert hook(x, tweet_delete_events=[told]) == [Removal("5", AT)]
    read = {"created_timestamp": "1772366400000", "sender_id": "1001", "last_read_event_id": "88"}
    read["target"] = {"recipient_id": US}  # type: ignore[assignment]
    assert hook(x, direct_message_mark_read_events=[read]) == [Status(f"{UNTIL}dm:1001-{US}", "read", at=AT)]
    assert isinstance(hook(x, direct_message_mark_read_events=[read | {"sender_id": US}])[0], Ignored)
    assert isinstance(hook(x, direct_message_indicate_typing_events=[{}])[0], Ignored)
    [revoked] = hook(x, user_event={"revoke": {"source": {"user_id": US}}})
    assert isinstance(revoked, Unknown) and "Connect it again" in revoked.what
    [odd] = hook(x, telepathy_events=[{}])
    assert isinstance(odd, Unknown)
    with pytest.raises(NotUnderstood, match="no event"):
        hook(x)


def test_direct_messages_have_one_id_and_thread_by_both_doors(x: X) -> None:
    old = {
        "type": "message_create",
        "id": "1900000000000000070",
        "created_timestamp": "1772366400000",
        "message_create": {
            "target": {"recipient_id": US},
            "sender_id": "1001",
            "message_data": {
                "text": "My order https://t.co/aaa https://t.co/pic",
                "entities": {"urls": [{"url": "https://t.co/aaa", "expanded_url": "https://example.com/o"}]},
                "attachment": {
                    "type": "media",
                    "media": {
                        "id_str": "5",
                        "type": "photo",
                        "url": "https://t.co/pic",
                        "media_url_https": "https://ton.twitter.com/1.1/ton/data/dm/5.jpg",
                    },
                },
            },
        },
    }
    [hooked] = hook(x, direct_message_events=[old], users={"1001": {"id": "1001", "name": "Ada", "screen_name": "ada"}})
    new = {
        "id": "1900000000000000070",
        "event_type": "MessageCreate",
        "text": "My order",
        "created_at": "2026-03-01T12:00:00Z",
        "sender_id": "1001",
        "dm_conversation_id": f"1001-{US}",
    }
    polled, joined, odd = asked(
        x,
        {"data": [new, {"id": "1", "event_type": "ParticipantsJoin"}, {"id": "2", "event_type": "Dance"}]},
        "direct",
    )
    assert isinstance(hooked, Incoming) and isinstance(polled, Incoming)
    assert hooked.external_id == polled.external_id
    assert hooked.threads == polled.threads == (f"dm:1001-{US}",)
    assert hooked.text == "My order https://example.com/o"
    assert not hooked.public
    assert hooked.author.name == "Ada"
    assert [f.url for f in hooked.attachments] == ["https://ton.twitter.com/1.1/ton/data/dm/5.jpg"]
    assert isinstance(joined, Ignored) and isinstance(odd, Unknown)


def test_the_newer_activity_events(x: X) -> None:
    def event(kind: str, payload: Any) -> list[Item]:
        body = json.dumps({"data": {"event_type": kind, "filter": {"user_id": US}, "payload": payload}}).encode()
        return x.parse(Raw(body))

    [post] = event("post.mention.create", V2)
    assert isinstance(post, Incoming)
    assert post.external_id == "1900000000000000050"
    assert event("post.delete", {"id": "5"}) == [Removal("5")]
    [odd] = event("space.start", {"id": "5"})
    assert isinstance(odd, Unknown) and "space.start" in odd.what


# --- asking


def test_asking_goes_back_page_by_page_then_asks_for_news_only(x: X, outside: Outside) -> None:
    def posts(*numbers: int) -> dict[str, Any]:
        return {"data": [{"id": str(n), "author_id": "1001", "text": f"{n}"} for n in numbers]}

    outside.on("GET", "dm_events|/tweets", says({"meta": {"result_count": 0}}))
    outside.on(
        "GET",
        "mentions",
        says(posts(30, 20) | {"meta": {"next_token": "older"}}),
        says(posts(10) | {"meta": {}}),
        says({"meta": {"result_count": 0}}),
    )
    cursor: Any = {}
    got = []
    for _ in range(4):
        fetched = x.fetch(cursor)
        cursor = fetched.cursor
        got += [i.external_id for raw in fetched.deliveries for i in x.parse(raw) if isinstance(i, Incoming)]
    assert (got, fetched.more) == (["30", "20", "10"], False)
    first, second = outside.of("GET", "mentions")
    assert second.query["pagination_token"] == "older"
    assert first.headers["authorization"].startswith("OAuth ")
    x.fetch(cursor)
    assert outside.of("GET", "mentions")[-1].query["since_id"] == "30"


def test_without_the_right_to_direct_messages_mentions_go_on(x: X, outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Hi", AT)])
    outside.on("GET", "dm_events", says({"type": "https://api.x.com/2/problems/oauth1-permissions"}, 403))
    own = says({"data": [{"id": "60", "author_id": US, "text": "@ada It comes"}], "meta": {}})
    outside.on("GET", "/tweets", own, says(status=429, Retry_After="600"))
    second = x.fetch(x.fetch({}).cursor)
    [ours] = x.parse(second.deliveries[0])
    assert isinstance(ours, Incoming) and ours.author.ours
    third = x.fetch(second.cursor)
    with pytest.raises(NotUnderstood, match="Direct messages: X does not allow this app to do that"):
        x.parse(third.deliveries[0])
    assert not third.more
    later = x.fetch(x.fetch(third.cursor).cursor)  # our own posts asked too often wait for the next look
    assert (later.deliveries, later.cursor["at"], later.cursor["own"]) == ((), 2, third.cursor["own"])


def test_it_rests(outside: Outside) -> None:
    x = X(SETTINGS | {"minutes": 2, "direct": False})
    PEER.serve(outside, [Said(1, "Hi", AT)])
    cursor = x.fetch(x.fetch({}).cursor).cursor
    assert x.fetch(cursor).deliveries == ()
    assert len(outside.calls) == 2


def test_search(x: X, outside: Outside) -> None:
    found = {"data": [{"id": "40", "author_id": "1002", "text": "leaky lid"}], "meta": {}}
    outside.on("GET", "search/recent", says(found))
    fetched = x.search(["brightpot", "leaky lid"], {})
    assert outside.calls[0].query["query"] == '(brightpot OR "leaky lid") -is:retweet'
    [item] = x.parse(fetched.deliveries[0])
    assert isinstance(item, Incoming) and item.kind == Kind.OVERHEARD
    outside.on("GET", "search/recent", says({"title": "Invalid Request"}, 400), says({"meta": {}}))
    assert x.search(["brightpot"], fetched.cursor).deliveries == ()
    assert ["since_id" in c.query for c in outside.of("GET", "search")] == [False, True, False]
    with pytest.raises(Failure, match="nothing to search"):
        x.search([" "], {})
    assert x.search(["word" * 20] * 20, {}).cursor  # as many as fit
    assert len(outside.calls[-1].query["query"]) <= 512


# --- answers


def answer(**more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k", "to": Author("1001"), "text": "It comes.", "answers": "5"}
    return Outgoing(**usual | more)


def test_a_public_reply(x: X, outside: Outside) -> None:
    PEER.accept(outside)
    sent = x.send(answer(about={"tweet": "6"}))
    assert sent.external_id == "1900000000000009999"
    assert outside.calls[0].json == {"text": "It comes.", "reply": {"in_reply_to_tweet_id": "6"}}


def test_a_picture_goes_along(x: X, outside: Outside) -> None:
    PEER.accept(outside)
    outside.on("POST", "/media/upload", says({"data": {"id": "71", "media_key": "3_71"}}))
    x.send(answer(attachments=(Attachment("lid.png", "image/png", b"png"),)))
    assert outside.calls[-1].json["media"] == {"media_ids": ["71"]}
    with pytest.raises(SendError, match="takes pictures") as caught:
        x.send(answer(attachments=(Attachment("lid.pdf", "application/pdf", b"pdf"),)))
    assert caught.value.permanent


def test_a_direct_answer(x: X, outside: Outside) -> None:
    outside.on(
        "POST", "dm_conversations", says({"data": {"dm_event_id": "88", "dm_conversation_id": "1001-2000"}}, 201)
    )
    assert x.send(answer(about={"dm": "1001-2000"})).external_id == "88"
    assert outside.calls[-1].path == "/2/dm_conversations/1001-2000/messages"
    x.send(answer(mode="direct", about={"tweet": "6"}))
    assert outside.calls[-1].path == "/2/dm_conversations/with/1001/messages"
    with pytest.raises(SendError, match="only be answered directly"):
        x.send(answer(mode="public", about={"dm": "1001-2000"}))


@pytest.mark.parametrize(
    ("given", "words", "permanent", "uncertain"),
    [
        (says({"detail": "You are not allowed to create a Tweet with duplicate content."}, 403), "twice", True, False),
        (says({"detail": "no"}, 403), "plan", True, False),
        (says({"title": "Unauthorized"}, 401), "Keys and tokens", True, False),
        (SLOW, "did not answer", False, True),
        (says({"data": {}}, 201), "Look there before", False, True),
    ],
)
def test_refusals(x: X, outside: Outside, given: Any, words: str, permanent: bool, uncertain: bool) -> None:
    outside.always(given)
    with pytest.raises(SendError, match=words) as caught:
        x.send(answer())
    assert (caught.value.permanent, caught.value.uncertain) == (permanent, uncertain)
    assert len(outside.calls) == 1


def test_deeds(x: X, outside: Outside) -> None:
    outside.always(says({"data": {}}))
    for deed in ("hide", "unhide", "like", "unlike"):
        x.act(deed, "5", {"tweet": "6"})
    assert [(c.method, c.path, c.json if c.body else None) for c in outside.calls] == [
        ("PUT", "/2/tweets/6/hidden", {"hidden": True}),
        ("PUT", "/2/tweets/6/hidden", {"hidden": False}),
        ("POST", f"/2/users/{US}/likes", {"tweet_id": "6"}),
        ("DELETE", f"/2/users/{US}/likes/6", None),
    ]
    with pytest.raises(SendError, match="cannot block"):
        x.act("block", "5", {})
    outside.always(says(status=404))
    with pytest.raises(SendError):
        x.act("hide", "5", {})


def test_check(x: X, outside: Outside) -> None:
    outside.on("GET", "", says({"data": {"id": US}}))
    x.check()
    assert [c.path for c in outside.calls] == ["/2/users/me", "/2/dm_events"]
    outside.on("GET", "users/me", says({"data": {"id": "7"}}))
    with pytest.raises(Failure, match="another account"):
        x.check()
    with pytest.raises(Failure, match="not complete"):
        X(SETTINGS | {"access_token": "x"}).check()


def test_files_of_direct_messages_are_signed_for(x: X, outside: Outside) -> None:
    outside.always(says(b"jpeg"))
    assert x.download("https://ton.twitter.com/1.1/ton/data/dm/5.jpg") == b"jpeg"
    assert x.download("https://pbs.twimg.com/media/a.jpg") == b"jpeg"
    assert ["authorization" in c.headers for c in outside.calls] == [True, False]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Hello", 5),
        ("こんにちは", 10),
        ("see https://example.com/a/very/long/path?with=things now", 4 + 23 + 4),
        ("👩‍👩‍👧‍👦", 2),
        ("🇩🇪🇫🇷", 4),
        ("👍🏽!", 3),
        ("", 0),
    ],
)
def test_length(x: X, text: str, counts: int) -> None:
    assert x.length(text) == counts


def test_an_old_post_is_older_than_its_edit(x: X) -> None:
    edit = Said(1, "Now right", AT, edited_at=AT + timedelta(minutes=9))
    [post] = x.parse(PEER.deliver([edit], AT)[0])
    assert isinstance(post, Incoming)
    assert (post.external_id, post.edited_at) == (PEER.id_of(edit), AT + timedelta(minutes=9))
