"""Trustpilot: reviews by webhook and by asking, our answer, and the secret in the address."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.asking import forget_tokens
from crowdalogue.channels.base import Author, Incoming, Item, NotUnderstood, Outgoing, Raw, Refused, Removal, SendError
from crowdalogue.channels.base import Unknown as UnknownPart
from crowdalogue.channels.trustpilot import Trustpilot
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import Outside, says

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = {
    "business_unit": "46d6a890",
    "api_key": "key",
    "api_secret": "secret",
    "hook_secret": "a long word",
    "minutes": 0,
}
ADDRESS = "https://crowd.example.com/hooks/1/?secret=a%20long%20word"


@pytest.fixture(autouse=True)
def clean_start() -> Iterator[None]:
    forget_tokens()
    yield
    forget_tokens()


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def welcome(outside: Outside) -> None:
    outside.on("POST", "accesstoken", says({"access_token": "token", "expires_in": "359999"}))


class TrustpilotPeer(Peer):
    kind = "trustpilot"
    settings = SETTINGS
    threads = False

    def sign(self, body: bytes, now: datetime) -> Raw:
        return Raw(body, {"content-type": "application/json"}, url=ADDRESS)

    def tamper(self, raw: Raw) -> Raw:
        return replace(raw, url=raw.url[:-1] + "x")

    def events(self, now: datetime, *events: tuple[str, Any]) -> Raw:
        told = [{"eventName": f"service-review-{name}", "version": "1", "eventData": data} for name, data in events]
        return self.sign(json.dumps({"events": told}).encode(), now)

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [self.events(now, *(("updated" if s.edited_at else "created", self.told(s)) for s in said))]

    @staticmethod
    def told(said: Said) -> dict[str, Any]:
        told = {
            "id": f"r{said.n}",
            "language": "en",
            "title": "A title",
            "text": said.text,
            "stars": 2,
            "createdAt": stamp(said.at),
            "isVerified": True,
            "consumer": {"id": f"c{said.author}", "name": f"Customer {said.author}"},
        }
        return told | ({"updatedAt": stamp(said.edited_at)} if said.edited_at else {})

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        welcome(outside)
        newest_first = sorted(said, key=lambda s: s.at, reverse=True)
        page = {"reviews": [self.told(s) for s in newest_first], "links": []}
        outside.on("GET", "/private/business-units/46d6a890/reviews", says(page))

    def accept(self, outside: Outside) -> None:
        welcome(outside)
        outside.on("POST", "/private/reviews/r1/reply", says(b"", 201))

    def removed(self, said: Said, now: datetime) -> Raw | None:
        return self.events(now, ("deleted", {"id": f"r{said.n}"}))

    def unknown(self, now: datetime) -> Raw | None:
        return self.events(now, ("applauded", {"id": "r1"}))

    def id_of(self, said: Said) -> str:
        return f"r{said.n}"


PEER = TrustpilotPeer()


@pytest.fixture
def trustpilot() -> Trustpilot:
    return Trustpilot(SETTINGS)


def read(trustpilot: Trustpilot, thing: Any) -> list[Item]:
    return trustpilot.parse(Raw(json.dumps(thing).encode()))


REVIEW = {
    "id": "r1",
    "consumer": {"id": "c1", "displayName": "Ada E.", "displayLocation": "Leeds, GB", "numberOfReviews": 3},
    "businessUnit": {"displayName": "Kettles"},
    "stars": 2,
    "title": "The  lid",
    "text": "It jams.",
    "language": "en",
    "createdAt": "2026-03-01T12:00:00Z",
    "updatedAt": None,
    "isVerified": True,
    "referenceId": "ORDER-7",
    "referralEmail": "ada@example.com",
    "tags": [{"group": "Generic", "value": "lids"}],
    "companyReply": {"text": "We are sorry.", "createdAt": "2026-03-02T08:00:00Z", "updatedAt": None},
}


def test_a_review_and_our_answer(trustpilot: Trustpilot) -> None:
    review, ours = read(trustpilot, REVIEW)
    assert isinstance(review, Incoming) and isinstance(ours, Incoming)
    assert (review.external_id, review.text, review.subject) == ("r1", "It jams.", "The lid")
    assert review.author == Author("c1", "Ada E.", facts={"email": "ada@example.com", "place": "Leeds, GB", "posts": 3})
    assert review.extra == {
        "rating": 2,
        "rating_max": 5,
        "verified_purchase": True,
        "order": "ORDER-7",
        "tags": ["lids"],
    }
    assert (review.sent_at, review.edited_at, review.public, review.language) == (AT, None, True, "en")
    assert ours.author.ours and ours.parents == ("r1",) and ours.text == "We are sorry."
    assert ours.sent_at == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_events(trustpilot: Trustpilot) -> None:
    raw = PEER.events(
        AT, ("updated", REVIEW | {"companyReply": None}), ("deleted", {"id": "r2"}), ("odd", {}), ("created", {})
    )
    updated, deleted, odd, broken = trustpilot.parse(raw)
    assert isinstance(updated, Incoming)
    assert updated.edited_at == AT + timedelta(seconds=1)  # newer than what it updates, though it does not say when
    assert deleted == Removal("r2")
    assert isinstance(odd, UnknownPart) and isinstance(broken, UnknownPart)
    for body in (b"{}", b'{"events": []}', b'{"events": 7}'):
        with pytest.raises(NotUnderstood):
            trustpilot.parse(Raw(body))


@given(st.dictionaries(st.sampled_from([*REVIEW, "eventName"]), st.none() | st.text() | st.integers() | st.just({})))
def test_nothing_is_too_odd(review: Any) -> None:
    assert read(Trustpilot(SETTINGS), review | {"stars": 1})


def test_the_address_proves_itself(trustpilot: Trustpilot) -> None:
    raw = PEER.deliver([Said(1, "Hi", AT)], AT)[0]
    trustpilot.verify(raw, AT)
    for url in ("", "https://crowd.example.com/hooks/1/", ADDRESS + "x", "https://x/?secret=ü"):
        with pytest.raises(Refused, match="missing or wrong"):
            trustpilot.verify(replace(raw, url=url), AT)
    with pytest.raises(Refused, match="no secret"):
        Trustpilot({}).verify(replace(raw, url="https://x/?secret="), AT)
    made = Trustpilot.prepare({})["hook_secret"]
    assert len(made) > 20
    assert Trustpilot.prepare({"hook_secret": "mine"})["hook_secret"] == "mine"


def test_pages_until_what_is_known(trustpilot: Trustpilot, outside: Outside) -> None:
    welcome(outside)

    def page(*names: str, following: bool = False) -> Any:
        links = [{"rel": "next-page", "href": "https://api.trustpilot.com/next"}] if following else []
        return says({"reviews": [REVIEW | {"id": n} for n in names], "links": links})

    outside.on("GET", "page=1", page("r3", "r2", following=True))
    outside.on("GET", "page=2", page("r1"))
    first = trustpilot.fetch({})
    second = trustpilot.fetch(first.cursor)
    assert (first.more, second.more) == (True, False)
    assert [len(first.deliveries), len(second.deliveries)] == [2, 1]
    assert outside.of("GET")[0].headers["authorization"] == "Bearer token"
    assert outside.calls[0].headers["authorization"].startswith("Basic ")


def test_it_rests(outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Hi", AT)])
    resting = Trustpilot(SETTINGS | {"minutes": 15})
    cursor = resting.fetch({}).cursor
    assert resting.fetch(cursor).deliveries == ()
    assert len(outside.of("GET")) == 1


def answer(**more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k", "to": Author("c1"), "text": "We are sorry.", "answers": "r1"}
    return Outgoing(**usual | more)


def test_the_answer_sent_is_the_answer_read(trustpilot: Trustpilot, outside: Outside) -> None:
    PEER.accept(outside)
    sent = trustpilot.send(answer())
    assert sent.external_id == read(trustpilot, REVIEW)[1].external_id  # type: ignore[union-attr]
    assert outside.calls[-1].json == {"message": "We are sorry."}
    Trustpilot(SETTINGS | {"user": "u7"}).send(answer())
    assert outside.calls[-1].json["authorBusinessUserId"] == "u7"
    with pytest.raises(SendError, match="names none"):
        trustpilot.send(answer(answers=""))


def test_a_refused_token_says_where_to_get_another(trustpilot: Trustpilot, outside: Outside) -> None:
    outside.always(says({"error": "invalid_client"}, 401))
    with pytest.raises(Failure, match=r"invalid_client.*Integrations"):
        trustpilot.check()
    welcome(outside)
    outside.on("GET", "", says(status=403))
    with pytest.raises(Failure, match=r"refused the access token \(403\)"):
        trustpilot.check()
