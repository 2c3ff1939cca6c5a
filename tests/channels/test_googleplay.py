"""Google Play: the reviews of a week, changed ones, and our answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.asking import forget_tokens
from crowdalogue.channels.base import Author, Incoming, Item, NotUnderstood, Outgoing, Raw, SendError, Unknown
from crowdalogue.channels.googleplay import GooglePlay
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import Outside, says

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEM = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SETTINGS = {
    "package": "com.example.kettle",
    "service_account": json.dumps({"client_email": "s@p.example.com", "private_key": PEM, "private_key_id": "1"}),
    "minutes": 0,
}


@pytest.fixture(autouse=True)
def clean_start() -> Iterator[None]:
    forget_tokens()
    yield
    forget_tokens()


def seconds(at: datetime) -> dict[str, Any]:
    return {"seconds": str(int(at.timestamp())), "nanos": 5}


def review(name: str, text: str = "\tIt jams.", at: datetime = AT, ours: str = "", **more: Any) -> dict[str, Any]:
    theirs = {"text": text, "lastModified": seconds(at), "starRating": 2, "reviewerLanguage": "en_GB"} | more
    comments: list[Any] = [{"userComment": theirs}]
    if ours:
        comments.append({"developerComment": {"text": ours, "lastModified": seconds(at + timedelta(days=1))}})
    return {"reviewId": name, "authorName": "Ada Example", "comments": comments}


def welcome(outside: Outside) -> None:
    outside.on("POST", "oauth2.googleapis.com/token", says({"access_token": "token", "expires_in": 3599}))


class PlayPeer(Peer):
    kind = "googleplay"
    settings = SETTINGS
    signed = False
    threads = False

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        welcome(outside)
        told = [review(f"gp:{s.n}", f"\t{s.text}", s.edited_at or s.at) for s in said]
        outside.on("GET", "/com.example.kettle/reviews", says({"reviews": told}))

    def accept(self, outside: Outside) -> None:
        welcome(outside)
        outside.on("POST", "/reviews/gp%3A1:reply", says({"result": {"replyText": "x", "lastEdited": seconds(AT)}}))

    def id_of(self, said: Said) -> str:
        return f"gp:{said.n}"


PEER = PlayPeer()


@pytest.fixture
def play() -> GooglePlay:
    return GooglePlay(SETTINGS)


def read(play: GooglePlay, thing: Any, **headers: str) -> list[Item]:
    return play.parse(Raw(json.dumps(thing).encode(), headers))


def test_a_review_and_our_answer(play: GooglePlay) -> None:
    told = review(
        "gp:1", "The lid\tIt jams.", ours="Sorry.", appVersionName="2.1.0", deviceMetadata={"productName": "P8"}
    )
    theirs, ours = read(play, told)
    assert isinstance(theirs, Incoming) and isinstance(ours, Incoming)
    assert (theirs.text, theirs.subject, theirs.language) == ("It jams.", "The lid", "en-GB")
    assert (theirs.author.address, theirs.author.name) == ("review:gp:1", "Ada Example")
    assert theirs.extra == {
        "rating": 2,
        "rating_max": 5,
        "version": "2.1.0",
        "product": "com.example.kettle",
        "device": "P8",
    }
    assert (theirs.sent_at, theirs.edited_at, theirs.public) == (AT, None, True)
    assert ours.author.ours and ours.sent_at == AT + timedelta(days=1)
    assert ours.external_id == play_sent(play, "Sorry.")


def play_sent(play: GooglePlay, text: str) -> str:
    from crowdalogue.channels.reviews import reply_id

    return reply_id("gp:1", text)


def test_a_changed_review_is_a_newer_version(play: GooglePlay, outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "It jams.", AT)])
    first = play.fetch({})
    PEER.serve(outside, [Said(1, "It jams no more.", AT, edited_at=AT + timedelta(hours=2))])
    second = play.fetch(first.cursor)
    [old], [new] = play.parse(first.deliveries[0]), play.parse(second.deliveries[0])
    assert isinstance(old, Incoming) and isinstance(new, Incoming)
    assert old.edited_at is None
    assert (new.external_id, new.edited_at) == (old.external_id, AT + timedelta(hours=2))
    assert first.deliveries[0].key != second.deliveries[0].key


def test_pages(play: GooglePlay, outside: Outside) -> None:
    welcome(outside)
    outside.on(
        "GET",
        "/reviews",
        says({"reviews": [review("a")], "tokenPagination": {"nextPageToken": "two"}}),
        says({"reviews": [review("b")]}),
    )
    first = play.fetch({})
    second = play.fetch(first.cursor)
    assert (first.more, second.more) == (True, False)
    assert outside.calls[-1].query["token"] == "two"
    outside.on("GET", "/reviews", says({}))  # Google's way to say that there are none
    assert play.fetch(second.cursor).deliveries == ()
    outside.on("GET", "/reviews", says({"error": {"status": "INVALID_ARGUMENT"}}, 400))
    anew = play.fetch(first.cursor)  # the place was forgotten
    assert "page" not in anew.cursor
    with pytest.raises(Failure):
        play.fetch(anew.cursor)


def test_it_rests(outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Hi", AT)])
    play = GooglePlay(SETTINGS | {"minutes": 30})
    cursor = play.fetch({}).cursor
    assert play.fetch(cursor).deliveries == ()
    assert len(outside.of("GET")) == 1


def test_odd_things(play: GooglePlay) -> None:
    [broken] = read(play, {"reviewId": "a", "comments": []})
    assert isinstance(broken, Unknown)
    with pytest.raises(NotUnderstood):
        read(play, {"a": 1})


@given(
    st.dictionaries(
        st.sampled_from(["text", "lastModified", "starRating", "originalText"]),
        st.none() | st.text() | st.integers() | st.fixed_dictionaries({"seconds": st.text() | st.integers()}),
    )
)
def test_nothing_is_too_odd(theirs: Any) -> None:
    assert read(GooglePlay(SETTINGS), {"reviewId": "a", "comments": [{"userComment": theirs}]})


def answer(**more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k", "to": Author("review:gp:1"), "text": "Sorry.", "answers": "gp:1"}
    return Outgoing(**usual | more)


def test_an_answer(play: GooglePlay, outside: Outside) -> None:
    PEER.accept(outside)
    assert play.send(answer()).external_id == play_sent(play, "Sorry.")
    assert outside.calls[-1].json == {"replyText": "Sorry."}
    with pytest.raises(SendError, match="names none"):
        play.send(answer(answers=""))


@pytest.mark.parametrize(
    ("status", "says_what"), [(401, "refused the service account"), (403, "Users and permissions"), (404, "no app")]
)
def test_refusals(play: GooglePlay, outside: Outside, status: int, says_what: str) -> None:
    welcome(outside)
    outside.on("GET", "", says({"error": {"status": "PERMISSION_DENIED"}}, status))
    with pytest.raises(Failure, match=says_what):
        play.check()


def test_a_sample_can_be_read(play: GooglePlay) -> None:
    raw = play.sample(AT, 3, "Hello")
    assert raw
    [said] = play.parse(raw)
    assert isinstance(said, Incoming)
    assert (said.text, said.sent_at) == ("Hello", AT)
    assert play.normalise("review:aB ") == "review:aB"
