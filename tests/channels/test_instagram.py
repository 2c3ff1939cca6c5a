"""Instagram: comments, mentions and direct messages by both logins, answers and deeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crowdalogue.channels.base import (
    Attachment,
    Author,
    Ignored,
    Incoming,
    Interaction,
    Item,
    Outgoing,
    Raw,
    Removal,
    SendError,
    Status,
    Unknown,
)
from crowdalogue.channels.instagram import Instagram
from crowdalogue.errors import Failure
from tests.channels.contract import Said
from tests.channels.test_meta import COMMON, NOW, ChatPeer
from tests.outside import Outside, says

OWN = "17800000000000001"
SETTINGS = COMMON | {"account_id": OWN}
AT = int(NOW.timestamp())
ROBIN = {"id": "5550001", "username": "robin.vale"}


class InstagramPeer(ChatPeer):
    """Direct messages: they are edited, taken back and answered. Comments have tests of their own below."""

    kind = "instagram"
    settings = SETTINGS
    object = "instagram"
    own = OWN


PEER = InstagramPeer()


@pytest.fixture
def gram() -> Instagram:
    return Instagram(SETTINGS)


def entry(gram: Instagram, **content: Any) -> list[Item]:
    body = {"object": "instagram", "entry": [{"id": OWN, "time": AT, **content}]}
    return gram.parse(Raw(json.dumps(body).encode()))


def comment(gram: Instagram, field: Any = "comments", **value: Any) -> Incoming:
    usual = {"id": "900", "text": "How much?", "from": ROBIN, "media": {"id": "300", "media_product_type": "FEED"}}
    (item,) = entry(gram, changes=[{"field": field, "value": usual | value}])
    assert isinstance(item, Incoming)
    return item


def direct(gram: Instagram, **event: Any) -> list[Item]:
    sides = {"sender": {"id": "5550001"}, "recipient": {"id": OWN}, "timestamp": AT * 1000}
    return entry(gram, messaging=[sides | event])


# --- comments


def test_a_comment_and_its_answers(gram: Instagram) -> None:
    item = comment(gram)
    assert (item.external_id, item.text, item.sent_at, item.public) == ("900", "How much?", NOW, True)
    assert (item.author.address, item.author.facts["username"]) == ("5550001", "robin.vale")
    assert item.threads == ("300:5550001",) and item.parents == ()
    answer = comment(gram, id="901", parent_id="900", **{"from": {"id": "5550002", "username": "ada"}})
    assert answer.parents == ("900",) and answer.threads == () and answer.extra["answer_at"] == "900"
    live = comment(gram, field="live_comments")
    assert live.external_id == "900"


def test_our_own_comments_by_either_id(gram: Instagram) -> None:
    assert comment(gram, **{"from": {"id": OWN, "username": "us"}}).author.ours
    other = comment(gram, **{"from": {"id": "99", "username": "us", "self_ig_scoped_id": "98"}})
    assert other.author.ours and other.author.address == OWN


def test_the_change_without_its_list_as_instagrams_own_login_sends_it(gram: Instagram) -> None:
    (item,) = entry(gram, field="comments", value={"id": "900", "text": "Hi", "from": ROBIN, "media": {"id": "300"}})
    assert isinstance(item, Incoming) and item.external_id == "900"


def test_a_mention_is_a_message_whose_words_are_fetched(gram: Instagram, outside: Outside) -> None:
    (item,) = entry(gram, changes=[{"field": "mentions", "value": {"media_id": "400", "comment_id": "401"}}])
    assert isinstance(item, Incoming) and item.external_id == "401" and item.sent_at == NOW
    said = {"text": "Look, @us", "username": "ada", "timestamp": "2026-03-01T12:00:00+0000"}
    outside.on("GET", f"/{OWN}", says({"mentioned_comment": said, "id": OWN}))
    assert gram.download(item.attachments[0].url) == b"ada\nLook, @us"
    assert "comment_id(401)" in outside.calls[0].query["fields"]
    outside.on("GET", f"/{OWN}", says({"id": OWN}))
    with pytest.raises(Failure, match="no longer shows this mention"):
        gram.download("instagram-mention:media:400")
    (post,) = entry(gram, changes=[{"field": "mentions", "value": {"media_id": "400"}}])
    assert isinstance(post, Incoming) and post.external_id == "400"


def test_other_news(gram: Instagram) -> None:
    (quiet,) = entry(gram, changes=[{"field": "story_insights", "value": {"media_id": "1"}}])
    assert isinstance(quiet, Ignored)
    (odd,) = entry(gram, changes=[{"field": "telepathy", "value": {}}])
    assert isinstance(odd, Unknown)


# --- direct messages


def test_a_story_reply_keeps_its_story(gram: Instagram) -> None:
    reply = {"story": {"id": "1", "url": "https://cdn.example.com/s"}}
    (item,) = direct(gram, message={"mid": "m_1", "text": "Where?", "reply_to": reply})
    assert isinstance(item, Incoming) and item.extra["story"] == "https://cdn.example.com/s" and not item.public
    mention = {
        "mid": "m_2",
        "attachments": [{"type": "story_mention", "payload": {"url": "https://cdn.example.com/m"}}],
    }
    (told,) = direct(gram, message=mention)
    assert isinstance(told, Incoming) and told.text == "Mentioned us in a story." and len(told.attachments) == 1


def test_pictures_sent_together_are_one_conversation(gram: Instagram) -> None:
    def picture(n: int) -> dict[str, Any]:
        return {"type": "image", "payload": {"url": f"https://cdn.example.com/{n}"}}

    together = [{"mid": f"m_{n}", "attachments": [picture(n)]} for n in (1, 2, 3)]
    sides = {"sender": {"id": "5550001"}, "recipient": {"id": OWN}, "timestamp": AT * 1000}
    items = entry(gram, messaging=[sides | {"message": m} for m in together])
    assert [i.external_id for i in items if isinstance(i, Incoming)] == ["m_1", "m_2", "m_3"]
    assert {i.threads for i in items if isinstance(i, Incoming)} == {("instagram:5550001",)}
    (album,) = direct(gram, message={"mid": "m_4", "attachments": [picture(1), picture(2)]})
    assert isinstance(album, Incoming) and [a.name for a in album.attachments] == ["image-1.jpg", "image-2.jpg"]


def test_edits_unsent_seen_reactions_and_what_is_not_handed_on(gram: Instagram) -> None:
    (edit,) = direct(gram, message_edit={"mid": "m_1", "text": "Now", "num_edit": 1})
    assert isinstance(edit, Incoming) and edit.edited_at == NOW and edit.text == "Now"
    (gone,) = direct(gram, message={"mid": "m_1", "is_deleted": True})
    assert gone == Removal("m_1", NOW)
    (seen,) = direct(gram, read={"mid": "m_9"})
    assert seen == Status("m_9", "read", at=NOW)
    (liked,) = direct(gram, reaction={"mid": "m_9", "action": "react", "emoji": "🔥"})
    assert isinstance(liked, Interaction) and liked.kind == "🔥"
    (odd,) = direct(gram, message={"mid": "m_5", "is_unsupported": True})
    assert isinstance(odd, Incoming) and odd.extra["unsupported"] and "not handed on" in odd.text


def test_metas_two_ids_of_one_account(gram: Instagram) -> None:
    """With Facebook's login the entry may name the account by another id than the event's sides."""
    event = {
        "sender": {"id": "5550001"},
        "recipient": {"id": OWN},
        "timestamp": 1,
        "message": {"mid": "m_1", "text": "Hi"},
    }
    body = {"object": "instagram", "entry": [{"id": "90000000000000002", "messaging": [event]}]}
    (item,) = gram.parse(Raw(json.dumps(body).encode()))
    assert isinstance(item, Incoming) and item.threads == ("instagram:5550001",)
    other = event | {"recipient": {"id": "777"}}
    (strange,) = gram.parse(
        Raw(json.dumps({"object": "instagram", "entry": [{"id": "777", "messaging": [other]}]}).encode())
    )
    assert isinstance(strange, Unknown)


# --- what was said before


def test_comments_with_their_answers_then_direct_messages(gram: Instagram, outside: Outside) -> None:
    at = "2026-03-01T12:00:00+0000"
    answers = {
        "data": [{"id": "901", "text": "Ten", "timestamp": at, "username": "us", "from": {"id": OWN, "username": "us"}}]
    }
    first = {"id": "900", "text": "How much?", "timestamp": at, "from": ROBIN, "replies": answers}
    PEER.serve(outside, [Said(1, "Hello", NOW)])
    outside.on("GET", f"/{OWN}/media", says({"data": [{"id": "300", "timestamp": at, "comments": {"data": [first]}}]}))
    found = gram.fetch({})
    items = [i for raw in found.deliveries for i in gram.parse(raw)]
    assert [(i.external_id, i.author.ours, i.parents) for i in items if isinstance(i, Incoming)] == [
        ("900", False, ()),
        ("901", True, ("900",)),
        ("m_fake1", False, ()),
    ]
    assert not found.more and set(found.cursor) == {"comments", "messages", "known"}
    hooked = comment(gram)
    assert isinstance(items[0], Incoming)
    assert (items[0].threads, items[0].author.address) == (hooked.threads, hooked.author.address)


def test_each_login_has_its_own_host(outside: Outside) -> None:
    outside.always(says({"id": OWN, "username": "us", "data": []}))
    Instagram(SETTINGS | {"login": "instagram"}).check()
    assert {c.url.split("/")[2] for c in outside.calls} == {"graph.instagram.com"}
    outside.calls.clear()
    Instagram(SETTINGS).check()
    assert {c.url.split("/")[2] for c in outside.calls} == {"graph.facebook.com"}


# --- answers and deeds


def out(text: str = "Ten.", **more: Any) -> Outgoing:
    usual: dict[str, Any] = {
        "key": "answer-1",
        "to": Author("5550001"),
        "text": text,
        "answers": "900",
        "about": {"answer_at": "900", "post": "300"},
        "heard_at": datetime.now(UTC) - timedelta(hours=3),
    }
    return Outgoing(**usual | more)


def test_answers_in_public_in_private_and_direct(gram: Instagram, outside: Outside) -> None:
    outside.on("POST", "/900/replies", says({"id": "902"}))
    outside.on("POST", "/me/messages", says({"message_id": "m_7"}))
    assert gram.send(out()).external_id == "902"
    assert outside.calls[0].form == {"message": "Ten."}
    assert gram.send(out(mode="direct")).external_id == "m_7"
    assert outside.calls[1].json["recipient"] == {"comment_id": "900"}
    assert gram.send(out(about={"via": "instagram"})).external_id == "m_7"
    assert outside.calls[2].json["recipient"] == {"id": "5550001"}


def test_a_mention_is_answered_where_it_was_made(gram: Instagram, outside: Outside) -> None:
    outside.on("POST", f"/{OWN}/mentions", says({"id": "500"}))
    gram.send(out(about={"mention": True, "post": "400", "mention_comment": "401"}))
    assert outside.calls[0].form == {"media_id": "400", "message": "Ten.", "comment_id": "401"}


PLACE = "https://care.example.com/file/7-1-a/"
PICTURE = Attachment("a.png", "image/png", b"x", url=PLACE)
DIRECT = {"via": "instagram"}


def test_files_of_a_direct_answer_are_fetched_from_us_before_the_words_are_sent(
    gram: Instagram, outside: Outside
) -> None:
    outside.on("POST", "/me/messages", says({"message_id": "m_7"}))
    paper = Attachment("b.pdf", "application/pdf", b"y", url="https://care.example.com/file/8-1-b/")
    assert gram.send(out(about=DIRECT, attachments=(PICTURE, paper))).external_id == "m_7"
    said = [call.json["message"] for call in outside.calls]
    assert [one.get("attachment") for one in said[:2]] == [
        {"type": "image", "payload": {"url": PLACE}},
        {"type": "file", "payload": {"url": "https://care.example.com/file/8-1-b/"}},
    ]
    assert said[2]["text"] == "Ten."
    assert {one["metadata"] for one in said} == {"answer-1"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"attachments": (PICTURE,)}, "public answer on Instagram takes no files"),
        ({"mode": "direct", "attachments": (PICTURE,)}, "comment takes no files"),
        ({"about": DIRECT, "attachments": (Attachment("a.svg", "image/svg+xml", b"", url=PLACE),)}, "only PNG"),
        ({"about": DIRECT, "attachments": (Attachment("a.png", "image/png", b"x" * 9_000_000, url=PLACE),)}, "8 MB"),
        ({"about": DIRECT, "attachments": (Attachment("a.png", "image/png", b"x"),)}, "no address"),
        ({"mode": "direct", "text": "é" * 501}, "1000 bytes"),
        ({"answers": ""}, "only what was written"),
        ({"mode": "direct", "heard_at": datetime.now(UTC) - timedelta(days=8)}, "seven days"),
        ({"about": {"via": "instagram"}, "heard_at": datetime.now(UTC) - timedelta(days=2)}, "24 hours"),
    ],
)
def test_what_instagram_would_refuse_is_said_before(
    more: dict[str, Any], words: str, gram: Instagram, outside: Outside
) -> None:
    with pytest.raises(SendError, match=words) as caught:
        gram.send(out(**more))
    assert caught.value.permanent and not outside.calls


@pytest.mark.parametrize(
    ("deed", "call"),
    [("hide", ("POST", b"hide=true")), ("unhide", ("POST", b"hide=false")), ("delete", ("DELETE", b""))],
)
def test_deeds(deed: str, call: Sequence[Any], gram: Instagram, outside: Outside) -> None:
    outside.always(says({"success": True}))
    gram.act(deed, "900", {})
    assert (outside.calls[0].method, outside.calls[0].body) == tuple(call)
    with pytest.raises(SendError, match="only comments"):
        gram.act(deed, "m_1", {"via": "instagram"})
    outside.always(says({"error": {"code": 100, "error_subcode": 33}}, 400))
    if deed == "delete":
        gram.act(deed, "900", {})  # it is gone already
    else:
        with pytest.raises(SendError):
            gram.act(deed, "900", {})


def test_check_names_the_token_and_where_to_get_one(gram: Instagram, outside: Outside) -> None:
    outside.always(says({"error": {"code": 190, "error_subcode": 463}}, 400))
    with pytest.raises(Failure, match=r"Instagram access token: it expired.*lives 60 days"):
        gram.check()
    outside.always(says({"id": OWN}))
    with pytest.raises(Failure, match="professional account"):
        gram.check()
