"""Reddit: the inbox, communities, what was edited or taken back, and answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.asking import forget_tokens
from crowdalogue.channels.base import Author, Incoming, Item, Kind, NotUnderstood, Outgoing, Raw, Removal, SendError
from crowdalogue.channels.base import Unknown as UnknownPart
from crowdalogue.channels.reddit import Reddit
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import SLOW, Outside, says

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = {
    "client_id": "id",
    "client_secret": "secret",
    "username": "kettle_care",
    "password": "pw",
    "communities": "r/kettles\ntea/",
    "about": "others",
    "minutes": 0,
}


@pytest.fixture(autouse=True)
def clean_start() -> Iterator[None]:
    forget_tokens()
    yield
    forget_tokens()


def listing(*things: Any, after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": after, "children": list(things)}}


def comment(name: str = "t1_c1", **more: Any) -> dict[str, Any]:
    data = {
        "name": name,
        "author": "ada_example",
        "body": "The lid *jams* &amp; leaks",
        "body_html": '<!-- SC_OFF --><div class="md"><p>The lid <em>jams</em></p></div><!-- SC_ON -->',
        "subreddit": "kettles",
        "parent_id": "t3_p1",
        "link_id": "t3_p1",
        "permalink": "/r/kettles/comments/p1/lids/c1/",
        "created_utc": AT.timestamp(),
        "edited": False,
        "score": 3,
    }
    return {"kind": "t1", "data": data | more}


def post(name: str = "t3_p1", **more: Any) -> dict[str, Any]:
    data = {
        "name": name,
        "author": "bo_example",
        "title": "Lids",
        "selftext": "Do yours jam?",
        "is_self": True,
        "url": "https://www.reddit.com/r/kettles/comments/p1/lids/",
        "permalink": "/r/kettles/comments/p1/lids/",
        "subreddit": "kettles",
        "created_utc": AT.timestamp(),
        "edited": False,
        "num_comments": 4,
    }
    return {"kind": "t3", "data": data | more}


def direct(name: str = "t4_m1", **more: Any) -> dict[str, Any]:
    data = {
        "name": name,
        "author": "ada_example",
        "subject": "My kettle",
        "body": "Hello",
        "created_utc": AT.timestamp(),
        "first_message_name": None,
        "parent_id": None,
    }
    return {"kind": "t4", "data": data | more}


def welcome(outside: Outside) -> None:
    outside.on("GET", "oauth.reddit.com", says(listing()))
    outside.on("POST", "access_token", says({"access_token": "token", "expires_in": 86400, "scope": "read"}))


class RedditPeer(Peer):
    kind = "reddit"
    settings = SETTINGS | {"about": "own", "communities": "kettles"}
    signed = False

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        welcome(outside)
        newest_first = sorted(said, key=lambda s: s.at, reverse=True)
        outside.on("GET", "/r/kettles/comments", says(listing(*(self.thing(s) for s in newest_first))))

    @staticmethod
    def thing(said: Said) -> dict[str, Any]:
        return comment(
            f"t1_n{said.n}",
            body=said.text,
            author=f"customer_{said.author}",
            parent_id="t3_p1" if said.parent is None else f"t1_n{said.parent}",
            created_utc=said.at.timestamp(),
            edited=said.edited_at.timestamp() if said.edited_at else False,
        )

    def accept(self, outside: Outside) -> None:
        welcome(outside)
        told = {"json": {"errors": [], "data": {"things": [{"kind": "t1", "data": {"name": "t1_ours"}}]}}}
        outside.on("POST", "/api/comment", says(told))

    def id_of(self, said: Said) -> str:
        return f"t1_n{said.n}"


PEER = RedditPeer()


@pytest.fixture
def reddit() -> Reddit:
    return Reddit(SETTINGS)


def read(reddit: Reddit, thing: Any, door: str = "inbox") -> Item:
    [item] = reddit.parse(Raw(json.dumps(thing).encode(), {"x-asked": door}))
    return item


def message(reddit: Reddit, thing: Any, door: str = "inbox") -> Incoming:
    item = read(reddit, thing, door)
    assert isinstance(item, Incoming)
    return item


def look(reddit: Reddit, cursor: Any = None) -> tuple[list[Item], Any]:
    found: list[Item] = []
    cursor = cursor or {}
    for _ in range(30):
        fetched = reddit.fetch(cursor)
        found += [i for raw in fetched.deliveries for i in reddit.parse(raw)]
        cursor = fetched.cursor
        if not fetched.more:
            return found, cursor
    raise AssertionError("it never ends")


# --- reading


def test_a_reply_in_the_inbox(reddit: Reddit) -> None:
    thing = comment(type="comment_reply", parent_id="t1_ours", link_title="Lids", edited=None)
    del thing["data"]["link_id"], thing["data"]["permalink"]
    thing["data"]["context"] = "/r/kettles/comments/p1/lids/c1/?context=3"
    said = message(reddit, thing)
    assert said.text == "The lid *jams* &amp; leaks"  # asked for with raw_json=1: as it was typed
    assert "<em>jams</em>" in said.html
    assert (said.parents, said.threads) == (("t1_ours",), ("t3_p1",))
    assert (said.kind, said.public, said.sent_at) == (Kind.MESSAGE, True, AT)
    assert said.url == "https://www.reddit.com/r/kettles/comments/p1/lids/c1/"
    assert said.author == Author("ada_example", "ada_example", facts={"username": "ada_example"})


def test_communities_of_others_are_overheard_and_ours_wait(reddit: Reddit) -> None:
    assert message(reddit, comment(), "comments").kind == Kind.OVERHEARD
    assert message(Reddit(SETTINGS | {"about": "own"}), comment(), "comments").kind == Kind.MESSAGE
    assert message(Reddit(SETTINGS | {"about": "own"}), post(), "search").kind == Kind.OVERHEARD
    assert message(reddit, comment(author="Kettle_Care"), "comments").author.ours
    assert message(reddit, comment(author="AutoModerator")).kind == Kind.AUTOMATIC


def test_posts(reddit: Reddit) -> None:
    said = message(reddit, post(), "posts")
    assert (said.subject, said.text, said.threads, said.parents) == ("Lids", "Do yours jam?", ("t3_p1",), ())
    picture = post(selftext="", is_self=False, url="https://i.redd.it/lid.jpg", post_hint="image")
    shown = message(reddit, picture, "posts")
    assert [f.url for f in shown.attachments] == ["https://i.redd.it/lid.jpg"]
    assert shown.text == "https://i.redd.it/lid.jpg"
    gallery = post(media_metadata={"a1": {"m": "image/png", "s": {"u": "https://preview.redd.it/a1.png"}}, "a2": 7})
    assert [f.media_type for f in message(reddit, gallery).attachments] == ["image/png"]


def test_direct_messages_keep_to_their_first(reddit: Reddit) -> None:
    first = message(reddit, direct())
    second = message(reddit, direct("t4_m2", first_message_name="t4_m1", parent_id="t4_m1"))
    assert first.threads == second.threads == ("t4_m1",)
    assert second.parents == ("t4_m1",)
    ours = message(reddit, direct(author="kettle_care", dest="ada_example"), "sent")
    assert ours.author.ours and ours.to == (Author("ada_example", "ada_example"),)
    assert not first.public
    assert message(reddit, direct(author="reddit", distinguished="admin")).kind == Kind.AUTOMATIC


@pytest.mark.parametrize(
    "thing",
    [
        comment(body="[deleted]", author="[deleted]"),
        comment(body="[removed]"),
        post(selftext="[removed]"),
        post(removed_by_category="moderator"),
    ],
)
def test_what_was_taken_back(reddit: Reddit, thing: Any) -> None:
    assert read(reddit, thing, "comments") == Removal(thing["data"]["name"])


def test_an_edit(reddit: Reddit) -> None:
    later = AT + timedelta(minutes=3)
    assert message(reddit, comment(edited=later.timestamp())).edited_at == later
    assert message(reddit, comment()).edited_at is None


def test_odd_things(reddit: Reddit) -> None:
    assert isinstance(read(reddit, {"kind": "t5", "data": {}}), UnknownPart)
    assert isinstance(read(reddit, {"kind": "t1", "data": {"body": "no name"}}), UnknownPart)
    with pytest.raises(NotUnderstood):
        reddit.parse(Raw(b"[]"))


@given(
    st.dictionaries(
        st.sampled_from(["name", "body", "edited", "created_utc", "context", "media_metadata", "url", "author"]),
        st.none()
        | st.text(max_size=9)
        | st.integers()
        | st.floats(-1e9, 1e12)
        | st.lists(st.text(max_size=3), max_size=2),
    ),
    st.sampled_from(["t1", "t3", "t4"]),
)
def test_nothing_is_too_odd(data: dict[str, Any], kind: str) -> None:
    [item] = Reddit(SETTINGS).parse(Raw(json.dumps({"kind": kind, "data": data}).encode()))
    assert item


# --- asking


def test_every_list_is_asked_and_then_what_was_seen(reddit: Reddit, outside: Outside) -> None:
    welcome(outside)
    outside.on("GET", "/message/inbox", says(listing(direct())))
    outside.on(
        "GET", r"/r/kettles\+tea/comments", says(listing(comment("t1_a"), after="t1_a")), says(listing(comment()))
    )
    outside.on("GET", r"/r/kettles\+tea/new", says(listing(post())))
    found, cursor = look(reddit)
    assert [i.external_id for i in found if isinstance(i, Incoming)] == ["t4_m1", "t1_a", "t1_c1", "t3_p1"]
    assert [(c.path, c.query.get("after")) for c in outside.of("GET")] == [
        ("/message/inbox", None),
        ("/message/sent", None),
        ("/user/kettle_care/comments", None),
        ("/r/kettles+tea/comments", None),
        ("/r/kettles+tea/comments", "t1_a"),
        ("/r/kettles+tea/new", None),
        ("/api/info", None),
    ]
    assert set(outside.calls[-1].query["id"].split(",")) == {"t1_a", "t1_c1", "t3_p1"}
    assert outside.calls[1].headers["user-agent"] == "server:crowdalogue:1.0 (by /u/kettle_care)"
    assert outside.calls[1].headers["authorization"] == "Bearer token"
    assert outside.calls[0].form == {"grant_type": "password", "username": "kettle_care", "password": "pw"}
    outside.on("GET", "/api/info", says(listing(comment(body="[removed]"), comment("t1_a", score=99))))
    again, _ = look(reddit, cursor)
    assert Removal("t1_c1") in again


def test_votes_make_no_new_delivery(reddit: Reddit) -> None:
    one, two = reddit.delivery(comment(score=1), "comments"), reddit.delivery(comment(score=2), "comments")
    assert one.key == two.key
    assert one.key != reddit.delivery(comment(edited=AT.timestamp()), "comments").key


def test_it_rests_and_needs_no_communities(outside: Outside) -> None:
    reddit = Reddit(SETTINGS | {"minutes": 1, "communities": ""})
    welcome(outside)
    _, cursor = look(reddit)
    assert look(reddit, cursor)[0] == []
    assert len(outside.of("GET")) == 3


def test_a_refresh_token_is_used_where_there_is_one(outside: Outside) -> None:
    welcome(outside)
    look(Reddit(SETTINGS | {"refresh_token": "again"}))
    assert outside.calls[0].form == {"grant_type": "refresh_token", "refresh_token": "again"}
    assert outside.calls[0].headers["authorization"].startswith("Basic ")


def test_search(reddit: Reddit, outside: Outside) -> None:
    welcome(outside)
    outside.on("GET", "/search", says(listing(post())))
    fetched = reddit.search(["brightpot", "leaky lid"], {})
    assert outside.calls[-1].query["q"] == '"brightpot" OR "leaky lid"'
    assert outside.calls[-1].query["sort"] == "new"
    [item] = reddit.parse(fetched.deliveries[0])
    assert isinstance(item, Incoming) and item.kind == Kind.OVERHEARD
    with pytest.raises(Failure, match="nothing to search"):
        reddit.search([""], {})


def test_check(reddit: Reddit, outside: Outside) -> None:
    welcome(outside)
    outside.on("GET", "/api/v1/me", says({"name": "Kettle_Care"}))
    reddit.check()
    outside.on("GET", "/api/v1/me", says({"name": "somebody"}))
    with pytest.raises(Failure, match="of the account somebody, not of kettle_care"):
        reddit.check()
    with pytest.raises(Failure, match="password or a refresh token"):
        Reddit(SETTINGS | {"password": ""}).check()


def test_a_wrong_password_says_what_to_do(reddit: Reddit, outside: Outside) -> None:
    outside.on("POST", "access_token", says({"error": "invalid_grant"}))  # Reddit says so with 200
    with pytest.raises(Failure, match=r"not renewed \(invalid_grant\).*password"):
        reddit.fetch({})


# --- answers


def answer(**more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k", "to": Author("ada_example"), "text": "It comes.", "answers": "t1_c1"}
    return Outgoing(**usual | more)


def test_a_public_reply(reddit: Reddit, outside: Outside) -> None:
    PEER.accept(outside)
    assert reddit.send(answer()).external_id == "t1_ours"
    assert outside.calls[-1].form["thing_id"] == "t1_c1"


def test_a_direct_message_answers_directly(reddit: Reddit, outside: Outside) -> None:
    PEER.accept(outside)
    reddit.send(answer(answers="t4_m1", mode="direct", about={"direct": True}))
    assert outside.calls[-1].form["thing_id"] == "t4_m1"
    outside.on("POST", "/api/compose", says({"json": {"errors": []}}))
    outside.on("GET", "/message/sent", says(listing(direct("t4_s1", body="Other"), direct("t4_s2", body="It comes."))))
    assert reddit.send(answer(mode="direct")).external_id == "t4_s2"
    assert outside.of("POST", "compose")[0].form["to"] == "ada_example"
    outside.on("GET", "/message/sent", says(status=500))
    assert reddit.send(answer(mode="direct")).external_id == "composed:k"


@pytest.mark.parametrize(
    ("given", "words", "permanent", "uncertain"),
    [
        (says({"json": {"errors": [["RATELIMIT", "try again in 9 minutes", "ratelimit"]]}}), "9 minutes", False, False),
        (says({"json": {"errors": [["THREAD_LOCKED", "locked", "parent"]]}}), "is locked", True, False),
        (says({"json": {"errors": [["ODD", "strange thing", "x"]]}}), "strange thing", True, False),
        (says({"json": {"errors": []}}), "Look there before", False, True),
        (says({"message": "Forbidden"}, 403), "closed to this account", True, False),
        (SLOW, "did not answer", False, True),
    ],
)
def test_refusals(reddit: Reddit, outside: Outside, given: Any, words: str, permanent: bool, uncertain: bool) -> None:
    welcome(outside)
    outside.on("POST", "/api/comment", given)
    with pytest.raises(SendError, match=words) as caught:
        reddit.send(answer())
    assert (caught.value.permanent, caught.value.uncertain) == (permanent, uncertain)


def test_hiding_needs_a_moderator(reddit: Reddit, outside: Outside) -> None:
    welcome(outside)
    outside.on("POST", "/api/(remove|approve)", says({}))
    reddit.act("hide", "t1_c1", {})
    reddit.act("unhide", "t1_c1", {})
    assert [(c.path, c.form) for c in outside.of("POST", "/api/(remove|approve)")] == [
        ("/api/remove", {"api_type": "json", "id": "t1_c1", "spam": "false"}),
        ("/api/approve", {"api_type": "json", "id": "t1_c1"}),
    ]
    refused = {"json": {"errors": [["USER_REQUIRED", "Please log in to do that.", None]]}}
    outside.on("POST", "/api/approve", says(refused))  # with 200
    with pytest.raises(SendError, match="new refresh token"):
        reddit.act("unhide", "t1_c1", {})
    outside.on("POST", "/api/remove", says(status=403))
    with pytest.raises(SendError, match="Only a moderator"):
        reddit.act("hide", "t1_c1", {})
    with pytest.raises(SendError, match="cannot like"):
        reddit.act("like", "t1_c1", {})


def test_a_sample_can_be_read(reddit: Reddit) -> None:
    raw = reddit.sample(AT, 3, "Hello")
    assert raw
    [said] = reddit.parse(raw)
    assert isinstance(said, Incoming)
    assert (said.text, said.sent_at, said.threads) == ("Hello", AT, ("t3_test",))
