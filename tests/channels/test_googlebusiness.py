"""Google reviews of places: several places, translations, changed reviews, and our answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.asking import forget_tokens
from crowdalogue.channels.base import Author, Incoming, Item, NotUnderstood, Outgoing, Raw, SendError
from crowdalogue.channels.googlebusiness import GoogleBusiness, original
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import Outside, says

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACE = "accounts/1/locations/7"
SETTINGS = {
    "places": f"{PLACE} = Leeds",
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


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def review(name: str, text: str = "It jams.", at: datetime = AT, edited: datetime | None = None, **more: Any) -> Any:
    told = {
        "name": f"{PLACE}/reviews/{name}",
        "reviewId": name,
        "reviewer": {"displayName": "Ada Example", "profilePhotoUrl": "https://example.com/a.jpg"},
        "starRating": "TWO",
        "comment": text,
        "createTime": stamp(at),
        "updateTime": stamp(edited or at),
    }
    return told | more


def welcome(outside: Outside) -> None:
    outside.on("POST", "oauth2.googleapis.com/token", says({"access_token": "token", "expires_in": 3599}))


class BusinessPeer(Peer):
    kind = "googlebusiness"
    settings = SETTINGS
    signed = False
    threads = False

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        welcome(outside)
        newest_first = sorted(said, key=lambda s: s.edited_at or s.at, reverse=True)
        told = [review(f"gb{s.n}", s.text, s.at, s.edited_at) for s in newest_first]
        outside.on("GET", f"/{PLACE}/reviews", says({"reviews": told, "totalReviewCount": len(told)}))

    def accept(self, outside: Outside) -> None:
        welcome(outside)
        outside.on("PUT", f"/{PLACE}/reviews/gb1/reply", says({"comment": "x", "updateTime": stamp(AT)}))

    def id_of(self, said: Said) -> str:
        return f"gb{said.n}"


PEER = BusinessPeer()


@pytest.fixture
def business() -> GoogleBusiness:
    return GoogleBusiness(SETTINGS)


def read(business: GoogleBusiness, thing: Any) -> list[Item]:
    return business.parse(Raw(json.dumps(thing).encode()))


def test_a_review_and_our_answer(business: GoogleBusiness) -> None:
    told = review("gb1", reviewReply={"comment": "Sorry.", "updateTime": "2026-03-02T08:00:00Z"})
    theirs, ours = read(business, told)
    assert isinstance(theirs, Incoming) and isinstance(ours, Incoming)
    assert (theirs.text, theirs.sent_at, theirs.edited_at) == ("It jams.", AT, None)
    assert theirs.extra == {"rating": 2, "rating_max": 5, "place": "Leeds", "review": f"{PLACE}/reviews/gb1"}
    assert theirs.author.name == "Ada Example"
    assert ours.author.ours and ours.author.name == "Leeds" and ours.parents == ("gb1",)


def test_changed_nameless_and_wordless(business: GoogleBusiness) -> None:
    [changed] = read(business, review("gb1", edited=AT + timedelta(days=1)))
    assert isinstance(changed, Incoming) and changed.edited_at == AT + timedelta(days=1)
    [nameless] = read(business, review("gb1", reviewer={"displayName": "A Google user", "isAnonymous": True}))
    assert isinstance(nameless, Incoming) and nameless.author.name == ""
    bare = review("gb1")
    del bare["comment"]
    [wordless] = read(business, bare)
    assert isinstance(wordless, Incoming)
    assert (wordless.text, wordless.subject) == ("", "2 of 5 stars, without words")


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("(Translated by Google) The lid jams.\n\n(Original)\nDer Deckel klemmt.", "Der Deckel klemmt."),
        ("Der Deckel klemmt.\n\n(Translated by Google)\nThe lid jams.", "Der Deckel klemmt."),
        ("The lid jams.", "The lid jams."),
        ("(Translated by Google) Only this", "(Translated by Google) Only this"),
        ("", ""),
    ],
)
def test_the_customers_own_words(text: str, own: str) -> None:
    assert original(text) == own


@given(
    st.dictionaries(
        st.sampled_from(["name", "reviewer", "starRating", "comment", "createTime", "updateTime", "reviewReply"]),
        st.none() | st.text() | st.integers() | st.just({"comment": 7}),
    )
)
def test_nothing_is_too_odd(told: Any) -> None:
    assert read(GoogleBusiness(SETTINGS), told | {"reviewId": "a"})
    with pytest.raises(NotUnderstood):
        read(GoogleBusiness(SETTINGS), {"x": 1})


def test_places_one_after_the_other_with_pages(outside: Outside) -> None:
    both = GoogleBusiness(SETTINGS | {"places": "accounts/1/locations/7\nnonsense\naccounts/1/locations/8 = York\n"})
    welcome(outside)
    outside.on(
        "GET", "locations/7", says({"reviews": [review("b")], "nextPageToken": "two"}), says({"reviews": [review("a")]})
    )
    outside.on("GET", "locations/8", says({}))  # Google's way to say that there are none
    cursor: Any = {}
    got = []
    for _ in range(3):
        fetched = both.fetch(cursor)
        cursor = fetched.cursor
        got += [i.external_id for raw in fetched.deliveries for i in both.parse(raw) if isinstance(i, Incoming)]
    assert (got, fetched.more) == (["b", "a"], False)
    asked = outside.of("GET")
    assert asked[1].query["pageToken"] == "two"
    assert asked[0].query["orderBy"] == "updateTime desc"


def test_a_place_that_is_not_shown_does_not_keep_the_others_waiting(outside: Outside) -> None:
    both = GoogleBusiness(SETTINGS | {"places": "accounts/1/locations/9\n" + PLACE})
    PEER.serve(outside, [Said(1, "Hi", AT)])
    outside.on("GET", "locations/9", says({"error": {"status": "PERMISSION_DENIED"}}, 403))
    first = both.fetch({})
    with pytest.raises(NotUnderstood, match=r"accounts/1/locations/9: .*business\.manage"):
        both.parse(first.deliveries[0])
    assert len(both.fetch(first.cursor).deliveries) == 1


def test_a_forgotten_page_begins_anew(business: GoogleBusiness, outside: Outside) -> None:
    welcome(outside)
    outside.on("GET", "", says({"error": {"status": "INVALID_ARGUMENT"}}, 400))
    fetched = business.fetch({"at": 0, "walks": {PLACE: {"page": "old", "done": stamp(AT)}}})
    assert fetched.cursor["walks"][PLACE] == {"done": stamp(AT), "high": None, "page": ""}
    with pytest.raises(Failure):
        business.fetch(fetched.cursor)


def test_it_rests(outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Hi", AT)])
    business = GoogleBusiness(SETTINGS | {"minutes": 15})
    cursor = business.fetch({}).cursor
    assert business.fetch(cursor).deliveries == ()
    assert len(outside.of("GET")) == 1


def answer(**more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k", "to": Author("review:gb1"), "text": "Sorry.", "answers": "gb1"}
    return Outgoing(**usual | more)


def test_the_answer_sent_is_the_answer_read(business: GoogleBusiness, outside: Outside) -> None:
    PEER.accept(outside)
    sent = business.send(answer(about={"review": f"{PLACE}/reviews/gb1"}))
    assert outside.calls[-1].json == {"comment": "Sorry."}
    ours = read(business, review("gb1", reviewReply={"comment": "Sorry."}))[1]
    assert isinstance(ours, Incoming) and ours.external_id == sent.external_id
    assert business.send(answer()).external_id == sent.external_id  # with one place there is no doubt
    with pytest.raises(SendError, match="does not say which"):
        GoogleBusiness(SETTINGS | {"places": PLACE + "\naccounts/1/locations/8"}).send(answer())


def test_check(business: GoogleBusiness, outside: Outside) -> None:
    welcome(outside)
    outside.on("GET", "", says({}))
    business.check()
    outside.on("GET", "", says({"error": {"status": "PERMISSION_DENIED"}}, 403))
    with pytest.raises(Failure, match=rf"{PLACE}: .*owner or manager"):
        business.check()
    for broken in (GoogleBusiness({}), GoogleBusiness(SETTINGS | {"places": "Leeds"})):
        with pytest.raises(Failure, match="No place is named"):
            broken.check()
        with pytest.raises(Failure, match="No place is named"):
            broken.fetch({})


def test_length_counts_bytes(business: GoogleBusiness) -> None:
    assert business.length("aü") == 3


def test_a_sample_can_be_read(business: GoogleBusiness) -> None:
    raw = business.sample(AT, 3, "Hello")
    assert raw
    [said] = business.parse(raw)
    assert isinstance(said, Incoming)
    assert (said.text, said.sent_at) == ("Hello", AT)
