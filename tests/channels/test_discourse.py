"""Discourse: posts by webhook and by asking, answers, deeds, and what the forum refuses; shapes read in its source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from crowdalogue.channels.discourse import EVENT, SIGNATURE, Discourse, signature
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import SLOW, Call, Outside, outside_network, says

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = {
    "url": "https://forum.example.com/",
    "api_key": "key-of-tests",
    "username": "care_desk",
    "secret": "webhook-secret-of-tests",
    "own": "helpful_lee",
    "staff": True,
    "days": 3650,
}


class DiscoursePeer(Peer):
    kind = "discourse"
    settings = SETTINGS

    def sign(self, body: bytes, now: datetime, event: str = "post_created") -> Raw:
        return Discourse(SETTINGS).signed(body, event)

    def post(self, said: Said) -> dict[str, Any]:
        edited = said.edited_at or said.at
        return {
            "id": said.n,
            "user_id": 100 + said.author,
            "username": f"customer{said.author}",
            "name": f"Customer {said.author}",
            "created_at": said.at.isoformat(),
            "updated_at": edited.isoformat(),
            "version": 2 if said.edited_at else 1,
            "raw": said.text,
            "post_number": said.n,
            "post_type": 1,
            "reply_to_post_number": said.parent,
            "topic_id": 9,
            "topic_slug": "kettles",
            "topic_title": "Kettles",
            "topic_archetype": "regular",
        }

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [
            self.sign(
                json.dumps({"post": self.post(s)}).encode(), now, "post_edited" if s.edited_at else "post_created"
            )
            for s in said
        ]

    def unknown(self, now: datetime) -> Raw:
        return self.sign(b'{"telepathy": {"id": 1}}', now, "telepathy")

    def removed(self, said: Said, now: datetime) -> Raw:
        return self.sign(json.dumps({"post": self.post(said)}).encode(), now, "post_destroyed")

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        posts = sorted(map(self.post, said), key=lambda post: -int(post["id"]))
        serve_posts(outside, posts)

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/posts.json", says({"id": 990, "topic_id": 9, "post_number": 12}))

    def id_of(self, said: Said) -> str:
        return str(said.n)


def serve_posts(outside: Outside, posts: list[dict[str, Any]], *, ranges: bool = False) -> None:
    """The forum pages by `before`; older versions by ranges of fifty ids, which may hold nothing."""

    def page(call: Call) -> httpx.Response:
        before = int(call.query.get("before") or 0)
        if ranges and before:
            found = [p for p in posts if before - 50 < p["id"] <= before]
        else:
            found = [p for p in posts if not before or p["id"] < before]
        return httpx.Response(200, json={"latest_posts": found[:50]})

    outside.on("GET", r"/posts\.json", page)
    outside.on("GET", r"/private-posts\.json", says({"private_posts": []}))


PEER = DiscoursePeer()


@pytest.fixture
def forum() -> Discourse:
    return Discourse(SETTINGS)


def read(forum: Discourse, event: str, body: Mapping[str, Any]) -> list[Item]:
    return forum.parse(Raw(json.dumps(body).encode(), {EVENT: event}))


def post(**more: Any) -> dict[str, Any]:
    return {**PEER.post(Said(7, "It leaks", NOW)), **more}


def one(forum: Discourse, event: str = "post_created", **more: Any) -> Incoming:
    (item,) = read(forum, event, {"post": post(**more)})
    assert isinstance(item, Incoming)
    return item


# --- the door


def test_the_signature_is_discourses_own(forum: Discourse) -> None:
    """Computed by openssl."""
    made = signature("webhook-secret-of-tests", b'{"ping":"OK"}')
    assert made == "sha256=0dda057bf4aff263a3c92910cfcce0715005443b39ff571ab5f10126ff23d94c"
    forum.verify(Raw(b'{"ping":"OK"}', {SIGNATURE: made}), NOW)
    with pytest.raises(Refused):
        forum.verify(Raw(b'{"ping":"OK"}', {SIGNATURE: made.removeprefix("sha256=")}), NOW)
    assert len(Discourse.prepare({})["secret"]) > 30


def test_the_event_belongs_to_the_delivery(forum: Discourse) -> None:
    """The same post created and destroyed has the same content, and is two deliveries."""
    created, destroyed = PEER.deliver([Said(1, "a", NOW)], NOW)[0], PEER.removed(Said(1, "a", NOW), NOW)
    assert created.body == destroyed.body
    assert forum.delivery_key(created) != forum.delivery_key(destroyed)
    assert read(forum, "ping", {"ping": "OK"}) == [Ignored("the forum tries whether we are here")]


# --- what it says


def test_a_post(forum: Discourse) -> None:
    item = one(forum, avatar_template="/user_avatar/forum.example.com/c/{size}/2.png", user_title="Brewer")
    assert item.external_id == "7"
    assert item.author.address == "101@forum.example.com"
    assert item.author.name == "Customer 1"
    assert item.author.facts["picture"] == "https://forum.example.com/user_avatar/forum.example.com/c/96/2.png"
    assert item.author.facts["about"] == "Brewer"
    assert item.threads == ("topic:9",)
    assert item.subject == "Kettles"
    assert item.url == "https://forum.example.com/t/kettles/9/7"
    assert item.public and item.edited_at is None
    assert item.extra["topic_id"] == "9" and item.extra["username"] == "customer1"


def test_a_private_message(forum: Discourse) -> None:
    item = one(forum, topic_archetype="private_message")
    assert not item.public
    assert item.extra["direct"] is True


def test_quotes_are_set_apart_and_files_found(forum: Discourse) -> None:
    raw = '[quote="kit, post:3, topic:9"]\nDoes it leak?\n[/quote]\n\nYes. ![photo|690x388](upload://abc.jpeg)'
    cooked = '<p>Yes. <img src="/uploads/default/original/1X/abc.jpeg" alt="photo"></p>'
    item = one(forum, raw=raw, cooked=cooked)
    assert item.text == "Yes. [photo]"
    assert item.quoted == "Does it leak?"
    url = "https://forum.example.com/uploads/default/original/1X/abc.jpeg"
    assert item.attachments == (Attachment("photo", "image/jpeg", url=url),)


def test_edits_deletions_and_what_comes_back(forum: Discourse) -> None:
    later = NOW + timedelta(minutes=5)
    assert one(forum, "post_edited", version=2, updated_at=later.isoformat()).edited_at == later
    assert read(forum, "post_destroyed", {"post": post()}) == [Removal("7")]
    assert read(forum, "post_edited", {"post": post(user_deleted=True)}) == [Removal("7")]
    assert one(forum, "post_recovered").external_id == "7"


def test_who_speaks_for_us(forum: Discourse) -> None:
    assert one(forum, username="Helpful_Lee").author.ours
    assert one(forum, username="care_desk").author.ours
    assert one(forum, moderator=True).author.ours
    assert not Discourse({**SETTINGS, "staff": False})._author(post(moderator=True)).ours
    robot = one(forum, user_id=-1, username="system")
    assert robot.kind == Kind.AUTOMATIC and robot.author.facts["bot"] is True


def test_likes_and_new_members(forum: Discourse) -> None:
    user = {"id": 102, "username": "kit", "name": "Kit", "avatar_template": ""}
    (like,) = read(forum, "post_liked", {"like": {"post": post(), "user": user}})
    assert isinstance(like, Interaction)
    assert (like.external_id, like.kind, like.target) == ("like:102@forum.example.com:7", "like", "7")
    (join,) = read(forum, "user_created", {"user": {**user, "created_at": NOW.isoformat()}})
    assert isinstance(join, Interaction)
    assert (join.kind, join.at, join.author.name) == ("join", NOW, "Kit")


@pytest.mark.parametrize(
    "event", ["topic_created", "topic_closed_status_updated", "user_logged_in", "notification_created"]
)
def test_events_that_hold_nothing(forum: Discourse, event: str) -> None:
    assert read(forum, event, {"x": {}}) == [Ignored(f"an event of the kind {event}")]


def test_notices_whispers_and_what_is_not_known(forum: Discourse) -> None:
    assert isinstance(read(forum, "post_created", {"post": post(post_type=3)})[0], Ignored)
    assert isinstance(read(forum, "post_created", {"post": post(post_type=4)})[0], Ignored)
    assert read(forum, "telepathy", {"x": 1}) == [Unknown("an event of the kind telepathy")]
    with pytest.raises(NotUnderstood, match="X-Discourse-Event"):
        read(forum, "", {"x": 1})


@pytest.mark.parametrize("broken", [{"id": None}, {"user_id": None}, {"raw": ""}, {"raw": []}, {"topic_id": {}}])
def test_a_broken_post_names_its_field(forum: Discourse, broken: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood, match=next(iter(broken))):
        read(forum, "post_created", {"post": post(**broken)})


# --- asked


def posts_of(ids: Sequence[int], at: datetime = NOW) -> list[dict[str, Any]]:
    return [PEER.post(Said(n, f"post {n}", at)) for n in sorted(ids, reverse=True)]


def ask(forum: Discourse, cursor: Mapping[str, Any]) -> tuple[set[int], Mapping[str, Any], int]:
    """Until there is no more: the ids, the cursor, the number of fetches."""
    ids: set[int] = set()
    for number in range(1, 400):
        fetched = forum.fetch(cursor)
        cursor = json.loads(json.dumps(fetched.cursor))
        ids |= {json.loads(raw.body)["post"]["id"] for raw in fetched.deliveries}
        if not fetched.more:
            return ids, cursor, number
    raise AssertionError("it never ends")


@pytest.mark.parametrize("ranges", [False, True])
def test_everything_is_found_and_then_only_what_is_new(forum: Discourse, outside: Outside, ranges: bool) -> None:
    ids = [*range(1, 130), *range(700, 900)]  # a hole of ids, as after an import or a clean-up
    serve_posts(outside, posts_of(ids), ranges=ranges)
    found, cursor, _ = ask(forum, {})
    assert found == set(ids)
    outside.forget()
    serve_posts(outside, posts_of([*ids, 901, 905]), ranges=ranges)
    found, cursor, _ = ask(forum, cursor)
    assert {901, 905} <= found
    assert len(outside.of("GET", r"/posts\.json")) == 1


def test_what_is_older_than_asked_for_is_left(outside: Outside) -> None:
    forum = Discourse({**SETTINGS, "days": 10})
    now = datetime.now(UTC)
    old = posts_of(range(1, 400), now - timedelta(days=11))
    serve_posts(outside, posts_of(range(400, 520), now) + old)
    found, _, _ = ask(forum, {})
    assert found >= set(range(400, 520))
    assert 300 not in found


def test_private_messages_are_asked_for_too(forum: Discourse, outside: Outside) -> None:
    serve_posts(outside, [])
    outside.on("GET", r"/private-posts\.json", says({"private_posts": posts_of([5])}))
    (raw,) = forum.fetch({}).deliveries
    (item,) = forum.parse(raw)
    assert isinstance(item, Incoming) and item.extra["direct"] is True
    assert outside.calls[0].headers["api-key"] == "key-of-tests"
    assert outside.calls[0].headers["api-username"] == "care_desk"


@settings(max_examples=30)
@given(st.data())
def test_a_crash_at_any_moment_loses_nothing(data: st.DataObject) -> None:
    forum = Discourse(SETTINGS)
    cursor: dict[str, Any] = {}
    ids, found = [1], set()
    with pytest.MonkeyPatch.context() as patch, outside_network(patch) as outside:
        for _ in range(data.draw(st.integers(1, 5))):
            ids += [ids[-1] + n for n in range(1, data.draw(st.integers(1, 120)))]
            outside.forget()
            serve_posts(outside, posts_of(ids), ranges=data.draw(st.booleans()))
            fetched = forum.fetch(cursor)
            if data.draw(st.booleans()):
                found |= {json.loads(raw.body)["post"]["id"] for raw in fetched.deliveries}
                cursor = json.loads(json.dumps(fetched.cursor))
        for _ in range(2):  # a walk that was under way, then the newest again
            more, newer, _ = ask(forum, cursor)
            found, cursor = found | more, dict(newer)
    assert set(ids) <= found


# --- answers


def out(text: str = "It comes tomorrow.", **more: Any) -> Outgoing:
    about = {"topic_id": "9", "post_number": "7", "username": "customer1", "user_id": "101"}
    usual: dict[str, Any] = {"answers": "7", "about": about, "subject": "Kettles"}
    return Outgoing(key="k" * 12, to=Author("101@forum.example.com"), text=text, **{**usual, **more})


def test_an_answer_is_a_reply_to_the_post(forum: Discourse, outside: Outside) -> None:
    PEER.accept(outside)
    assert forum.send(out()).external_id == "990"
    assert outside.calls[-1].url == "https://forum.example.com/posts.json"
    assert outside.calls[-1].json == {"raw": "It comes tomorrow.", "topic_id": 9, "reply_to_post_number": 7}


def test_a_direct_answer_is_a_private_message(forum: Discourse, outside: Outside) -> None:
    PEER.accept(outside)
    forum.send(out(mode="direct"))
    asked = outside.calls[-1].json
    assert asked["archetype"] == "private_message" and asked["target_recipients"] == "customer1"
    assert asked["title"] == "Re: Kettles" and "topic_id" not in asked
    forum.send(out(mode="direct", about={"topic_id": "9", "direct": True}))
    assert outside.calls[-1].json["topic_id"] == 9
    with pytest.raises(SendError, match="name of this person"):
        forum.send(out(mode="direct", about={}))


def test_files_are_uploaded_and_shown(forum: Discourse, outside: Outside) -> None:
    PEER.accept(outside)
    place = {"id": 3, "short_url": "upload://abc.png", "url": "/uploads/abc.png"}
    outside.on("POST", "/uploads.json", says(place))
    picture, bill = Attachment("a.png", "image/png", b"\x89PNG"), Attachment("b[1].pdf", "application/pdf", b"%PDF")
    forum.send(out(attachments=(picture, bill)))
    shown = "It comes tomorrow.\n\n![a.png](upload://abc.png)\n\n[b1.pdf|attachment](upload://abc.png)"
    assert outside.calls[-1].json["raw"] == shown


def test_an_answer_that_waits_for_a_moderator_is_said(forum: Discourse, outside: Outside) -> None:
    outside.always(says({"action": "enqueued", "success": True}))
    with pytest.raises(SendError, match="review queue") as caught:
        forum.send(out())
    assert caught.value.uncertain


def test_a_cut_connection_is_tried_once_more(forum: Discourse, outside: Outside) -> None:
    outside.on("POST", "/posts.json", SLOW, says({"id": 990}))
    assert forum.send(out()).external_id == "990"
    outside.always(SLOW)
    with pytest.raises(SendError) as caught:
        forum.send(out())
    assert caught.value.uncertain
    assert len(outside.calls) == 4


@pytest.mark.parametrize(
    ("status", "body", "says_what", "permanent"),
    [
        (403, {"errors": ["You are not permitted"], "error_type": "invalid_access"}, "API key.*not permitted", True),
        (422, {"errors": ["Body is too similar to what you recently posted"]}, "refused: Body is too similar", True),
        (429, {"errors": ["Slow down"], "extras": {"wait_seconds": 40}}, "fewer calls", False),
    ],
)
def test_refusals_in_words(
    forum: Discourse, outside: Outside, status: int, body: dict[str, Any], says_what: str, permanent: bool
) -> None:
    outside.always(says(body, status, Retry_After="40"))
    with pytest.raises(SendError, match=says_what) as caught:
        forum.send(out())
    assert caught.value.permanent is permanent
    assert "key-of-tests" not in caught.value.text


def test_deeds(forum: Discourse, outside: Outside) -> None:
    outside.always(says({"success": "OK"}))
    for deed in forum.deeds:
        forum.act(deed, "7", {"user_id": "101"})
    assert [(c.method, c.path) for c in outside.calls] == [
        ("POST", "/post_actions.json"),
        ("PUT", "/posts/7/unhide.json"),
        ("POST", "/post_actions.json"),
        ("DELETE", "/post_actions/7.json"),
        ("DELETE", "/posts/7.json"),
        ("PUT", "/admin/users/101/silence.json"),
        ("PUT", "/admin/users/101/unsilence.json"),
    ]
    assert outside.calls[0].json == {"id": "7", "post_action_type_id": 8, "take_action": "true"}
    with pytest.raises(SendError, match="cannot do that"):
        forum.act("block", "7", {})


@pytest.mark.parametrize(
    ("deed", "state"),
    [
        ("like", {"actions_summary": [{"id": 2, "acted": True}]}),
        ("unlike", {"actions_summary": [{"id": 2, "count": 1}]}),
        ("hide", {"hidden": True}),
        ("unhide", {"hidden": False}),
        ("delete", {"deleted_at": "2026-03-01T12:00:00Z"}),
    ],
)
def test_a_deed_that_was_done_before_is_no_fault(
    forum: Discourse, outside: Outside, deed: str, state: dict[str, Any]
) -> None:
    outside.always(says({"errors": ["You already did that"]}, 403))
    outside.on("GET", "/posts/7.json", says({"id": 7, **state}))
    forum.act(deed, "7", {"user_id": "101"})
    opposite = {"actions_summary": [{"id": 2, "acted": deed == "unlike"}], "hidden": deed == "unhide"}
    outside.on("GET", "/posts/7.json", says({"id": 7, **opposite}))
    with pytest.raises(SendError, match="already did"):
        forum.act(deed, "7", {"user_id": "101"})


def test_only_the_forum_is_shown_the_key(forum: Discourse, outside: Outside) -> None:
    outside.always(says(b"%PDF"))
    assert forum.download("https://forum.example.com/uploads/a.pdf") == b"%PDF"
    assert forum.download("https://cdn.example.net/a.pdf") == b"%PDF"
    assert "api-key" in outside.calls[0].headers and "api-key" not in outside.calls[1].headers


# --- set-up


def test_set_up_says_what_is_wrong(forum: Discourse, outside: Outside) -> None:
    outside.on("GET", "/session/current.json", says({"current_user": {"id": 3, "username": "Care_Desk"}}))
    forum.check()
    outside.on("GET", "/session/current.json", says({"current_user": {"id": 4, "username": "somebody"}}))
    with pytest.raises(Failure, match="another user name"):
        forum.check()
    outside.on("GET", "/session/current.json", says("<html></html>"))
    with pytest.raises(Failure, match="address is one of Discourse"):
        forum.check()
    with pytest.raises(Failure, match="key is missing"):
        Discourse({**SETTINGS, "api_key": ""}).check()
    with pytest.raises(Failure, match="https://"):
        Discourse({**SETTINGS, "url": "forum"}).check()
