"""What Meta's four channels share: the door, the errors in words, batches, private messages, walks back."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import hypothesis
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import open_channel
from crowdalogue.channels.base import Ignored, Incoming, NotUnderstood, Raw, Refused, SendError, Status, Unknown
from crowdalogue.channels.meta import door, sweep
from crowdalogue.channels.meta.graph import Graph, GraphFailed
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Delivery
from tests.channels.contract import Peer, Said
from tests.outside import SLOW, Call, Outside, says

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "EAAG-fake-token-of-tests"
PAGE = "200000000000001"
COMMON = {"app_secret": SECRET, "token": TOKEN, "verify_token": "fake-verify-token"}


class MetaPeer(Peer):
    """Meta: every delivery is signed over its body, and one delivery holds many entries."""

    def sign(self, body: bytes, now: datetime) -> Raw:
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return Raw(body, {"content-type": "application/json", "x-hub-signature-256": signature})

    def packed(self, content: Any, now: datetime = NOW) -> Raw:
        return self.sign(json.dumps(content).encode(), now)


class ChatPeer(MetaPeer):
    """Messenger's dialect, which Instagram's direct messages speak too."""

    object = "page"
    own = PAGE
    edit = "message_edit"

    def event(self, said: Said) -> dict[str, Any]:
        event: dict[str, Any] = {
            "sender": {"id": f"5550{said.author:04}"},
            "recipient": {"id": self.own},
            "timestamp": int((said.edited_at or said.at).timestamp() * 1000),
        }
        if said.edited_at:
            return event | {"message_edit": {"mid": self.id_of(said), "text": said.text, "num_edit": 1}}
        message: dict[str, Any] = {"mid": self.id_of(said), "text": said.text}
        if said.parent is not None:
            message["reply_to"] = {"mid": f"m_fake{said.parent}"}
        return event | {"message": message}

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        """Ten to an entry, all in one delivery."""
        events = [self.event(s) for s in said]
        at = int(now.timestamp() * 1000)
        entries = [{"id": self.own, "time": at, "messaging": events[n : n + 10]} for n in range(0, len(events), 10)]
        return [self.packed({"object": self.object, "entry": entries}, now)]

    def unknown(self, now: datetime) -> Raw:
        event = {"sender": {"id": "5550"}, "recipient": {"id": self.own}, "timestamp": 1, "telepathy": {"a": 1}}
        return self.packed({"object": self.object, "entry": [{"id": self.own, "messaging": [event]}]}, now)

    def removed(self, said: Said, now: datetime) -> Raw | None:
        event = self.event(said) | {"message": {"mid": self.id_of(said), "is_deleted": True}}
        return self.packed({"object": self.object, "entry": [{"id": self.own, "messaging": [event]}]}, now)

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        def answer(call: Call) -> httpx.Response:
            people = sorted({s.author for s in said})
            talks = [self.conversation([s for s in said if s.author == who], who) for who in people]
            return httpx.Response(200, json={"data": talks})

        outside.on("GET", r"/v23.0/5550\d{4}\?", says({"error": {"code": 100, "error_subcode": 33}}, 400))
        outside.on("GET", "/conversations", answer)
        outside.on("GET", "/media", says({"data": []}))

    def conversation(self, said: Sequence[Said], who: int) -> dict[str, Any]:
        customer, us = {"id": f"5550{who:04}", "name": f"Customer {who}"}, {"id": self.own, "name": "Our page"}
        messages = [
            {
                "id": self.id_of(s),
                "message": s.text,
                "created_time": s.at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "from": customer,
                "to": {"data": [us]},
            }
            for s in sorted(said, key=lambda s: s.at, reverse=True)
        ]
        updated = max(s.at for s in said).strftime("%Y-%m-%dT%H:%M:%S+0000")
        return {
            "id": f"t_{who}",
            "updated_time": updated,
            "participants": {"data": [customer, us]},
            "messages": {"data": messages},
        }

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/messages", says({"recipient_id": "55500001", "message_id": "m_answer"}))

    def id_of(self, said: Said) -> str:
        return f"m_fake{said.n}"


def graph(**more: Any) -> Graph:
    return Graph(TOKEN, SECRET, named="page access token", remedy="Make a new one.", **more)


# --- the door


def test_the_signature_covers_every_byte() -> None:
    page = open_channel("facebook", COMMON | {"page_id": PAGE})
    raw = door.signed(SECRET, {"object": "page", "entry": []})
    page.verify(raw, NOW)
    page.verify(raw, NOW + timedelta(days=2))  # Meta tries again for days and signs no time
    for body, headers in (
        (raw.body + b" ", raw.headers),
        (raw.body, {}),
        (raw.body, {door.HEADER: "sha1=" + "0" * 40}),
        (raw.body, {door.HEADER: "sha256=" + "0" * 64}),
        (raw.body, {door.HEADER: "sha256=\u00fc"}),
    ):
        with pytest.raises(Refused) as caught:
            page.verify(Raw(body, headers), NOW)
        assert SECRET not in caught.value.text
    with pytest.raises(Refused, match="no app secret yet"):
        open_channel("facebook", {"page_id": PAGE}).verify(door.signed("", {}), NOW)


def knock(**asked: str) -> Raw:
    names = {"mode": "subscribe", "verify_token": "fake-verify-token", "challenge": "1158201444"} | asked
    return Raw(
        b"",
        {},
        method="GET",
        url="https://c.example.com/hooks/k/?" + urlencode({f"hub.{k}": v for k, v in names.items()}),
    )


def test_the_challenge_is_answered_to_who_knows_the_token() -> None:
    page = open_channel("facebook", COMMON)
    answer = page.greet(knock())
    assert (answer.body, answer.media_type, answer.status) == (b"1158201444", "text/plain", 200)
    for asked in ({"verify_token": "wrong"}, {"verify_token": ""}, {"mode": "unsubscribe"}):
        with pytest.raises(Refused):
            page.greet(knock(**asked))
    for challenge in ("", "<script>alert(1)</script>", "x" * 201, "a b"):
        with pytest.raises(Refused, match="challenge"):
            page.greet(knock(challenge=challenge))
    with pytest.raises(Refused):
        open_channel("facebook", {"verify_token": ""}).greet(knock(verify_token=""))


def test_a_verify_token_is_made_and_stays() -> None:
    made = type(open_channel("facebook")).prepare({"page_id": f" {PAGE} "})
    assert len(made["verify_token"]) >= 24 and made["page_id"] == PAGE
    assert type(open_channel("facebook")).prepare(made)["verify_token"] == made["verify_token"]


def test_meta_hears_what_it_wants_at_the_door(client: Client, db: None) -> None:
    account = Account.objects.create(kind="facebook", name="Page", settings=COMMON | {"page_id": PAGE})
    place = f"/hooks/{account.key}/"
    asked = {"hub.mode": "subscribe", "hub.verify_token": "fake-verify-token", "hub.challenge": "1158201444"}
    greeted = client.get(place, asked)
    assert (greeted.status_code, greeted.content) == (200, b"1158201444")
    assert client.get(place, asked | {"hub.verify_token": "wrong"}).status_code == 403
    odd = door.signed(SECRET, {"object": "page", "entry": [{"id": PAGE, "changes": [{"field": "new", "value": {}}]}]})
    signature = {"x-hub-signature-256": odd.headers[door.HEADER]}
    taken = client.post(place, odd.body, content_type="application/json", headers=signature)
    assert taken.status_code == 200  # or Meta would send it again for days; we keep it, and say so to ourselves
    assert Delivery.objects.get().state == Delivery.State.FAILED
    assert client.post(place, odd.body, content_type="application/json").status_code == 403


# --- batches


def test_one_broken_part_never_loses_the_others() -> None:
    value = {"item": "comment", "verb": "add", "post_id": "1_1", "from": {"id": "555", "name": "Ada Vale"}}
    good = {"field": "feed", "value": value | {"comment_id": "1_2", "message": "Hello", "parent_id": "1_1"}}
    bad = {"field": "feed", "value": value | {"comment_id": ["odd"]}}
    new = {"field": "something_new", "value": {"a": 1}}
    message = {
        "sender": {"id": "555"},
        "recipient": {"id": PAGE},
        "timestamp": 1,
        "message": {"mid": "m_1", "text": "Hi"},
    }
    entries = [
        {"id": PAGE, "time": 1772366400, "changes": [bad, good, new, "odd"]},
        {
            "id": PAGE,
            "time": 1772366400,
            "messaging": [{"odd": 1}, message],
            "standby": [message | {"message": {"mid": "m_2"}}],
        },
        "odd",
        {"id": PAGE, "time": 1},
    ]
    page = open_channel("facebook", COMMON | {"page_id": PAGE})
    found = page.parse(door.signed(SECRET, {"object": "page", "entry": entries}))
    assert [i.external_id for i in found if isinstance(i, Incoming)] == ["1_2", "m_1", "m_2"]
    assert len([i for i in found if isinstance(i, Unknown)]) == 6


@pytest.mark.parametrize("body", [b"{}", b'{"object": "page"}', b'{"entry": []}', b'{"object": "page", "entry": {}}'])
def test_what_is_no_delivery_says_so(body: bytes) -> None:
    with pytest.raises(NotUnderstood, match="no delivery of Meta"):
        open_channel("facebook", COMMON).parse(Raw(body))


def test_another_page_and_another_object_stay_to_be_looked_at() -> None:
    page = open_channel("facebook", COMMON | {"page_id": PAGE})
    change = {"field": "feed", "value": {"item": "comment", "verb": "add", "comment_id": "1_2"}}
    (other,) = page.parse(door.signed(SECRET, {"object": "page", "entry": [{"id": "9", "changes": [change]}]}))
    assert isinstance(other, Unknown) and "this account is" in other.what
    (odd,) = page.parse(door.signed(SECRET, {"object": "user", "entry": [{"id": "9"}]}))
    assert isinstance(odd, Unknown)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "from",
                    "item",
                    "verb",
                    "message",
                    "mid",
                    "text",
                    "attachments",
                    "payload",
                    "type",
                    "url",
                    "sender",
                    "recipient",
                    "timestamp",
                    "reaction",
                    "comment_id",
                    "post_id",
                    "parent_id",
                    "media",
                    "messages",
                    "statuses",
                    "metadata",
                    "contacts",
                    "wa_id",
                    "edit",
                    "revoke",
                    "context",
                    "location",
                    "order",
                    "history",
                    "threads",
                    "errors",
                    "read",
                    "delivery",
                    "watermark",
                    "mids",
                    "postback",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@pytest.mark.parametrize("kind", ["facebook", "instagram", "messenger", "whatsapp"])
@hypothesis.settings(max_examples=50, deadline=None)
@given(
    value=json_values,
    event=json_values,
    field=st.sampled_from(["feed", "mention", "ratings", "comments", "mentions", "messages", "history"]),
)
def test_no_delivery_breaks_the_reader(kind: str, value: Any, event: Any, field: str) -> None:
    channel = open_channel(kind, COMMON | {"page_id": "1", "account_id": "1", "phone_number_id": "1"})
    entry = {"id": "1", "time": 1772366400, "changes": [{"field": field, "value": value}], "messaging": [event]}
    body = {"object": channel.object_name, "entry": [entry]}  # type: ignore[attr-defined]
    for item in channel.parse(Raw(json.dumps(body).encode())):
        if isinstance(item, Incoming):
            assert item.external_id and item.author.address
            json.dumps(dict(item.extra))
    for name in ("swept_feed", "swept_media", "swept_conversations"):
        channel.parse(Raw(json.dumps({"object": name, "entry": [], "parent": event, "data": [value]}).encode()))


# --- calls


def test_every_call_is_signed_and_the_token_is_in_no_address(outside: Outside) -> None:
    outside.always(says({"id": "1"}))
    graph(version="v22.0", address="https://relay.example.com/").get("me", fields="id", empty="")
    (call,) = outside.calls
    assert call.path == "/v22.0/me"
    assert call.query == {"fields": "id", "appsecret_proof": door.proof(SECRET, TOKEN)}
    assert call.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in call.url and "relay.example.com" in call.url


def error(code: int, subcode: int = 0, message: str = "", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message or f"(#{code}) Something", "code": code, "error_subcode": subcode, **more}}


@pytest.mark.parametrize(
    ("answer", "status", "words", "permanent"),
    [
        (error(190, 463, f"Error validating {TOKEN}"), 400, r"page access token: it expired\. Make a new", True),
        (error(190, 460), 401, "the password was changed", True),
        (error(102), 400, "page access token", True),
        (error(4), 400, "fewer calls", False),
        (error(17), 400, "fewer calls", False),
        (error(32), 403, "fewer calls", False),
        (error(613), 400, "fewer calls", False),
        (error(80007), 400, "fewer calls", False),
        (error(130429), 400, "fewer calls", False),
        (error(10, message="Needs pages_feed"), 403, r"does not allow.*pages_feed.*Make a new", True),
        (error(200), 403, "does not allow", True),
        (error(100, 33), 400, "may have been deleted", True),
        (error(100, message="Invalid parameter"), 400, r"did not accept.*Invalid parameter", True),
        (error(2), 500, "trouble of its own", False),
        (error(1), 400, "trouble of its own", False),
        (error(131047), 400, "takes only a template", True),
        (error(10, 2018278), 400, "24 hours", True),
        (error(551), 400, "cannot be written to", True),
        ({"error": "no"}, 400, "did not accept", True),
        ("<html>", 502, "trouble of its own", False),
    ],
)
def test_errors_say_what_to_do(answer: Any, status: int, words: str, permanent: bool, outside: Outside) -> None:
    outside.always(says(answer, status))
    with pytest.raises(GraphFailed, match=words) as caught:
        graph().call("POST", "me/messages", json={"message": {"text": "a secret word"}})
    assert caught.value.permanent is permanent
    assert TOKEN not in caught.value.text and "a secret word" not in caught.value.text


def test_the_allowance_is_read_and_waited_for(outside: Outside) -> None:
    usage: Any = json.dumps({PAGE: [{"type": "pages", "call_count": 96, "estimated_time_to_regain_access": 7}]})
    outside.always(says({"data": []}, x_business_use_case_usage=usage))
    asked = graph()
    asked.get("me")
    assert asked.nearly_spent
    outside.always(says(error(32), 400, x_business_use_case_usage=usage))
    with pytest.raises(GraphFailed) as caught:
        asked.get("me")
    assert caught.value.retry_after == 420
    outside.always(says({}, x_app_usage="nonsense"))
    asked.get("me")
    assert not asked.nearly_spent


def test_an_answer_that_is_none_leaves_what_was_sent_in_doubt(outside: Outside) -> None:
    for answer in (says("<html>"), says([1]), SLOW):
        outside.always(answer)
        with pytest.raises(GraphFailed) as caught:
            graph().call("POST", "me/messages", json={})
        assert caught.value.uncertain


# --- walks back


EDGES = sweep.Edges(
    name="swept_feed",
    parents="1/feed",
    fields="id,comments.limit(2){id}",
    children="comments",
    child_fields="id,created_time",
    time="created_time",
    child_time="created_time",
    back=timedelta(days=1),
    itself=True,
    page=2,
)


class World:
    """Posts with comments, newest first, and pages over them by number."""

    def __init__(self, posts: int, comments: int) -> None:
        self.posts = {f"p{n}": [f"p{n}c{m}" for m in range(comments)] for n in range(posts)}

    def at(self, name: str) -> str:
        number = int(name.partition("c")[0][1:])
        return (NOW - timedelta(days=number)).isoformat()

    def page(self, things: Sequence[Mapping[str, Any]], after: int, size: int, path: str) -> dict[str, Any]:
        part, end = things[after : after + size], after + size
        paging = {"cursors": {"after": str(end)}}
        if end < len(things):
            paging["next"] = f"https://graph.facebook.com/{path}?access_token={TOKEN}&after={end}"  # type: ignore[assignment]
        return {"data": list(part), "paging": paging}

    def answer(self, call: Call) -> httpx.Response:
        after, size = int(call.query.get("after", "0")), int(call.query["limit"])
        path = call.path.removeprefix("/v23.0/")
        if path == "1/feed":
            posts = [
                {"id": p, "created_time": self.at(p), "comments": self.page(self.comments(p), 0, 2, f"{p}/comments")}
                for p in self.posts
            ]
            return httpx.Response(200, json=self.page(posts, after, size, path))
        return httpx.Response(200, json=self.page(self.comments(path.split("/")[0]), after, size, path))

    def comments(self, post: str) -> list[dict[str, Any]]:
        return [{"id": c, "created_time": self.at(post)} for c in self.posts[post]]


def walk(
    cursor: Mapping[str, Any], now: datetime = NOW, asked: Graph | None = None
) -> tuple[list[str], dict[str, Any], int]:
    names: list[str] = []
    state: Mapping[str, Any] = dict(cursor)
    for calls in range(1, 100):
        found = sweep.sweep(asked or graph(), EDGES, json.loads(json.dumps(state)), 3, now)
        bodies = [json.loads(raw.body) for raw in found.deliveries]
        assert all(TOKEN not in raw.body.decode() and 0 < len(raw.key) <= 80 for raw in found.deliveries)
        assert TOKEN not in json.dumps(dict(found.cursor))
        names += [thing["id"] for body in bodies for thing in body["data"]]
        state = found.cursor
        if not found.more:
            return names, dict(state), calls
    raise AssertionError("it never ends")


@hypothesis.settings(max_examples=30, deadline=None)
@given(posts=st.integers(0, 6), comments=st.integers(0, 8))
def test_a_whole_walk_finds_everything_in_small_steps(posts: int, comments: int) -> None:
    world = World(posts, comments)
    with pytest.MonkeyPatch.context() as patch:
        from tests.outside import outside_network

        with outside_network(patch) as outside:
            outside.on("GET", "", world.answer)
            names, state, _ = walk({})
    everything = [*world.posts, *(c for some in world.posts.values() for c in some)]
    assert sorted(names) == sorted(everything)
    assert state == {"since": NOW.isoformat(), "looked": NOW.isoformat()}


def test_later_looks_are_short_and_a_long_one_comes_again(outside: Outside) -> None:
    world = World(6, 5)
    outside.on("GET", "", world.answer)
    _, state, _ = walk({})
    names, soon, calls = walk(state, NOW + timedelta(minutes=1))
    assert calls == 2 and names == ["p0", "p0c0", "p0c1", "p1", "p1c0", "p1c1", "p0c2", "p0c3", "p0c4"]
    assert soon["since"] == NOW.isoformat()
    names, late, _ = walk(soon, NOW + timedelta(minutes=16))
    assert "p1c4" in names and "p4" not in names  # back a day from where the last long walk began, then a page more
    assert late["since"] == (NOW + timedelta(minutes=16)).isoformat()


def test_a_walk_waits_when_the_allowance_is_nearly_spent(outside: Outside) -> None:
    outside.on(
        "GET",
        "",
        lambda call: httpx.Response(
            200, json=World(6, 0).answer(call).json(), headers={"x-app-usage": '{"call_count": 95}'}
        ),
    )
    first = sweep.sweep(graph(), EDGES, {}, 2, NOW)
    assert not first.more and first.cursor["rest"] and len(first.deliveries) == 2
    asked = len(outside.calls)
    still = sweep.sweep(graph(), EDGES, first.cursor, 2, NOW + timedelta(minutes=1))
    assert not still.deliveries and len(outside.calls) == asked
    again = sweep.sweep(graph(), EDGES, first.cursor, 2, NOW + timedelta(minutes=16))
    assert len(again.deliveries) == 2


def test_what_has_not_changed_is_the_same_delivery_though_its_files_have_new_addresses() -> None:
    one, two = (
        {"data": [{"id": "1", "message": "Hi", "full_picture": f"https://cdn.example.com/{n}"}]} for n in (1, 2)
    )
    assert sweep.delivery(EDGES, one).key == sweep.delivery(EDGES, two).key
    assert sweep.delivery(EDGES, one).key != sweep.delivery(EDGES, {"data": [{"id": "1", "message": "Ho"}]}).key


def test_a_post_that_was_deleted_meanwhile_stops_nothing(outside: Outside) -> None:
    outside.on("GET", "", says(error(100, 33), 400))
    state = {"began": NOW.isoformat(), "long": True, "page": {}, "waiting": [["p1", "2", 3], ["p2", "2", 3]]}
    found = sweep.sweep(graph(), EDGES, state, 10, NOW)
    assert found.more and found.left == 3 and [w[0] for w in found.cursor["waiting"]] == ["p2"]
    outside.on("GET", "", says(error(190), 400))
    with pytest.raises(Failure, match="page access token"):
        sweep.sweep(graph(), EDGES, state, 10, NOW)


# --- files


def test_files_come_from_public_addresses_only(outside: Outside) -> None:
    page = open_channel("facebook", COMMON)
    outside.on("GET", "cdn", says(b"picture"))
    assert page.download("https://cdn.example.com/1.jpg") == b"picture"
    assert "authorization" not in outside.calls[0].headers
    outside.on("GET", "cdn", says("gone", 403))
    with pytest.raises(Failure, match="no longer has this file"):
        page.download("https://cdn.example.com/1.jpg")


def test_quiet_events_are_ignored_with_their_reason() -> None:
    chat = open_channel("messenger", COMMON | {"page_id": PAGE})
    names = ["optin", "referral", "pass_thread_control", "account_linking", "policy_enforcement", "app_roles"]
    events = [{"sender": {"id": "555"}, "recipient": {"id": PAGE}, "timestamp": 1, name: {}} for name in names]
    found = chat.parse(door.signed(SECRET, {"object": "page", "entry": [{"id": PAGE, "messaging": events}]}))
    assert len(found) == len(names) and all(isinstance(item, Ignored) and item.why for item in found)


def test_watermarks_are_news_about_the_conversation() -> None:
    chat = open_channel("messenger", COMMON | {"page_id": PAGE})
    sides = {"sender": {"id": "555"}, "recipient": {"id": PAGE}, "timestamp": 1772366400000}
    events = [
        sides | {"read": {"watermark": 1772366400000}},
        sides | {"delivery": {"mids": ["m_1", "m_2"], "watermark": 1}},
    ]
    found = chat.parse(door.signed(SECRET, {"object": "page", "entry": [{"id": PAGE, "messaging": events}]}))
    assert found == [
        Status("until:messenger:555", "read", at=NOW),
        Status("m_1", "delivered", at=datetime.fromtimestamp(1, UTC)),
        Status("m_2", "delivered", at=datetime.fromtimestamp(1, UTC)),
    ]


def test_a_failure_is_a_send_error_where_something_was_to_be_sent(outside: Outside) -> None:
    outside.always(says(error(551), 400))
    with pytest.raises(SendError, match="cannot be written to") as caught:
        open_channel("facebook", COMMON).call("POST", "me/messages", json={})  # type: ignore[attr-defined]
    assert caught.value.permanent and not caught.value.uncertain
