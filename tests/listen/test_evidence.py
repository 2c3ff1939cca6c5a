"""Clues in words and facts, and what they are worth together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.listen import evidence
from crowdalogue.listen.evidence import AUTO, SUGGEST, Clue, Tie

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def clues(text: str, channel: str = "webchat", **extra: str) -> set[tuple[str, str, str]]:
    return {(c.kind, c.value, c.evidence) for c in evidence.from_message(text, extra, channel=channel)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("My e-mail is Ada.Pellow@Example.com.", {("email", "ada.pellow@example.com", "own_word")}),
        ("ada@example.com", {("email", "ada@example.com", "own_word")}),
        ("it's ada@example.com thanks", {("email", "ada@example.com", "own_word")}),
        ("The account is under ada@example.com", {("email", "ada@example.com", "own_word")}),
        ("Meine E-Mail ist ada@example.com", {("email", "ada@example.com", "own_word")}),
        ("Call me on +1 (555) 010-0199 after six", {("phone", "+15550100199", "own_word")}),
        ("My sister's e-mail is otis@example.com", set()),
        ("I wrote to otis@example.com last week and nobody answered me at all", set()),
        ("My address is support@example.com", set()),
        ("My number is 0100199", set()),  # without its country it may be anybody's
        ("Where is BC-70123?", {("order", "BC-70123", "order")}),
        ("order no. 7012345 has not come", {("order", "7012345", "order")}),
        ("It cost 70123 and broke", set()),
    ],
)
def test_what_people_say_of_themselves(text: str, found: set[tuple[str, str, str]]) -> None:
    assert clues(text) == found


def test_a_signature_is_read_in_mails_only() -> None:
    mail = "Hello,\n\nthe kettle is broken.\n\nKind regards\nAda Pellow\nTel. +1 555 010 0199"
    assert clues(mail, "email") == {("phone", "+15550100199", "signature")}
    assert clues(mail) == set()
    quoted = "Hello,\n\nplease call the shop at the number +1 555 010 0199 that they gave in the leaflet you sent"
    assert clues(quoted, "email") == set()


def test_an_order_may_come_beside_the_words() -> None:
    assert clues("Lovely kettle", "review", order="BC-1") == {("order", "BC-1", "order")}


def test_facts_of_a_channel() -> None:
    facts = {"customer_id": "K7", "email": "ada@example.com", "email_verified": True, "phone": "+15550100199"}
    found = {(c.kind, c.value, c.evidence) for c in evidence.from_facts(facts)}
    assert found == {
        ("customer", "K7", "verified_sign_in"),
        ("email", "ada@example.com", "verified_sign_in"),
        ("phone", "+15550100199", "own_word"),
    }
    assert not list(evidence.from_facts({"email": "info@example.com", "customer_id": True, "about": "I like tea"}))
    linked = evidence.links_of(
        {"about": "me: https://www.example.com/ada/ and more", "links": ["http://example.org/x?y"]}
    )
    assert linked == ["example.org/x", "example.com/ada"]


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        ("Ada Pellow", "ada pellow", "same"),
        ("Ada Pellow", "Pellow Ada", "same"),
        ("Ada Pellow", "A. Pellow", "same"),
        ("Ada Pellow", "Ada", "first"),
        ("Ada P.", "Ada Pellow", "first"),
        ("Alex Pellow", "Alexander Pellow", "same"),
        ("Märta Sjödal", "Marta Sjodal", "same"),
        ("Ada Pellow", "Otis Pellow", "other"),
        ("Ada Pellow", "Ada Quince", "other"),
        ("Ada Pellow", "quiet_otter7", "unknown"),
        ("Ada Pellow", "Quiet Otter12", "unknown"),
        ("Ada Pellow", "ada@example.com", "unknown"),
        ("", "Ada", "unknown"),
        ("Mrs Pellow", "Pellow", "first"),
    ],
)
def test_names(one: str, other: str, says: str) -> None:
    assert evidence.compare(one, other) == evidence.compare(other, one) == says


def tie(confidence: float, through: str = "a") -> Tie:
    return Tie("order", confidence, f"shares {through}", through)


def test_a_name_alone_is_nothing() -> None:
    assert evidence.weigh([], "same") is None


def confidence(*ties: Tie, names: str = "unknown", public: bool = False) -> float:
    verdict = evidence.weigh(ties, names, public=public)
    assert verdict is not None
    return verdict.confidence


def test_what_is_sure_and_what_is_asked() -> None:
    sure = evidence.SURE
    assert confidence(tie(sure["customer"]), names="other") > AUTO
    assert confidence(tie(sure["verified"])) > AUTO
    assert SUGGEST < confidence(tie(sure["verified"]), names="other") < AUTO
    assert SUGGEST < confidence(tie(sure["own_word"])) < AUTO
    assert confidence(tie(sure["own_word"]), names="first") > AUTO
    assert confidence(tie(sure["own_word"]), names="other") < SUGGEST
    assert SUGGEST < confidence(tie(sure["order"])) < AUTO
    assert confidence(tie(sure["product"])) > AUTO
    assert SUGGEST < confidence(tie(sure["order"]), names="other", public=True) < AUTO
    assert SUGGEST < confidence(tie(sure["link"]), names="first") < AUTO
    assert confidence(tie(sure["order"], "order:1"), tie(sure["own_word"], "email:a")) > AUTO
    assert confidence(tie(sure["order"], "x"), tie(sure["order"], "x")) == confidence(tie(sure["order"], "x"))


@given(
    st.lists(st.tuples(st.floats(0.01, 0.999), st.sampled_from("abcd")), min_size=1, max_size=6),
    st.sampled_from(sorted(evidence.NAMES)),
    st.tuples(st.floats(0.5, 0.999), st.sampled_from("efgh")),
)
def test_more_evidence_never_makes_it_less_sure(
    some: list[tuple[float, str]], names: str, more: tuple[float, str]
) -> None:
    ties = [tie(*x) for x in some]
    assert 0 < confidence(*ties, names=names) <= confidence(*ties, tie(*more), names=names) < 1
    assert confidence(*ties, names=names) == confidence(*reversed(ties), names=names)


def test_addresses_of_many_are_worth_less() -> None:
    assert evidence.damped(0.92, verified=False, people=1, claims=2) == 0.92
    assert evidence.damped(0.92, verified=False, people=2, claims=2) == evidence.SHARED
    assert evidence.damped(0.99, verified=True, people=5, claims=9) == 0
    assert evidence.damped(0.92, verified=False, people=1, claims=9) == 0
    assert evidence.different_people([["Ada Pellow"], ["Otis Pellow"], ["Ada"], ["otter7"]]) == 2


def test_an_order_must_have_been_made_and_what_was_ordered_counts() -> None:
    known = evidence.order_tie("BC-1", "Tarn Kettle", NOW, "my kettle BC-1 leaks", {}, NOW + timedelta(days=3))
    bare = evidence.order_tie("BC-1", "Tarn Kettle", NOW, "BC-1 where is it", {}, NOW + timedelta(days=3))
    assert known is not None
    assert bare is not None
    assert known.confidence > bare.confidence
    assert evidence.order_tie("BC-1", "Tarn Kettle", NOW, "my kettle", {}, NOW - timedelta(days=3)) is None
    assert evidence.order_tie("BC-1", "Tarn Kettle", NOW, "my kettle", {}, NOW + timedelta(days=2000)) is None


def test_records_of_the_business() -> None:
    facts = {"email": "ada@example.com", "phone": "", "customer_number": "K7"}
    assert [(c.kind, c.value) for c in evidence.from_record("order", "BC-1", facts)] == [
        ("customer", "K7"),
        ("email", "ada@example.com"),
    ]


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    for channel in ("email", "webchat"):
        for clue in evidence.from_message(text, {}, channel=channel):
            assert isinstance(clue, Clue)
            assert clue.value
            assert 0 < clue.confidence < 1
