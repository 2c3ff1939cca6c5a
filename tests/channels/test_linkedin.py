"""LinkedIn: social actions of a page by both doors, answers and likes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.asking import forget_tokens
from crowdalogue.channels.base import (
    Author,
    Incoming,
    Interaction,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    Refused,
    Removal,
    SendError,
    Unknown,
)
from crowdalogue.channels.linkedin import LinkedIn
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import SLOW, Outside, says

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = {
    "organization": "96072",
    "client_id": "id",
    "client_secret": "secret",
    "refresh_token": "again",
    "minutes": 0,
}
POST = "urn:li:activity:7094637247890620418"


@pytest.fixture(autouse=True)
def clean_start() -> Iterator[None]:
    forget_tokens()
    yield
    forget_tokens()


def urn(n: int) -> str:
    return f"urn:li:comment:({POST},{7094977717598625000 + n})"


def told(
    n: int = 1, action: str = "COMMENT", text: str = "Mine jams", at: datetime = AT, **more: Any
) -> dict[str, Any]:
    comment = {"owner": "urn:li:person:ada", "text": text, "entity": urn(n), "object": POST} | more
    return {
        "subscriber": "urn:li:person:us",
        "notificationId": n,
        "organizationalEntity": "urn:li:organization:96072",
        "action": action,
        "sourcePost": POST,
        "decoratedSourcePost": {"owner": "urn:li:organization:96072", "text": "Our new kettle"},
        "generatedActivity": urn(n).replace("(urn:li:", "("),
        "decoratedGeneratedActivity": {"comment": comment},
        "lastModifiedAt": int(at.timestamp() * 1000),
    }


def welcome(outside: Outside) -> None:
    outside.on("POST", "oauth/v2/accessToken", says({"access_token": "token", "expires_in": 5184000}))


class LinkedInPeer(Peer):
    kind = "linkedin"
    settings = SETTINGS

    def sign(self, body: bytes, now: datetime) -> Raw:
        proof = hmac.new(b"secret", b"hmacsha256=" + body, hashlib.sha256).hexdigest()
        return Raw(body, {"content-type": "application/json", "x-li-signature": proof})

    def batch(self, now: datetime, *news: dict[str, Any]) -> Raw:
        body = {"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": list(news)}
        return self.sign(json.dumps(body).encode(), now)

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [self.batch(now, *(self.news(s) for s in said[n : n + 10])) for n in range(0, len(said), 10)]

    @staticmethod
    def news(said: Said) -> dict[str, Any]:
        more: dict[str, Any] = {"owner": f"urn:li:person:{said.author}"}
        if said.parent is not None:
            more["parentComment"] = urn(said.parent)
        action = "COMMENT_EDIT" if said.edited_at else "COMMENT"
        return told(said.n, action, said.text, said.edited_at or said.at, **more)

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        welcome(outside)
        news = [self.news(s) for s in said]
        outside.on("GET", "organizationalEntityNotifications", says({"elements": news, "paging": {"start": 0}}))

    def accept(self, outside: Outside) -> None:
        welcome(outside)
        outside.on("POST", "/socialActions/", says({"id": "7095"}, 201, x_restli_id="7095"))

    def removed(self, said: Said, now: datetime) -> Raw | None:
        return self.batch(now, told(said.n, "COMMENT_DELETE", at=now))

    def unknown(self, now: datetime) -> Raw | None:
        return self.batch(now, told(1, "APPLAUD"))

    def answering(self, said: Said) -> dict[str, Any]:
        return {"about": {"comment": urn(said.n), "post": POST}}

    def id_of(self, said: Said) -> str:
        return f"comment:{7094977717598625000 + said.n}"


PEER = LinkedInPeer()


@pytest.fixture
def linkedin() -> LinkedIn:
    return LinkedIn(SETTINGS)


def read(linkedin: LinkedIn, *news: dict[str, Any]) -> list[Item]:
    raw = PEER.batch(AT, *news)
    linkedin.verify(raw, AT)
    return linkedin.parse(raw)


# --- the door


def test_only_what_linkedin_signed_is_let_in(linkedin: LinkedIn) -> None:
    raw = PEER.batch(AT, told())
    linkedin.verify(raw, AT)
    bare = hmac.new(b"secret", raw.body, hashlib.sha256).hexdigest()
    linkedin.verify(Raw(raw.body, {"x-li-signature": f"hmacsha256={bare}"}), AT)
    for headers, words in (({}, "missing"), ({"x-li-signature": "00"}, "wrong"), ({"x-li-signature": "ü"}, "wrong")):
        with pytest.raises(Refused, match=words):
            linkedin.verify(Raw(raw.body, headers), AT)
    with pytest.raises(Refused, match="no client secret"):
        LinkedIn({}).verify(raw, AT)


def test_the_address_answers_when_linkedin_asks(linkedin: LinkedIn) -> None:
    answer = linkedin.greet(Raw(b"", method="GET", url="https://crowd.example.com/hooks/1/?challengeCode=890e"))
    right = hmac.new(b"secret", b"890e", hashlib.sha256).hexdigest()
    assert json.loads(answer.body) == {"challengeCode": "890e", "challengeResponse": right}
    with pytest.raises(Refused):
        linkedin.greet(Raw(b"", method="GET", url="https://crowd.example.com/hooks/1/"))


# --- reading


def test_a_comment(linkedin: LinkedIn) -> None:
    [said] = read(linkedin, told(parentComment=urn(9)))
    assert isinstance(said, Incoming)
    assert (said.external_id, said.text, said.sent_at) == ("comment:7094977717598625001", "Mine jams", AT)
    assert (said.author.address, said.author.ours, said.public) == ("urn:li:person:ada", False, True)
    assert said.parents == said.threads == ("comment:7094977717598625009",)
    assert said.extra == {"comment": urn(1), "post": POST, "title": "Our new kettle"}
    assert said.url == f"https://www.linkedin.com/feed/update/{POST}"
    [short] = read(linkedin, told(entity="", message={"text": "As the API writes it"}, text=""))
    assert isinstance(short, Incoming)
    assert short.external_id == said.external_id
    assert short.extra["comment"] == urn(1)
    assert short.text == "As the API writes it"


def test_ours_edited_deleted(linkedin: LinkedIn) -> None:
    ours, page, edited, deleted = read(
        linkedin,
        told(1, "ADMIN_COMMENT"),
        told(2, owner="urn:li:organization:96072"),
        told(3, "COMMENT_EDIT"),
        told(4, "COMMENT_DELETE"),
    )
    assert isinstance(ours, Incoming) and isinstance(page, Incoming) and isinstance(edited, Incoming)
    assert ours.author.ours and page.author.ours
    assert edited.edited_at == AT
    assert deleted == Removal("comment:7094977717598625004", AT)


def test_mentions_likes_and_what_is_not_known(linkedin: LinkedIn) -> None:
    share = {"entity": "urn:li:share:5", "owner": "urn:li:person:bo", "text": "Their kettle leaks"}
    mention = told(1, "SHARE_MENTION") | {"decoratedGeneratedActivity": {"share": share}}
    like = told(2, "LIKE") | {"generatedActivity": f"urn:li:like:(urn:li:person:cy,{POST})"}
    said, liked, odd, broken = read(
        linkedin, mention, like, told(3, "APPLAUD"), told(4, "COMMENT_DELETE") | {"generatedActivity": "x"}
    )
    assert isinstance(said, Incoming)
    assert (said.external_id, said.text, said.extra) == (
        "urn:li:share:5",
        "Their kettle leaks",
        {"post": "urn:li:share:5"},
    )
    assert isinstance(liked, Interaction)
    assert (liked.kind, liked.author.address, liked.target) == ("like", "urn:li:person:cy", POST)
    assert isinstance(odd, Unknown) and isinstance(broken, Unknown)
    for body in (b"{}", b'{"notifications": []}'):
        with pytest.raises(NotUnderstood):
            linkedin.parse(Raw(body))


@given(
    st.dictionaries(
        st.sampled_from(["generatedActivity", "decoratedGeneratedActivity", "lastModifiedAt", "actor", "sourcePost"]),
        st.none() | st.text() | st.integers() | st.fixed_dictionaries({"comment": st.text() | st.just({"text": 7})}),
    ),
    st.sampled_from(["COMMENT", "COMMENT_DELETE", "SHARE_MENTION", "LIKE"]),
)
def test_nothing_is_too_odd(rest: Any, action: str) -> None:
    assert LinkedIn(SETTINGS).parse(Raw(json.dumps(rest | {"action": action}).encode()))


# --- asking


def test_news_since_the_last_look(linkedin: LinkedIn, outside: Outside) -> None:
    welcome(outside)
    outside.on(
        "GET", "Notifications", says({"elements": [told(n) for n in range(100)]}), says({"elements": [told(100)]})
    )
    first = linkedin.fetch({})
    second = linkedin.fetch(first.cursor)
    assert (len(first.deliveries), first.more, len(second.deliveries), second.more) == (100, True, 1, False)
    asked = outside.of("GET")
    assert "actions=List(COMMENT,ADMIN_COMMENT," in asked[0].url
    assert "organizationalEntity=urn%3Ali%3Aorganization%3A96072" in asked[0].url
    assert asked[1].query["start"] == "100"
    assert asked[1].query["timeRange"] == asked[0].query["timeRange"]
    assert asked[0].headers["x-restli-protocol-version"] == "2.0.0"
    assert len(asked[0].headers["linkedin-version"]) == 6
    outside.on("GET", "Notifications", says({"elements": []}))
    linkedin.fetch(second.cursor)
    begins = [int(c.query["timeRange"].partition("start:")[2].partition(",")[0]) for c in outside.of("GET")]
    assert second.cursor["done"] - begins[2] == 15 * 60 * 1000  # a little is asked for again
    assert begins[2] > begins[0]


def test_it_rests(outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Hi", AT)])
    linkedin = LinkedIn(SETTINGS | {"minutes": 10})
    cursor = linkedin.fetch({}).cursor
    assert linkedin.fetch(cursor).deliveries == ()
    assert len(outside.of("GET")) == 1


def test_tokens(outside: Outside) -> None:
    outside.on("GET", "", says({"elements": []}))
    LinkedIn({"organization": "urn:li:organization:96072", "access_token": "mine"}).check()
    assert outside.calls[0].headers["authorization"] == "Bearer mine"
    with pytest.raises(Failure, match="needs a refresh token"):
        LinkedIn({"organization": "96072"}).check()
    with pytest.raises(Failure, match="is a number"):
        LinkedIn(SETTINGS | {"organization": "kettles"}).check()


@pytest.mark.parametrize(
    ("status", "says_what"),
    [
        (401, "end after 60 days"),
        (403, "r_organization_social"),
        (426, "Clear the version"),
        (500, "trouble of its own"),
    ],
)
def test_refusals(linkedin: LinkedIn, outside: Outside, status: int, says_what: str) -> None:
    welcome(outside)
    outside.on("GET", "", says({"message": "no"}, status))
    with pytest.raises(Failure, match=says_what):
        linkedin.fetch({})


# --- answers


def answer(**more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k", "to": Author("urn:li:person:ada"), "text": "It comes."}
    return Outgoing(**usual | {"about": {"comment": urn(1), "post": POST}} | more)


def test_an_answer_goes_under_the_comment(linkedin: LinkedIn, outside: Outside) -> None:
    PEER.accept(outside)
    assert linkedin.send(answer()).external_id == "comment:7095"
    call = outside.calls[-1]
    assert "/rest/socialActions/urn%3Ali%3Acomment%3A%28" in call.url
    assert call.json == {
        "actor": "urn:li:organization:96072",
        "object": POST,
        "message": {"text": "It comes."},
        "parentComment": urn(1),
    }
    linkedin.send(answer(about={"post": "urn:li:share:5"}))
    assert "parentComment" not in outside.calls[-1].json
    with pytest.raises(SendError, match="names none"):
        linkedin.send(answer(about={}))


@pytest.mark.parametrize(
    ("given_answer", "words", "permanent", "uncertain"),
    [
        (says({}, 201), "Look there before", False, True),
        (SLOW, "did not answer", False, True),
        (says(status=403), "403", True, False),
    ],
)
def test_answers_in_trouble(
    linkedin: LinkedIn, outside: Outside, given_answer: Any, words: str, permanent: bool, uncertain: bool
) -> None:
    welcome(outside)
    outside.on("POST", "/socialActions/", given_answer)
    with pytest.raises(SendError, match=words) as caught:
        linkedin.send(answer())
    assert (caught.value.permanent, caught.value.uncertain) == (permanent, uncertain)


def test_likes(linkedin: LinkedIn, outside: Outside) -> None:
    welcome(outside)
    outside.on("*", "/rest/reactions", says(b"", 201))
    linkedin.act("like", "x", {"comment": urn(1)})
    linkedin.act("unlike", "x", {"comment": urn(1)})
    liked, unliked = outside.of("POST", "reactions")[0], outside.of("DELETE")[0]
    assert liked.json == {"root": urn(1), "reactionType": "LIKE"}
    assert "/reactions/(actor:urn%3Ali%3Aorganization%3A96072,entity:urn%3Ali%3Acomment" in unliked.url
    with pytest.raises(SendError, match="cannot hide"):
        linkedin.act("hide", "x", {"comment": urn(1)})
