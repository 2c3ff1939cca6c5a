"""A Facebook page: comments, posts, mentions and recommendations, what was said before, answers and deeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

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
    Removal,
    SendError,
    Unknown,
)
from crowdalogue.channels.facebook import Facebook
from crowdalogue.errors import Failure
from tests.channels import test_messenger as messenger
from tests.channels.contract import Said
from tests.channels.test_meta import COMMON, NOW, PAGE, MetaPeer
from tests.outside import SLOW, Call, Outside, says

SETTINGS = COMMON | {"page_id": PAGE}
AT = int(NOW.timestamp())
POST = f"{PAGE}_100"
ROBIN = {"id": "5550001", "name": "Robin Vale"}


class FacebookPeer(MetaPeer):
    kind = "facebook"
    settings = SETTINGS

    def value(self, said: Said) -> dict[str, Any]:
        return {
            "item": "comment",
            "verb": "edited" if said.edited_at else "add",
            "from": {"id": f"5550{said.author:04}", "name": f"Customer {said.author}"},
            "post_id": POST,
            "parent_id": POST if said.parent is None else f"100_{said.parent}",
            "comment_id": self.id_of(said),
            "created_time": int(said.at.timestamp()),
            "message": said.text,
        }

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        """One delivery, ten changes to an entry."""
        changes = [{"field": "feed", "value": self.value(s)} for s in said]
        at = int(now.timestamp())
        entries = [{"id": PAGE, "time": at, "changes": changes[n : n + 10]} for n in range(0, len(changes), 10)]
        return [self.packed({"object": "page", "entry": entries}, now)]

    def unknown(self, now: datetime) -> Raw:
        changes = [{"field": "telepathy", "value": {"thought": "x"}}]
        return self.packed({"object": "page", "entry": [{"id": PAGE, "time": 1, "changes": changes}]}, now)

    def removed(self, said: Said, now: datetime) -> Raw:
        change = {"field": "feed", "value": self.value(said) | {"verb": "remove", "message": None}}
        return self.packed({"object": "page", "entry": [{"id": PAGE, "time": 1, "changes": [change]}]}, now)

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        newest = sorted(said, key=lambda s: s.at, reverse=True)

        def comment(one: Said) -> dict[str, Any]:
            value = self.value(one)
            parent = {} if one.parent is None else {"parent": {"id": value["parent_id"]}}
            at = one.at.strftime("%Y-%m-%dT%H:%M:%S+0000")
            return {"id": self.id_of(one), "message": one.text, "created_time": at, "from": value["from"], **parent}

        def feed(call: Call) -> httpx.Response:
            """The newest comment with the post, the others by pages of two."""
            post = {"id": POST, "created_time": "2026-02-28T10:00:00+0000", "from": {"id": PAGE}, "message": "News"}
            return httpx.Response(200, json={"data": [post | {"comments": page(0, 1)}]})

        def page(after: int, size: int) -> dict[str, Any]:
            end = after + size
            more = {"next": f"https://graph.facebook.com/x?after={end}&access_token=x"} if end < len(newest) else {}
            return {
                "data": [comment(s) for s in newest[after:end]],
                "paging": more,
                "summary": {"total_count": len(said)},
            }

        outside.on("GET", f"/{PAGE}/feed", feed)
        outside.on("GET", f"/{PAGE}/ratings", says({"data": []}))
        outside.on("GET", f"/{POST}/comments", lambda c: httpx.Response(200, json=page(int(c.query["after"]), 2)))

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/comments", says({"id": "100_900"}))

    def id_of(self, said: Said) -> str:
        return f"100_{said.n}"


PEER = FacebookPeer()


@pytest.fixture
def page() -> Facebook:
    return Facebook(SETTINGS)


def read(page: Facebook, field: Any = "feed", **value: Any) -> list[Item]:
    usual = {"from": ROBIN, "post_id": POST, "created_time": AT, "verb": "add"}
    changes = [{"field": field, "value": usual | value}]
    return page.parse(
        Raw(json.dumps({"object": "page", "entry": [{"id": PAGE, "time": AT + 60, "changes": changes}]}).encode())
    )


def one(page: Facebook, field: Any = "feed", **value: Any) -> Incoming:
    (item,) = read(page, field, **value)
    assert isinstance(item, Incoming)
    return item


def comment(page: Facebook, **value: Any) -> Incoming:
    return one(page, **{"item": "comment", "comment_id": "100_1", "parent_id": POST, "message": "Too loud"} | value)


# --- what comes


def test_a_comment_starts_a_conversation_of_its_author(page: Facebook) -> None:
    item = comment(page, photo="https://cdn.example.com/1.jpg")
    assert (item.external_id, item.text, item.sent_at) == ("100_1", "Too loud", NOW)
    assert (item.author.address, item.author.name, item.author.ours) == ("5550001", "Robin Vale", False)
    assert item.parents == () and item.threads == (f"{POST}:5550001",)
    assert item.public and item.attachments[0].url == "https://cdn.example.com/1.jpg"
    other = comment(page, comment_id="100_2", **{"from": {"id": "5550002", "name": "Ada"}})
    assert other.threads != item.threads  # a thousand people under one post are a thousand conversations
    assert comment(page, comment_id="100_3").threads == item.threads


def test_answers_follow_what_they_answer(page: Facebook) -> None:
    answer = comment(page, comment_id="100_2", parent_id="100_1", **{"from": {"id": "5550002"}})
    assert answer.parents == ("100_1",) and answer.threads == ()
    assert answer.extra["answer_at"] == "100_1"
    ours = comment(page, comment_id="100_3", parent_id="100_1", **{"from": {"id": PAGE, "name": "Our page"}})
    assert ours.author.ours and ours.parents == ("100_1",)
    to_post = comment(page, comment_id="100_4", **{"from": {"id": PAGE}})
    assert to_post.parents == (POST,)  # where a visitor wrote the post, it is theirs


def test_posts_of_visitors_and_of_our_own(page: Facebook) -> None:
    post = one(
        page, item="status", message="Never again", photos=["https://cdn.example.com/1", "https://cdn.example.com/2"]
    )
    assert (post.external_id, post.text, post.threads) == (POST, "Never again", (f"{POST}:5550001",))
    assert len(post.attachments) == 2 and post.url == f"https://www.facebook.com/{POST}"
    film = one(page, item="video", message="", video="https://cdn.example.com/f")
    assert film.attachments[0].media_type == "video/mp4"
    (own,) = read(page, item="photo", **{"from": {"id": PAGE}})
    assert isinstance(own, Ignored)


@pytest.mark.parametrize("verb", ["edit", "edited"])
def test_edits_are_newer_versions(verb: str, page: Facebook) -> None:
    edited = comment(page, verb=verb, message="Far too loud")
    assert edited.edited_at == NOW + timedelta(seconds=60) and edited.sent_at == NOW


def test_removals_and_what_is_hidden(page: Facebook) -> None:
    for verb in ("remove", "delete"):
        (gone,) = read(page, item="comment", comment_id="100_1", verb=verb)
        assert isinstance(gone, Removal) and gone.external_id == "100_1"
    for verb in ("hide", "unhide"):
        (item,) = read(page, item="comment", comment_id="100_1", verb=verb)
        assert isinstance(item, Ignored)
    (odd,) = read(page, item="comment", comment_id="100_1", verb="sing")
    assert isinstance(odd, Unknown)


def test_reactions_are_interactions_that_can_be_taken_back(page: Facebook) -> None:
    (liked,) = read(page, item="reaction", reaction_type="love", comment_id="100_1", parent_id=POST)
    (gone,) = read(page, item="reaction", reaction_type="love", comment_id="100_1", verb="remove")
    (post,) = read(page, item="like")
    assert isinstance(liked, Interaction) and isinstance(gone, Interaction) and isinstance(post, Interaction)
    assert (liked.external_id, liked.kind, liked.target, liked.gone) == ("like:5550001:100_1", "love", "100_1", False)
    assert gone.external_id == liked.external_id and gone.gone
    assert (post.kind, post.target) == ("like", POST)
    (page_like,) = read(page, item="like", post_id="")
    assert isinstance(page_like, Ignored)


def test_people_whom_meta_does_not_name_are_each_unknown(page: Facebook) -> None:
    one_, two = (comment(page, comment_id=f"100_{n}", **{"from": None}) for n in (1, 2))
    assert one_.author.address == "unknown:100_1" and two.author.address == "unknown:100_2"


def test_mentions_elsewhere(page: Facebook) -> None:
    item = one(page, "mention", item="post", post_id="777_1", message="Thanks @Our page", sender_name="Ada")
    assert (item.external_id, item.text, item.extra["mention"]) == ("777_1", "Thanks @Our page", True)
    bare = one(page, "mention", item="comment", post_id="777_1", comment_id="1_5", message=None)
    assert bare.external_id == "1_5" and "was mentioned" in bare.text


def test_recommendations_have_their_rating(page: Facebook) -> None:
    review = {"item": "rating", "open_graph_story_id": "888", "reviewer_id": "5550009", "reviewer_name": "Lee Moor"}
    good = one(page, "ratings", **review, review_text="Quiet kettle", recommendation_type="POSITIVE")
    assert (good.external_id, good.text, good.author.name) == ("888", "Quiet kettle", "Lee Moor")
    assert (good.extra["rating"], good.extra["rating_max"]) == (1, 1)
    bad = one(page, "ratings", **review, recommendation_type="NEGATIVE")
    assert (bad.extra["rating"], bad.text) == (0, "Does not recommend the page.")
    stars = one(page, "ratings", **review, rating=4, review_text="Good")
    assert (stars.extra["rating"], stars.extra["rating_max"]) == (4, 5)
    under = one(page, "ratings", item="comment", open_graph_story_id="888", comment_id="888_1", message="Why?")
    assert under.external_id == "888_1" and under.extra["post"] == "888" and "rating" not in under.extra
    (gone,) = read(page, "ratings", **review, verb="remove")
    assert isinstance(gone, Removal) and gone.external_id == "888"


def test_private_messages_of_the_same_app_are_filed_here_too(page: Facebook, outside: Outside) -> None:
    event = {
        "sender": {"id": "5550001"},
        "recipient": {"id": PAGE},
        "timestamp": 1,
        "message": {"mid": "m_1", "text": "Hi"},
    }
    (item,) = page.parse(Raw(json.dumps({"object": "page", "entry": [{"id": PAGE, "messaging": [event]}]}).encode()))
    assert isinstance(item, Incoming) and item.extra["via"] == "messenger" and not item.public
    outside.on("POST", f"/{PAGE}/messages", says({"message_id": "m_2"}))
    assert page.send(out(about=item.extra, to=item.author, heard_at=None)).external_id == "m_2"


# --- what was said before


def test_the_feed_is_walked_with_progress(page: Facebook, outside: Outside) -> None:
    said = [Said(n, f"comment {n}", NOW + timedelta(minutes=n)) for n in range(1, 6)]
    PEER.serve(outside, said)
    first = page.fetch({})
    assert first.more and first.left == 4
    second = page.fetch(first.cursor)
    third = page.fetch(second.cursor)
    assert (second.left, third.left, third.more) == (2, 0, False)
    items = [i for f in (first, second, third) for raw in f.deliveries for i in page.parse(raw)]
    assert [i.text for i in items if isinstance(i, Incoming)] == [f"comment {n}" for n in (5, 4, 3, 2, 1)]
    assert [i for i in items if isinstance(i, Ignored)] == [Ignored("a post of the page itself")]
    (hooked,) = (i for raw in PEER.deliver(said[:1], NOW) for i in page.parse(raw))
    asked = next(i for i in items if isinstance(i, Incoming) and i.external_id == "100_1")
    assert isinstance(hooked, Incoming)
    assert (asked.threads, asked.author, asked.sent_at) == (hooked.threads, hooked.author, hooked.sent_at)


def test_recommendations_of_before_are_the_same_as_by_hook(page: Facebook, outside: Outside) -> None:
    PEER.serve(outside, [])
    stored = {
        "created_time": "2026-03-01T12:00:00+0000",
        "open_graph_story": {"id": "888"},
        "recommendation_type": "positive",
        "review_text": "Quiet kettle",
        "reviewer": {"id": "5550009", "name": "Lee Moor"},
    }
    outside.on("GET", f"/{PAGE}/ratings", says({"data": [stored]}))
    items = [i for raw in page.fetch({}).deliveries for i in page.parse(raw) if isinstance(i, Incoming)]
    review = {"item": "rating", "open_graph_story_id": "888", "reviewer_id": "5550009", "reviewer_name": "Lee Moor"}
    assert items == [one(page, "ratings", **review, review_text="Quiet kettle", recommendation_type="positive")]


def test_private_messages_of_before_where_they_are_wanted(outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Too loud", NOW)])
    messenger.PEER.serve(outside, [Said(2, "Hello", NOW)])
    Facebook(SETTINGS).fetch({})
    assert not outside.of("GET", "/conversations")
    page = Facebook(SETTINGS | {"private": True})
    items = [i for raw in page.fetch({}).deliveries for i in page.parse(raw) if isinstance(i, Incoming)]
    assert [(i.text, i.public) for i in items] == [("Too loud", True), ("Hello", False)]


def test_a_walk_the_token_may_not_do_stops_no_other(page: Facebook, outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Too loud", NOW)])
    outside.on("GET", f"/{PAGE}/ratings", says({"error": {"code": 10, "message": "Needs a right"}}, 403))
    found = page.fetch({})
    *raws, fault = found.deliveries
    assert [i.text for raw in raws for i in page.parse(raw) if isinstance(i, Incoming)] == ["Too loud"]
    with pytest.raises(NotUnderstood, match=r"recommendations.*Needs a right"):
        page.parse(fault)
    outside.on("GET", "/feed", says({"error": {"code": 10, "message": "Needs a right"}}, 403))
    with pytest.raises(Failure, match="does not allow"):
        page.fetch({})
    outside.on("GET", "/ratings", says({"error": {"code": 190}}, 400))
    with pytest.raises(Failure, match="no longer takes the page access token"):
        page.fetch({})


# --- answers


def out(text: str = "We are sorry.", **more: Any) -> Outgoing:
    usual: dict[str, Any] = {
        "key": "answer-1",
        "to": Author("5550001"),
        "text": text,
        "answers": "100_2",
        "about": {"answer_at": "100_1", "post": POST},
        "heard_at": datetime.now(UTC) - timedelta(days=3),
    }
    return Outgoing(**usual | more)


def test_a_public_answer_goes_under_the_comment(page: Facebook, outside: Outside) -> None:
    PEER.accept(outside)
    assert page.send(out()).external_id == "100_900"
    (call,) = outside.calls
    assert call.path.endswith("/100_1/comments") and call.form == {"message": "We are sorry."}
    page.send(out(attachments=(Attachment("a.png", "image/png", b"png"),)))
    assert b'name="source"; filename="a.png"' in outside.calls[1].body
    for files in ((Attachment("a.pdf", "application/pdf", b""),), (Attachment("a.png", "image/png", b""),) * 2):
        with pytest.raises(SendError) as caught:
            page.send(out(attachments=files))
        assert caught.value.permanent


def test_a_private_answer_once_and_within_a_week(page: Facebook, outside: Outside) -> None:
    outside.on("POST", "/messages", says({"recipient_id": "5550001", "message_id": "m_7"}))
    assert page.send(out(mode="direct")).external_id == "m_7"
    assert outside.calls[0].json == {
        "recipient": {"comment_id": "100_2"},
        "message": {"text": "We are sorry.", "metadata": "answer-1"},
    }
    page.send(out(mode="direct", about={"is_post": True}, answers=POST))
    assert outside.calls[1].json["recipient"] == {"post_id": POST}
    with pytest.raises(SendError, match="seven days"):
        page.send(out(mode="direct", heard_at=datetime.now(UTC) - timedelta(days=8)))
    with pytest.raises(SendError, match="2,000 characters"):
        page.send(out("x" * 2001, mode="direct"))
    outside.on("POST", "/messages", says({"error": {"code": 10900, "message": "Activity already replied to"}}, 400))
    with pytest.raises(SendError, match="already answered in private"):
        page.send(out(mode="direct"))


def test_nothing_is_sent_to_nobody_and_silence_is_doubt(page: Facebook, outside: Outside) -> None:
    with pytest.raises(SendError, match="only what was written to it"):
        page.send(out(answers=""))
    outside.always(SLOW)
    with pytest.raises(SendError) as caught:
        page.send(out())
    assert caught.value.uncertain and len(outside.calls) == 1


# --- deeds


@pytest.mark.parametrize(
    ("deed", "method", "path", "body"),
    [
        ("hide", "POST", "/100_1", "is_hidden=true"),
        ("unhide", "POST", "/100_1", "is_hidden=false"),
        ("like", "POST", "/100_1/likes", ""),
        ("unlike", "DELETE", "/100_1/likes", ""),
        ("delete", "DELETE", "/100_1", ""),
        ("block", "POST", f"/{PAGE}/blocked", "psid=%5B%225550001%22%5D"),
        ("unblock", "DELETE", f"/{PAGE}/blocked", ""),
    ],
)
def test_deeds(deed: str, method: str, path: str, body: str, page: Facebook, outside: Outside) -> None:
    assert deed in page.deeds
    outside.always(says({"error": {"code": 2}}, 500), says({"success": True}))
    page.act(deed, "100_1", {"person": "5550001"})  # tried again after trouble: all are safe to repeat
    call = outside.calls[-1]
    assert (call.method, call.path.removeprefix("/v23.0"), call.body.decode()) == (method, path, body)


def test_deeds_that_were_done_before_or_cannot_be(page: Facebook, outside: Outside) -> None:
    outside.always(says({"error": {"code": 100, "error_subcode": 33}}, 400))
    page.act("delete", "100_1", {})
    page.act("unlike", "100_1", {})
    with pytest.raises(SendError, match="may have been deleted"):
        page.act("hide", "100_1", {})
    with pytest.raises(SendError, match="nobody can be blocked"):
        page.act("block", "100_1", {})


def test_check_says_which_token_and_what_is_not_subscribed(page: Facebook, outside: Outside) -> None:
    outside.on("GET", "/me", says({"id": PAGE, "name": "Our page"}))
    outside.on("GET", "/subscribed_apps", says({"data": [{"subscribed_fields": ["feed", "mention", "ratings"]}]}))
    page.check()
    outside.on("GET", "/subscribed_apps", says({"data": []}))
    with pytest.raises(Failure, match="does not send feed, mention, ratings to the app"):
        page.check()
    outside.on("GET", "/me", says({"error": {"code": 190}}, 400))
    with pytest.raises(Failure, match="no longer takes the page access token"):
        page.check()
