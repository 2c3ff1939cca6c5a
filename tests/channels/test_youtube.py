"""YouTube: threads and replies, what came later to old threads, quotas, answers and moderation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.asking import forget_tokens
from crowdalogue.channels.base import Author, Incoming, Item, NotUnderstood, Outgoing, Raw, Removal, SendError, Unknown
from crowdalogue.channels.youtube import YouTube
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import SLOW, Outside, says

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
US = "UCkettles"
SETTINGS = {
    "channel_id": US,
    "api_key": "key",
    "client_id": "c",
    "client_secret": "s",
    "refresh_token": "r",
    "minutes": 0,
}


@pytest.fixture(autouse=True)
def clean_start() -> Iterator[None]:
    forget_tokens()
    yield
    forget_tokens()


def comment(
    name: str, text: str = "Mine jams", at: datetime = AT, edited: datetime | None = None, who: str = "UCada"
) -> Any:
    snippet = {
        "textDisplay": text,
        "authorDisplayName": "@ada_example",
        "authorChannelUrl": "http://www.youtube.com/@ada_example",
        "authorProfileImageUrl": "https://yt3.example.com/a.jpg",
        "authorChannelId": {"value": who},
        "likeCount": 2,
        "publishedAt": at.isoformat().replace("+00:00", "Z"),
        "updatedAt": (edited or at).isoformat().replace("+00:00", "Z"),
    }
    if "." in name:
        snippet["parentId"] = name.partition(".")[0]
    return {"kind": "youtube#comment", "id": name, "snippet": snippet}


def thread(top: Any, *replies: Any, count: int | None = None) -> Any:
    return {
        "kind": "youtube#commentThread",
        "id": top["id"],
        "snippet": {
            "channelId": US,
            "videoId": "vid1",
            "topLevelComment": top,
            "canReply": True,
            "totalReplyCount": len(replies) if count is None else count,
        },
        "replies": {"comments": list(replies)},
    }


def page(*items: Any, following: str = "") -> Any:
    return {"items": list(items)} | ({"nextPageToken": following} if following else {})


def welcome(outside: Outside) -> None:
    outside.on("POST", "oauth2.googleapis.com/token", says({"access_token": "token", "expires_in": 3599}))


class YouTubePeer(Peer):
    kind = "youtube"
    settings = SETTINGS
    signed = False

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        welcome(outside)
        newest_first = sorted(said, key=lambda s: s.at, reverse=True)
        threads = [thread(comment(f"t{s.n}", s.text, s.at, s.edited_at, f"UC{s.author}")) for s in newest_first]
        outside.on("GET", "/commentThreads", says(page(*threads)))

    def accept(self, outside: Outside) -> None:
        welcome(outside)
        outside.on("POST", "/comments", says({"kind": "youtube#comment", "id": "t1.ours"}))

    def id_of(self, said: Said) -> str:
        return f"t{said.n}"


PEER = YouTubePeer()


@pytest.fixture
def youtube() -> YouTube:
    return YouTube(SETTINGS)


def read(youtube: YouTube, thing: Any) -> list[Item]:
    return youtube.parse(Raw(json.dumps(thing).encode()))


def look(youtube: YouTube, cursor: Any = None) -> tuple[list[Item], Any]:
    found: list[Item] = []
    cursor = cursor or {}
    for _ in range(30):
        fetched = youtube.fetch(cursor)
        found += [i for raw in fetched.deliveries for i in youtube.parse(raw)]
        cursor = json.loads(json.dumps(fetched.cursor))
        if not fetched.more:
            return found, cursor
    raise AssertionError("it never ends")


# --- reading


def test_a_thread_with_replies(youtube: YouTube) -> None:
    edited = AT + timedelta(minutes=5)
    top, reply = read(youtube, thread(comment("t1"), comment("t1.r1", "Same", AT, edited, US)))
    assert isinstance(top, Incoming) and isinstance(reply, Incoming)
    assert (top.external_id, top.text, top.sent_at, top.edited_at) == ("t1", "Mine jams", AT, None)
    assert top.url == "https://www.youtube.com/watch?v=vid1&lc=t1"
    assert top.author.facts["username"] == "@ada_example"
    assert (top.author.address, top.author.ours, top.public) == ("UCada", False, True)
    assert (reply.parents, reply.threads, top.threads) == (("t1",), ("thread:t1",), ("thread:t1",))
    assert reply.author.ours
    assert reply.edited_at == edited
    assert reply.extra["video"] == "vid1"
    assert youtube.normalise(" UCaB ") == "UCaB"


def test_odd_things(youtube: YouTube) -> None:
    broken, fine = read(youtube, thread({"id": ""}, comment("t1.r1")))
    assert isinstance(broken, Unknown) and isinstance(fine, Incoming)
    with pytest.raises(NotUnderstood, match="no comment of YouTube"):
        read(youtube, {"kind": "youtube#video"})


ODD = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.dictionaries(
            st.sampled_from(["id", "snippet", "topLevelComment", "replies", "comments", "ids", "videoId"]), inner
        )
        | st.lists(inner, max_size=2)
    ),
)


@given(
    st.sampled_from(["youtube#comment", "youtube#commentThread", "crowdalogue#gone"]),
    st.dictionaries(st.just("snippet"), ODD),
)
def test_nothing_is_too_odd(kind: str, rest: Any) -> None:
    assert isinstance(read(YouTube(SETTINGS), rest | {"kind": kind}), list)


# --- asking


def test_pages_and_replies_that_were_not_beside_their_thread(youtube: YouTube, outside: Outside) -> None:
    welcome(outside)
    first = page(thread(comment("t2", at=AT + timedelta(hours=1)), count=7), following="older")
    outside.on("GET", "/commentThreads", says(first), says(page(thread(comment("t1")))))
    outside.on("GET", r"/comments\?", says(page(comment("t2.a"), following="more")), says(page(comment("t2.b"))))
    found, cursor = look(youtube)
    assert [i.external_id for i in found if isinstance(i, Incoming)] == ["t2", "t2.a", "t2.b", "t1"]
    asked = outside.of("GET")
    assert [(c.path.rpartition("/")[2], c.query.get("pageToken"), c.query.get("parentId")) for c in asked] == [
        ("commentThreads", None, None),
        ("comments", None, "t2"),
        ("comments", "more", "t2"),
        ("commentThreads", "older", None),
        ("commentThreads", None, None),
    ]
    assert asked[0].query["allThreadsRelatedToChannelId"] == US
    assert set(asked[-1].query["id"].split(",")) == {"t1", "t2"}
    assert asked[0].headers["authorization"] == "Bearer token"
    assert len(json.dumps(cursor)) < 10_000


def test_a_new_reply_to_an_old_thread_is_noticed(youtube: YouTube, outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Hi", AT), Said(2, "Ho", AT + timedelta(hours=1))])
    _, cursor = look(youtube)
    outside.on("GET", "id=", says(page(thread(comment("t1"), count=1), thread(comment("t2")))))
    outside.on("GET", r"/comments\?", says(page(comment("t1.new"))))
    found, cursor = look(youtube, cursor)
    assert "t1.new" in [i.external_id for i in found if isinstance(i, Incoming)]
    found, _ = look(youtube, cursor)
    assert len(outside.of("GET", r"/comments\?")) == 1  # once is enough


def test_what_is_gone_is_taken_back(youtube: YouTube, outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Hi", AT), Said(2, "Ho", AT + timedelta(hours=1))])
    _, cursor = look(youtube)
    outside.on("GET", "id=", says(page(thread(comment("t2")))))
    found, cursor = look(youtube, cursor)
    assert Removal("t1") in found
    outside.on("GET", "id=", says(page()))
    found, _ = look(youtube, cursor)
    assert not [i for i in found if isinstance(i, Removal)]  # an empty answer takes nothing back


def test_likes_make_no_new_delivery_and_replies_do(youtube: YouTube) -> None:
    one = thread(comment("t1"))
    liked = json.loads(json.dumps(one).replace('"likeCount": 2', '"likeCount": 3'))
    assert youtube.delivery(one).key == youtube.delivery(liked).key
    assert youtube.delivery(one).key != youtube.delivery(thread(comment("t1"), comment("t1.a"))).key


def test_an_api_key_is_enough_to_read(outside: Outside) -> None:
    reader = YouTube({"channel_id": US, "api_key": "key", "minutes": 5})
    outside.on("GET", "", says(page(thread(comment("t1")))))
    _, cursor = look(reader)
    assert {c.headers["x-goog-api-key"] for c in outside.calls} == {"key"}
    assert "key=" not in outside.calls[0].url  # not in an address, which is logged here and there
    asked = len(outside.calls)
    assert look(reader, cursor)[0] == []
    assert len(outside.calls) == asked
    outside.always(says(status=401))
    with pytest.raises(Failure, match="refused the API key"):
        reader.fetch({})
    with pytest.raises(SendError, match="sign-in with Google is incomplete"):
        reader.send(answer())


def test_a_used_up_quota_says_when_it_is_renewed(youtube: YouTube, outside: Outside) -> None:
    welcome(outside)
    outside.on("GET", "", says({"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}, 403))
    with pytest.raises(Failure, match="midnight in California") as caught:
        youtube.fetch({})
    assert not caught.value.permanent


def test_check(youtube: YouTube, outside: Outside) -> None:
    welcome(outside)
    outside.on("GET", "/channels", says(page({"id": US})))
    youtube.check()
    outside.on("GET", "/channels", says({"pageInfo": {"totalResults": 0}}))
    with pytest.raises(Failure, match="knows no channel"):
        youtube.check()
    with pytest.raises(Failure, match="needs an API key"):
        YouTube({"channel_id": US}).check()


# --- answers


def answer(**more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k", "to": Author("UCada"), "text": "It comes.", "answers": "t1.r1"}
    return Outgoing(**usual | more)


def test_an_answer_goes_under_the_thread(youtube: YouTube, outside: Outside) -> None:
    PEER.accept(outside)
    assert youtube.send(answer()).external_id == "t1.ours"
    assert outside.calls[-1].json == {"snippet": {"parentId": "t1", "textOriginal": "It comes."}}
    youtube.send(answer(about={"thread": "t9"}))
    assert outside.calls[-1].json["snippet"]["parentId"] == "t9"
    with pytest.raises(SendError, match="names none"):
        youtube.send(answer(answers=""))


@pytest.mark.parametrize(
    ("given", "words", "permanent", "uncertain"),
    [
        (says({"error": {"errors": [{"reason": "forbidden"}]}}, 403), "channel's owner", True, False),
        (says({"error": {"errors": [{"reason": "quotaExceeded"}]}}, 403), "quota", False, False),
        (says({}), "Look there before", False, True),
        (SLOW, "did not answer", False, True),
    ],
)
def test_refusals(youtube: YouTube, outside: Outside, given: Any, words: str, permanent: bool, uncertain: bool) -> None:
    welcome(outside)
    outside.on("POST", "/youtube/v3/comments", given)
    with pytest.raises(SendError, match=words) as caught:
        youtube.send(answer())
    assert (caught.value.permanent, caught.value.uncertain) == (permanent, uncertain)


def test_moderation(youtube: YouTube, outside: Outside) -> None:
    welcome(outside)
    outside.on("POST", "setModerationStatus", says(b"", 204))
    for deed in ("hide", "unhide", "delete", "block"):
        youtube.act(deed, "t1", {})
    assert [c.query for c in outside.of("POST", "setModerationStatus")] == [
        {"id": "t1", "moderationStatus": "heldForReview"},
        {"id": "t1", "moderationStatus": "published"},
        {"id": "t1", "moderationStatus": "rejected"},
        {"id": "t1", "moderationStatus": "rejected", "banAuthor": "true"},
    ]
    with pytest.raises(SendError, match="cannot like"):
        youtube.act("like", "t1", {})


def test_a_sample_can_be_read(youtube: YouTube) -> None:
    raw = youtube.sample(AT, 3, "Hello")
    assert raw
    [said] = youtube.parse(raw)
    assert isinstance(said, Incoming)
    assert (said.text, said.sent_at, said.external_id) == ("Hello", AT, "test3")
