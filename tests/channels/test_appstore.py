"""App Store: reviews by asking with a signed token, changed ones, and our answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.appstore import AppStore
from crowdalogue.channels.asking import forget_tokens
from crowdalogue.channels.base import Author, Incoming, Item, NotUnderstood, Outgoing, Raw, SendError, Unknown
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import Outside, says

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
SETTINGS = {
    "app_id": "1234567890",
    "issuer": "57246542-96fe",
    "key_id": "2X9R4HXF34",
    "private_key": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    "name": "Kettle app",
    "minutes": 0,
}


@pytest.fixture(autouse=True)
def clean_start() -> Iterator[None]:
    forget_tokens()
    yield
    forget_tokens()


def review(name: str, text: str = "It jams.", at: datetime = AT, answer: str = "", **more: Any) -> dict[str, Any]:
    said = {
        "rating": 2,
        "title": "The lid",
        "body": text,
        "reviewerNickname": "ada_example",
        "createdDate": at.isoformat().replace("+00:00", "-00:00"),
        "territory": "GBR",
    }
    data = {"type": "customerReviewResponses", "id": answer} if answer else None
    return {
        "type": "customerReviews",
        "id": name,
        "attributes": said | more,
        "relationships": {"response": {"data": data}},
    }


def response(name: str, text: str, at: datetime = AT) -> dict[str, Any]:
    said = {"responseBody": text, "lastModifiedDate": at.isoformat(), "state": "PUBLISHED"}
    return {"type": "customerReviewResponses", "id": name, "attributes": said}


def page(*data: Any, included: Sequence[Any] = (), cursor: str = "") -> dict[str, Any]:
    address = f"https://api.appstoreconnect.apple.com/v1/apps/1/customerReviews?cursor={cursor}&limit=2"
    return {
        "data": list(data),
        "included": list(included),
        "links": {"self": "https://x/"} | ({"next": address} if cursor else {}),
        "meta": {"paging": {"total": 3, "limit": 2}},
    }


class AppStorePeer(Peer):
    kind = "appstore"
    settings = SETTINGS
    signed = False
    threads = False

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        newest_first = sorted(said, key=lambda s: s.edited_at or s.at, reverse=True)
        told = [review(f"as{s.n}", s.text, s.edited_at or s.at) for s in newest_first]
        outside.on("GET", "/apps/1234567890/customerReviews", says(page(*told)))

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/customerReviewResponses", says({"data": response("resp1", "x")}, 201))

    def id_of(self, said: Said) -> str:
        return f"as{said.n}"


PEER = AppStorePeer()


@pytest.fixture
def store() -> AppStore:
    return AppStore(SETTINGS)


def read(store: AppStore, fetched: Any) -> list[Item]:
    return [i for raw in fetched.deliveries for i in store.parse(raw)]


def test_reviews_and_our_answers(store: AppStore, outside: Outside) -> None:
    told = page(review("as1", answer="resp1"), review("as2"), included=[response("resp1", "Sorry.", AT)])
    outside.on("GET", "", says(told))
    theirs, ours, other = read(store, store.fetch({}))
    assert isinstance(theirs, Incoming) and isinstance(ours, Incoming) and isinstance(other, Incoming)
    assert (theirs.external_id, theirs.text, theirs.subject) == ("as1", "It jams.", "The lid")
    assert (theirs.sent_at, theirs.edited_at, theirs.public) == (AT, None, True)
    assert theirs.extra == {"rating": 2, "rating_max": 5, "product": "Kettle app", "place": "GBR"}
    assert theirs.author == Author("review:as1", "ada_example", facts={"username": "ada_example"})
    assert ours.author.ours and ours.parents == ("as1",) and ours.sent_at == AT
    assert other.external_id == "as2"


def test_an_answer_may_name_its_review_instead(store: AppStore, outside: Outside) -> None:
    answer = response("resp1", "Sorry.")
    answer["relationships"] = {"review": {"data": {"type": "customerReviews", "id": "as2"}}}
    outside.on("GET", "", says(page(review("as1"), review("as2"), included=[answer])))
    ids = [i.external_id.partition(":")[0] for i in read(store, store.fetch({})) if isinstance(i, Incoming)]
    assert ids == ["as1", "as2", "as2"]


def test_calls_are_signed_for(store: AppStore, outside: Outside) -> None:
    PEER.serve(outside, [])
    store.check()
    store.fetch({})
    tokens = [c.headers["authorization"].removeprefix("Bearer ") for c in outside.calls]
    assert tokens[0] == tokens[1]  # one token for a while, so that pace is kept by it
    head, body, _ = (base64.urlsafe_b64decode(p + "==") for p in tokens[0].split("."))
    assert json.loads(head) == {"alg": "ES256", "typ": "JWT", "kid": "2X9R4HXF34"}
    claims = json.loads(body)
    assert (claims["iss"], claims["aud"]) == ("57246542-96fe", "appstoreconnect-v1")
    assert claims["exp"] - claims["iat"] <= 20 * 60
    assert outside.calls[1].query == {"sort": "-createdDate", "limit": "200", "include": "response"}


def test_a_changed_review_is_a_newer_version(store: AppStore, outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "It jams.", AT)])
    first = store.fetch({})
    PEER.serve(outside, [Said(1, "Fixed.", AT, edited_at=AT + timedelta(days=1))])
    second = store.fetch(first.cursor)
    [old], [new] = read(store, first), read(store, second)
    assert isinstance(old, Incoming) and isinstance(new, Incoming)
    assert (old.edited_at, new.edited_at) == (None, AT + timedelta(days=1))
    assert old.external_id == new.external_id


def test_pages_with_progress(store: AppStore, outside: Outside) -> None:
    outside.on("GET", "", says(page(review("as3"), review("as2"), cursor="two.abc")), says(page(review("as1"))))
    first = store.fetch({})
    second = store.fetch(first.cursor)
    assert (first.more, first.left, second.more) == (True, 3, False)
    assert outside.calls[-1].query["cursor"] == "two.abc"
    outside.on("GET", "", says({"errors": [{"code": "PARAMETER_ERROR.INVALID"}]}, 400))
    anew = store.fetch(first.cursor)  # the place was forgotten
    assert not anew.more and anew.cursor["walk"]["page"] == ""


def test_it_rests(outside: Outside) -> None:
    PEER.serve(outside, [Said(1, "Hi", AT)])
    store = AppStore(SETTINGS | {"minutes": 30})
    cursor = store.fetch({}).cursor
    assert store.fetch(cursor).deliveries == ()
    assert len(outside.calls) == 1


def test_odd_things(store: AppStore) -> None:
    [broken] = store.parse(Raw(b'{"data": {"type": "customerReviews"}}'))
    assert isinstance(broken, Unknown)
    for body in (b"{}", b'{"data": {"type": "apps"}}', b'{"data": 7}'):
        with pytest.raises(NotUnderstood):
            store.parse(Raw(body))


@given(
    st.dictionaries(
        st.sampled_from(["rating", "title", "body", "createdDate", "territory"]),
        st.none() | st.text() | st.integers() | st.just([]),
    )
)
def test_nothing_is_too_odd(said: Any) -> None:
    told = {"data": {"type": "customerReviews", "id": "a", "attributes": said}, "included": [said]}
    assert AppStore(SETTINGS).parse(Raw(json.dumps(told).encode()))


def answer(**more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k", "to": Author("review:as1"), "text": "Sorry.", "answers": "as1"}
    return Outgoing(**usual | more)


def test_the_answer_sent_is_the_answer_read(store: AppStore, outside: Outside) -> None:
    PEER.accept(outside)
    sent = store.send(answer())
    assert sent.provider_id == "resp1"
    assert outside.calls[0].json["data"]["relationships"]["review"]["data"]["id"] == "as1"
    outside.on("GET", "", says(page(review("as1", answer="resp1"), included=[response("resp1", "Sorry.")])))
    ours = read(store, store.fetch({}))[1]
    assert isinstance(ours, Incoming) and ours.external_id == sent.external_id
    with pytest.raises(SendError, match="names none"):
        store.send(answer(answers=""))


@pytest.mark.parametrize(
    ("status", "says_what"), [(401, "key was not revoked"), (403, "role Customer Support"), (404, "not know this")]
)
def test_refusals(store: AppStore, outside: Outside, status: int, says_what: str) -> None:
    outside.always(says({"errors": [{"code": "NO"}]}, status))
    with pytest.raises(Failure, match=says_what):
        store.check()


def test_settings_are_checked(store: AppStore, outside: Outside) -> None:
    with pytest.raises(Failure, match="is a number"):
        AppStore(SETTINGS | {"app_id": "com.example"}).check()
    with pytest.raises(Failure, match="incomplete"):
        AppStore(SETTINGS | {"issuer": ""}).check()
    with pytest.raises(Failure, match="private key cannot be read"):
        AppStore(SETTINGS | {"private_key": "nonsense"}).check()
    outside.always(says({"errors": []}, 409))
    with pytest.raises(SendError, match="did not take the answer"):
        store.send(answer())


def test_a_sample_can_be_read(store: AppStore) -> None:
    raw = store.sample(AT, 3, "Hello")
    assert raw
    [said] = store.parse(raw)
    assert isinstance(said, Incoming)
    assert (said.text, said.sent_at) == ("Hello", AT)
