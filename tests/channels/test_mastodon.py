"""Mastodon: what its servers say, read in public recordings and reduced to invented people.

No Mastodon server can be installed on a test machine (it is a Rails program that is in no package registry), and
servers of ActivityPub alone do not speak the client API. So the test marked `peers` holds our calls against an OpenAPI
file of the documented API, by Prism, and tells nothing of how a server behaves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from crowdalogue.channels.mastodon import Mastodon
from crowdalogue.channels.social import statuses
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import Call, Outside, says
from tests.peers import prism

ME = "100"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVER = "https://mastodon.example.com"
BASE = 109_440_000_000_000_000


def stamp(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def account(number: int = 7, acct: str = "ada@social.example.net", name: str = "Ada") -> dict[str, Any]:
    link = '<a href="https://ada.example.com" rel="me"><span class="invisible">https://</span>ada.example.com</a>'
    return {
        "id": str(number),
        "username": acct.partition("@")[0],
        "acct": acct,
        "display_name": name,
        "locked": False,
        "bot": False,
        "created_at": "2022-12-01T00:00:00.000Z",
        "note": "<p>I am invented.</p>",
        "url": f"https://social.example.net/@{acct.partition('@')[0]}",
        "avatar_static": "https://social.example.net/avatar.png",
        "followers_count": 1550,
        "following_count": 87,
        "statuses_count": 804,
        "fields": [
            {"name": "Web", "value": link, "verified_at": "2023-01-01T00:00:00.000+00:00"},
            {"name": "Likes", "value": "gardens", "verified_at": None},
        ],
    }


US = {"id": ME, "username": "brand", "url": f"{SERVER}/@brand", "acct": "brand"}
NAMED = f'<span class="h-card"><a href="{SERVER}/@brand" class="u-url mention">@<span>brand</span></a></span>'


def status(n: int, html: str = f"<p>{NAMED} Where is my parcel?</p>", **more: Any) -> dict[str, Any]:
    """One status as a server gives it."""
    return {
        "id": str(BASE + n),
        "created_at": stamp(AT + timedelta(seconds=n)),
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "uri": f"https://social.example.net/users/ada/statuses/{n}",
        "url": f"https://social.example.net/@ada/{n}",
        "replies_count": 0,
        "reblogs_count": 1,
        "favourites_count": 2,
        "edited_at": None,
        "content": html,
        "reblog": None,
        "account": account(),
        "media_attachments": [],
        "mentions": [US],
        "tags": [],
        "emojis": [],
        "card": None,
        "poll": None,
    } | more


def notice(n: int, kind: str = "mention", what: Any = None, **more: Any) -> dict[str, Any]:
    what = status(n) if what is None else what
    who = what["account"] if kind in ("mention", "quote") else account()
    return {
        "id": str(300_000 + n),
        "type": kind,
        "created_at": stamp(AT + timedelta(seconds=n)),
        "account": who,
        "status": what,
    } | more


class MastodonPeer(Peer):
    kind = "mastodon"
    settings = {"server": SERVER, "token": "token of a test", "characters": 500, "visibility": "unlisted"}
    signed = False

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        self.told(outside, [self.notice(s) for s in said])

    def told(
        self, outside: Outside, notices: Sequence[Any], own: Sequence[Any] = (), shown: Sequence[Any] | None = None
    ) -> None:
        """From now on the server tells of these; `shown` are the statuses that still exist, None: all."""
        known = [n["status"] for n in notices if n.get("status")] + list(own) if shown is None else list(shown)
        self.sign_in(outside)
        outside.on("GET", r"/api/v1/statuses/\d+$", lambda call: self.one(call, known))
        outside.on("GET", r"/api/v1/statuses\?", lambda call: self.several(call, known))
        outside.on("GET", "/api/v1/notifications", lambda call: self.page(call, notices))
        outside.on("GET", f"/api/v1/accounts/{ME}/statuses", lambda call: self.page(call, own))

    @staticmethod
    def sign_in(outside: Outside) -> None:
        limits = {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23}
        instance = {"domain": "mastodon.example.com", "version": "4.4.0", "configuration": {"statuses": limits}}
        outside.on("GET", "/api/v2/instance", says(instance))
        outside.on("GET", "/api/v1/apps/verify_credentials", says({"name": "Crowdalogue", "scopes": ["read", "write"]}))
        outside.on("GET", "/api/v1/accounts/verify_credentials", says(account(int(ME), "brand", "Brand")))

    @staticmethod
    def page(call: Call, things: Sequence[Any]) -> httpx.Response:
        """The next ones after min_id, newest first, as the server orders them."""
        after = sorted((t for t in things if int(t["id"]) > int(call.query["min_id"])), key=lambda t: int(t["id"]))
        return httpx.Response(200, json=after[: int(call.query["limit"])][::-1])

    @staticmethod
    def several(call: Call, known: Sequence[Any]) -> httpx.Response:
        asked = httpx.URL(call.url).params.get_list("id[]")
        assert 0 < len(asked) <= 20, "the server refuses more"
        return httpx.Response(200, json=[s for s in known if s["id"] in asked])

    @staticmethod
    def one(call: Call, known: Sequence[Any]) -> httpx.Response:
        found = [s for s in known if call.path.endswith(f"/{s['id']}")]
        return httpx.Response(200, json=found[0]) if found else httpx.Response(404, json={"error": "Record not found"})

    @staticmethod
    def notice(said: Said) -> dict[str, Any]:
        text = said.text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br />")
        what = status(
            said.n,
            f"<p>{text}</p>",
            created_at=stamp(said.at),
            edited_at=stamp(said.edited_at),
            account=account(said.author + 10, f"customer{said.author}@social.example.net"),
            in_reply_to_id=str(BASE + said.parent) if said.parent is not None else None,
        )
        return notice(said.n, "mention", what, created_at=stamp(said.at))

    def answering(self, said: Said) -> Mapping[str, Any]:
        return {"to": Author("ada@social.example.net"), "about": {"acct": "ada@social.example.net"}}

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/api/v1/statuses", says({"id": str(BASE + 900), "uri": f"{SERVER}/users/brand/900"}))

    def id_of(self, said: Said) -> str:
        return str(BASE + said.n)


PEER = MastodonPeer()


def channel(**settings: Any) -> Mastodon:
    return Mastodon({**PEER.settings, **settings})


def items(fetched: Fetched) -> list[Item]:
    return [item for raw in fetched.deliveries for item in channel().parse(raw)]


def read(payload: Any, event: str = "notification") -> Any:
    [item] = statuses.read({"event": event, "payload": payload, "me": ME, "domain": "mastodon.example.com"})
    return item


# --- what it says


def test_a_mention_says_who_when_and_what_an_answer_needs() -> None:
    link = '<a href="https://x.example"><span class="invisible">https://</span><span class="ellipsis">shop.example.com/'
    html = f'<p>{NAMED} it is late 📦</p><p>{link}o</span><span class="invisible">rders/12</span></a><br>שלום</p>'
    message = read(notice(5, what=status(5, html)))
    assert isinstance(message, Incoming)
    assert message.text == "@brand it is late 📦\n\nhttps://shop.example.com/orders/12\nשלום"
    assert (message.external_id, message.author.address) == (str(BASE + 5), "ada@social.example.net")
    assert message.author.facts["followers"] == 1550
    assert message.author.facts["verified_links"] == ["https://ada.example.com"]
    assert message.author.facts["verified"] is True and "bot" not in message.author.facts
    assert message.sent_at == AT + timedelta(seconds=5)
    assert message.public and message.kind == Kind.MESSAGE and message.language == "en"
    assert message.extra["visibility"] == "public" and message.extra["uri"].endswith("/ada/statuses/5")
    assert [to.address for to in message.to] == ["brand@mastodon.example.com"], "people of the server have its name too"
    assert "<script" not in message.html


def test_a_warning_a_poll_and_files_are_part_of_what_is_said() -> None:
    picture = {"id": "1", "type": "image", "url": "https://files.example.net/a/lid.png", "description": "a broken lid"}
    waiting = {"id": "2", "type": "video", "url": None, "remote_url": None}
    poll = {"id": "3", "options": [{"title": "refund", "votes_count": 1}, {"title": "new lid", "votes_count": 0}]}
    message = read(
        notice(1, what=status(1, "<p>Look</p>", spoiler_text="Broken", poll=poll, media_attachments=[picture, waiting]))
    )
    assert message.text == "Broken\n\nLook\n\n○ refund\n○ new lid"
    assert message.attachments == (Attachment("a broken lid", "image/png", url="https://files.example.net/a/lid.png"),)
    assert message.extra["warning"] == "Broken"


def test_direct_messages_are_not_public_and_answers_know_their_parent() -> None:
    message = read(notice(2, what=status(2, visibility="direct", in_reply_to_id=str(BASE + 1))))
    assert not message.public and message.parents == (str(BASE + 1),)
    quote = {"state": "accepted", "quoted_status": status(1)}
    assert read(notice(3, "quote", status(3, quote=quote))).parents == (str(BASE + 1),)


def test_an_edit_carries_its_time() -> None:
    edited = read(status(1, "<p>now</p>", edited_at=stamp(AT + timedelta(hours=1))), "status.update")
    assert (edited.external_id, edited.edited_at) == (str(BASE + 1), AT + timedelta(hours=1))
    as_text = statuses.read({"event": "update", "payload": json.dumps(status(1)), "me": ME, "domain": "d"})
    assert isinstance(as_text[0], Incoming), "the stream writes it as text inside the text"
    assert read(str(BASE + 1), "delete") == Removal(str(BASE + 1))


@pytest.mark.parametrize(("kind", "ours"), [("favourite", "like"), ("reblog", "repost")])
def test_favourites_and_boosts_are_interactions_with_one_name(kind: str, ours: str) -> None:
    found = read(notice(4, kind, status(1, account=account(int(ME), "brand"))))
    assert isinstance(found, Interaction)
    target = str(BASE + 1)
    assert (found.kind, found.target, found.author.name) == (ours, target, "Ada")
    assert found.external_id == f"{ours}:ada@social.example.net:{target}"


def test_other_notices_are_said_to_be_what_they_are() -> None:
    assert read(notice(1, "follow", status=None)).external_id == "follow:ada@social.example.net"
    assert read(notice(1, "pleroma:emoji_reaction", emoji="🫖")).kind == "🫖"
    assert isinstance(read(notice(1, "mention") | {"status": None}), Ignored)
    assert isinstance(read(notice(1, "admin.sign_up", status=None)), Ignored)
    assert read(notice(1, "status", status(1, mentions=[]))).kind == Kind.OVERHEARD
    assert read(notice(1, "wave")) == Unknown("a notification of kind wave")
    assert read(status(1), "conversation") == Unknown("an event of kind conversation")


def test_our_own_statuses_come_back_as_ours(outside: Outside) -> None:
    mine = status(3, "<p>On its way</p>", account=account(int(ME), "brand", "Brand"), visibility="direct", mentions=[])
    PEER.told(outside, [], own=[mine])
    [message] = items(channel().fetch({}))
    assert isinstance(message, Incoming)
    assert message.author.ours and message.kind == Kind.MESSAGE
    assert message.author.address == "brand@mastodon.example.com"


# --- asked


def whole(cursor: Mapping[str, Any], limit: int = 200) -> tuple[list[Raw], Mapping[str, Any]]:
    found: list[Raw] = []
    for _ in range(60):
        fetched = channel().fetch(cursor, limit)
        found += fetched.deliveries
        cursor = fetched.cursor
        if not fetched.more:
            return found, cursor
    raise AssertionError("it never ends")


def test_the_past_is_read_page_by_page_oldest_first(outside: Outside) -> None:
    PEER.told(outside, [notice(n) for n in range(1, 26)])
    first = channel().fetch({}, limit=10)
    assert first.more
    assert {i.external_id for i in items(first) if isinstance(i, Incoming)} == {str(BASE + n) for n in range(1, 11)}
    rest, _ = whole(first.cursor, 10)
    assert len({raw.key for raw in (*first.deliveries, *rest)}) == 25
    assert outside.of("GET", "notifications")[0].query["include_filtered"] == "true"


def test_replies_beneath_a_status_of_ours_are_a_conversation_each(outside: Outside) -> None:
    begun = status(1, "<p>A new lid</p>", account=account(int(ME), "brand"))
    ours = status(2, account=account(int(ME), "brand"), in_reply_to_id=str(BASE + 9))
    first = notice(3, what=status(3, in_reply_to_id=str(BASE + 1), in_reply_to_account_id=ME))
    deeper = notice(4, what=status(4, in_reply_to_id=str(BASE + 2), in_reply_to_account_id=ME))
    PEER.told(outside, [first, deeper], shown=[begun, ours, first["status"], deeper["status"]])
    other, one = items(channel().fetch({}))
    assert isinstance(one, Incoming) and isinstance(other, Incoming)
    assert (one.parents, one.threads) == ((), (f"{BASE + 1} ada@social.example.net",))
    assert (other.parents, other.threads) == ((str(BASE + 2),), ())


def test_what_is_very_new_is_asked_for_once_more(outside: Outside) -> None:
    """A notification with a lower number may be seen later than one with a higher."""
    now = stamp(datetime.now(UTC))
    PEER.told(outside, [notice(1), notice(3, created_at=now)])
    found, cursor = whole({})
    PEER.told(outside, [notice(1), notice(2, created_at=now), notice(3, created_at=now)])
    more, _ = whole(cursor)
    assert len(found) == 2
    assert len({raw.key for raw in (*found, *more)}) == 3


def test_edits_and_deletions_are_found_by_looking_again(outside: Outside) -> None:
    told = [notice(n) for n in range(1, 31)]
    PEER.told(outside, told)
    _, cursor = whole({})
    kept = [n["status"] for n in told if n["id"] != "300004"]
    kept[1] = kept[1] | {"content": "<p>Where is it?</p>", "edited_at": stamp(AT + timedelta(hours=1))}
    PEER.told(outside, told, shown=kept)
    found: list[Item] = []
    for _ in range(3):
        raws, cursor = whole(cursor)
        found += [i for raw in raws for i in channel().parse(raw)]
    edited = [i for i in found if isinstance(i, Incoming)]
    assert [(i.external_id, i.text) for i in edited] == [(str(BASE + 2), "Where is it?")]
    assert [i for i in found if isinstance(i, Removal)] == [Removal(str(BASE + 4))]


def test_a_server_that_cannot_look_up_several_is_asked_one_by_one(outside: Outside) -> None:
    told = [notice(n) for n in range(1, 8)]
    PEER.told(outside, told)
    outside.on("GET", r"/api/v1/statuses\?", says({"error": "Not found"}, 404))
    _, cursor = whole({})
    assert cursor["bulk"] is False and cursor["turn"] == 5
    PEER.told(outside, told, shown=[])
    raws, cursor = whole(cursor)
    assert [channel().parse(raw) for raw in raws] == [[Removal(str(BASE + n))] for n in (2, 1)]
    assert len(cursor["watched"]) == 5


def test_a_token_that_ended_says_where_to_get_another(outside: Outside) -> None:
    outside.always(says({"error": "The access token was revoked"}, 401))
    with pytest.raises(Failure, match=r"mastodon.example.com.*was revoked.*Preferences, Development") as caught:
        channel().fetch({})
    assert "token of a test" not in caught.value.text
    with pytest.raises(SendError, match="access token"):
        channel().send(answer())


def test_the_check_says_what_is_missing(outside: Outside) -> None:
    PEER.told(outside, [])
    channel().check()
    outside.on("GET", "/api/v1/apps/verify_credentials", says({"scopes": ["read", "write:statuses"]}))
    with pytest.raises(Failure, match="lacks write:media"):
        channel().check()
    outside.on("GET", "/api/v1/apps/verify_credentials", says({"error": "x"}, 404))
    with pytest.raises(Failure, match="allows 500 characters"):
        channel(characters=5000).check()
    outside.on("GET", "/api/v1/notifications", says({"error": "This action is outside the authorized scopes"}, 403))
    with pytest.raises(Failure, match="outside the authorized scopes"):
        channel().check()


def test_another_server_may_allow_more() -> None:
    assert (Mastodon.longest, channel(characters=5000).longest) == (460, 4960)
    assert (
        channel().length("See https://example.com/a/very/long/path?x=1 @ada@social.example.net 👩‍👩‍👧")
        == 4 + 23 + 1 + 4 + 2
    )


# --- answers and deeds


def answer(**more: Any) -> Outgoing:
    about = {"acct": "ada@social.example.net", "visibility": "public", "account_id": "7", **more.pop("about", {})}
    usual = {"key": "k1", "to": Author("ada@social.example.net"), "text": "On its way", "answers": "5", "about": about}
    return Outgoing(**usual | more)


def test_an_answer_names_whom_it_is_for_and_what_it_answers(outside: Outside) -> None:
    PEER.accept(outside)
    sent = channel().send(answer(about={"warning": "Broken"}))
    call = outside.calls[0]
    assert call.headers["idempotency-key"] == "k1"
    assert call.json == {
        "status": "@ada@social.example.net On its way",
        "visibility": "unlisted",
        "in_reply_to_id": "5",
        "spoiler_text": "Broken",
    }
    assert sent.external_id == str(BASE + 900)
    channel().send(answer(text="Hello @Ada@social.example.net, tomorrow"))
    assert outside.calls[1].json["status"] == "Hello @Ada@social.example.net, tomorrow"


@pytest.mark.parametrize(
    ("heard", "mode", "setting", "seen"),
    [
        ("public", "", "public", "public"),
        ("public", "public", "unlisted", "unlisted"),
        ("public", "direct", "public", "direct"),
        ("unlisted", "public", "public", "unlisted"),
        ("private", "public", "public", "direct"),
        ("direct", "public", "public", "direct"),
    ],
)
def test_an_answer_is_never_seen_by_more_people(
    heard: str, mode: str, setting: str, seen: str, outside: Outside
) -> None:
    PEER.accept(outside)
    channel(visibility=setting).send(answer(mode=mode, about={"visibility": heard}))
    assert outside.calls[0].json["visibility"] == seen


def test_files_go_up_first_and_are_waited_for(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crowdalogue.channels.mastodon.time.sleep", lambda seconds: None)
    PEER.accept(outside)
    outside.on("POST", "/api/v2/media", says({"id": "77", "url": None}, 202))
    outside.on("GET", "/api/v1/media/77", says({"id": "77"}, 206), says({"id": "77", "url": "https://x.example/77"}))
    channel().send(answer(attachments=(Attachment("map.png", "image/png", b"png"),)))
    upload, *_, sent = outside.calls
    assert b'filename="map.png"' in upload.body and b"png" in upload.body
    assert sent.json["media_ids"] == ["77"]
    with pytest.raises(SendError, match="up to 4 files"):
        channel().send(answer(attachments=(Attachment("a", "image/png", b"x"),) * 5))


def test_a_refused_answer_says_the_servers_reason(outside: Outside) -> None:
    outside.on("POST", "/statuses", says({"error": "Validation failed: Text character limit of 500 exceeded"}, 422))
    with pytest.raises(SendError, match="character limit of 500 exceeded") as caught:
        channel().send(answer())
    assert caught.value.permanent


def test_deeds(outside: Outside) -> None:
    outside.on("POST", "/api/v1/(statuses|accounts)/", says({}))
    for deed in ("like", "unlike", "block", "unblock"):
        channel().act(deed, "5", {"account_id": "7"})
    assert [c.path.removeprefix("/api/v1/") for c in outside.calls] == [
        "statuses/5/favourite",
        "statuses/5/unfavourite",
        "accounts/7/block",
        "accounts/7/unblock",
    ]
    outside.on("DELETE", "/api/v1/statuses/5", says({}), says({"error": "Record not found"}, 404))
    outside.on("GET", "/api/v1/statuses/5", says({"error": "Record not found"}, 404))
    channel().act("delete", "5", {})
    channel().act("delete", "5", {})
    outside.on("GET", "/api/v1/statuses/5", says(status(5)))
    with pytest.raises(SendError, match="our own statuses"):
        channel().act("delete", "5", {})
    with pytest.raises(SendError):
        channel().act("block", "5", {})


# --- search


def test_a_search_looks_in_tags_and_in_words_and_goes_on_where_it_was(outside: Outside) -> None:
    PEER.sign_in(outside)
    outside.on("GET", "/api/v1/timelines/tag/gardenlids", says([status(2, mentions=[])]))
    outside.on("GET", "/api/v2/search", says({"statuses": [status(3), status(2, mentions=[])], "accounts": []}))
    fetched = channel().search(["garden lids"], {})
    found = {i.external_id: i.kind for i in items(fetched) if isinstance(i, Incoming)}
    assert found == {str(BASE + 2): Kind.OVERHEARD, str(BASE + 3): Kind.MESSAGE}
    assert outside.of("GET", "search")[0].query["q"] == '"garden lids"'
    channel().search(["garden lids"], fetched.cursor)
    assert outside.of("GET", "search")[1].query["min_id"] == str(BASE + 3)
    outside.on("GET", "/api/v1/timelines/tag/lids", says([status(9)]))
    channel().search(["#lids"], fetched.cursor)
    assert len(outside.of("GET", "search")) == 2, "a tag is not looked for in words"


SCRAP = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
JSON = st.recursive(
    SCRAP, lambda deep: st.lists(deep, max_size=3) | st.dictionaries(st.text(max_size=9), deep), max_leaves=8
)
FIELDS = st.sampled_from(["content", "account", "mentions", "media_attachments", "quote", "poll", "edited_at", "card"])


@given(JSON, FIELDS, st.sampled_from(["mention", "favourite", "follow", "wave"]))
def test_any_field_is_read_or_refused(value: Any, field: str, kind: str) -> None:
    try:
        assert read(notice(1, kind, status(1) | {field: value}, account=account()))
        assert read(status(1) | {field: value}, "update")
    except NotUnderstood as fault:
        assert fault.text


@pytest.mark.peers
def test_our_calls_are_those_of_the_documented_api() -> None:
    if why := prism.missing("mastodon.json"):
        pytest.skip(why)
    with prism.serving("mastodon.json") as url:
        mine = Mastodon({"server": url, "token": "x"})
        us = {"me": "1", "domain": "mastodon.example.com"}
        fetched = mine.fetch(us)
        assert fetched.deliveries and fetched.cursor["bulk"], "several statuses were looked up in one call"
        assert mine.search(["garden lids", "#lids"], us).deliveries
        assert mine.send(answer(about={"warning": "Broken"})).external_id
        for deed in ("like", "unlike", "block", "unblock", "delete"):
            mine.act(deed, "5", {"account_id": "7"})
