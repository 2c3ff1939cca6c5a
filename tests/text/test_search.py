"""Search over stored messages, on the store under test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crowdalogue.models import Account, Brand, Handle, Message, Person, User
from crowdalogue.text import index
from crowdalogue.text import search as search_module
from crowdalogue.text.search import search, search_people
from tests.text.said import START, Said, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(account: Callable[..., Account]) -> Said:
    return Said(account("email"))


def test_words_phrases_beginnings_without_and_or(helper: User, said: Said) -> None:
    said("My refund never arrived", "It arrived, never mind the refund", "The money is back", "Deliveries are slow")
    assert texts(helper, "refund arrived") == ["It arrived, never mind the refund", "My refund never arrived"]
    assert texts(helper, '"never arrived"') == ["My refund never arrived"]
    assert texts(helper, "deliver*") == ["Deliveries are slow"]
    assert texts(helper, "deliver") == []
    assert texts(helper, "arrived -mind") == ["My refund never arrived"]
    assert texts(helper, "money OR slow") == ["Deliveries are slow", "The money is back"]
    assert texts(helper, 'refund -"never mind" OR money') == ["The money is back", "My refund never arrived"]


def test_accents_case_and_punctuation_do_not_matter(helper: User, said: Said) -> None:
    said("Das Gerät läuft NICHT, leider", "C’est CASSÉ… “don’t” ask! care@example.com", "Привет, где заказ?")
    assert texts(helper, "gerat nicht") == texts(helper, "GERÄT") == ["Das Gerät läuft NICHT, leider"]
    for typed in ("casse", "don't", "care@example.com", "example.com", "dont OR ask"):
        assert len(texts(helper, typed)) == 1, typed
    assert texts(helper, "где ЗАКАЗ привет") == ["Привет, где заказ?"]


def test_fields(helper: User, said: Said, account: Callable[..., Account]) -> None:
    pier, quay = Brand.objects.create(name="North Pier"), Brand.objects.create(name="Quay")
    anna = Handle.objects.create(kind="email", address="anna@example.com", name="Anna Berg")
    said("late one", brand=pier, handle=anna)
    said("late two", brand=quay, direction="out")
    said("late three", account=account("store"), sent_at=START - timedelta(days=40))
    assert texts(helper, "late channel:email") == ["late two", "late one"]
    assert texts(helper, "late channel:sto") == ["late three"]
    assert texts(helper, 'late brand:"north pier"') == texts(helper, "late brand:nor") == ["late one"]
    assert texts(helper, "late out:") == ["late two"]
    assert texts(helper, "from:anna") == texts(helper, "from:anna@example.com late") == ["late one"]
    assert texts(helper, "late before:2026-02") == texts(helper, "before:2026-02-28") == ["late three"]
    assert texts(helper, "late after:2026-03-01") == ["late two", "late one"]
    assert texts(helper, "late after:2026-03-02") == []
    assert texts(helper, "late", filters={"channel": "email", "direction": "out"}) == ["late two"]
    assert texts(helper, "brand:quay") == ["late two"]


def test_what_was_kept_apart_or_taken_back_is_left_out_unless_asked_for(helper: User, said: Said) -> None:
    said("late and standing", "late apart", "late deleted", "late apart and deleted", "other apart")
    spam = Message.objects.filter(text__contains="apart")
    spam.update(apart="spam")
    Message.objects.filter(text__contains="deleted").update(deleted_at=START)
    assert texts(helper, "late") == ["late and standing"]
    assert texts(helper, "late is:apart") == ["late apart and deleted", "late apart"]
    assert texts(helper, "late is:deleted -apart") == ["late deleted"]
    assert texts(helper, "late is:apart is:deleted") == ["late apart and deleted", "late deleted", "late apart"]
    assert texts(helper, "is:apart") == ["other apart", "late apart and deleted", "late apart"]
    assert texts(helper, "is:apart after:2026-01-01 channel:email -other") == ["late apart and deleted", "late apart"]
    first = search(helper, "is:apart", limit=1)
    second = search(helper, "is:apart", limit=5, after=first.after)
    assert first.more and [h.message.text for h in second.rows] == ["late apart and deleted", "late apart"]
    assert search(helper, "late is:lost").problem == "After is: stands apart or deleted."


def test_what_cannot_match_says_why(helper: User, said: Said) -> None:
    said("late one")
    assert search(helper, "late channel:fax").problem == "No channel is called fax. There are: email."
    assert search(helper, "late brand:nobody").problem == "No brand is called nobody."
    assert search(helper, "late from:nobody").problem == "Nobody found by the name or address nobody."
    assert search(helper, "").rows == ()
    assert search(helper, "-late").rows == ()


def test_the_reader_s_day_begins_in_the_reader_s_zone(helper: User, said: Said) -> None:
    said("late", sent_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    assert texts(helper, "late after:2026-03-02") == []
    helper.timezone = "Europe/Stockholm"
    assert texts(helper, "late after:2026-03-02") == ["late"]


def test_pages_hold_everything_once(helper: User, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BLOCK_BITS", 15)
    said(*(f"common {'even' if i % 2 == 0 else 'odd'} {i}" for i in range(57)))
    said(*("nothing of it" for _ in range(20)))
    for typed, expected in (("common", 57), ("even", 29), ("common after:2026-03-01", 57)):
        seen: list[int] = []
        after, pages = None, 0
        while True:
            hits = search(helper, typed, limit=10, after=after)
            seen += [hit.message.pk for hit in hits.rows]
            pages += 1
            if not hits.more:
                break
            after = hits.after
        assert len(seen) == len(set(seen)) == expected
        assert seen == sorted(seen, reverse=True)
        assert pages == -(-expected // 10)


def test_an_author_of_much_is_found_too(helper: User, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "FEW", 3)
    anna = Handle.objects.create(kind="email", address="anna@example.com", name="Anna Berg")
    said(*(f"by anna {i}" for i in range(8)), handle=anna)
    said(*(f"by others {i}" for i in range(8)))
    assert texts(helper, "from:anna by", limit=3) == ["by anna 7", "by anna 6", "by anna 5"]
    assert len(texts(helper, "from:anna")) == 8


def test_looking_through_too_much_stops_and_says_so(helper: User, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    pier = Brand.objects.create(name="Pier")
    said("late one", brand=pier)
    said(*("late" for _ in range(100)))
    monkeypatch.setattr(search_module, "BUDGET", 0)
    hits = search(helper, "late brand:pier", limit=2)
    assert hits.rows == ()
    assert hits.more
    assert "ask for more" in hits.problem
    while hits.more:
        hits = search(helper, "late brand:pier", limit=2, after=hits.after)
        if hits.rows:
            break
    assert [hit.message.text for hit in hits.rows] == ["late one"]


def test_a_stranger_finds_nothing(stranger: User, said: Said) -> None:
    person = Person.objects.create(name="Anna Berg")
    Handle.objects.create(kind="email", address="anna@example.com", person=person)
    said("late one")
    assert search(stranger, "late").rows == ()
    assert search_people(stranger, "anna") == []


def test_spans_show_what_was_found(helper: User, said: Said) -> None:
    said("<b>My refund</b> is late", subject="Refund?")
    (hit,) = search(helper, "refund").rows
    assert [hit.text[a:b] for a, b in hit.spans] == ["refund"]
    assert hit.text == "<b>My refund</b> is late"
    assert [hit.message.subject[a:b] for a, b in hit.subject_spans] == ["Refund"]


ODD = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="\"'*-:()^{}+&|!<>\\~%_ aOR\x00", max_size=30),
    st.lists(
        st.sampled_from(
            [
                "NEAR(",
                "AND",
                "OR",
                "NOT",
                "from:",
                "brand:",
                "after:0001-01-01",
                "before:9999-12-31",
                "late*",
                '"',
                "-x",
            ]
        )
    ).map(" ".join),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(ODD)
@example("\ud800 late")
@example("from:\ud800 from:' brand:%")
@example("a" * 5000)
@example("after:9999-12-31 before:0001-01-01 late")
def test_nothing_that_can_be_typed_is_an_error(helper: User, said: Said, typed: str) -> None:
    search(helper, typed)
    search(helper, "late", filters={"from": typed, "before": typed})
    search_people(helper, typed)


# --- people


@pytest.fixture
def people(db: None) -> dict[str, Person]:
    made = {}
    for name, kind, address in (
        ("Anna Björk", "email", "anna.bjork@example.com"),
        ("Anders Lind", "phone", "+15550104477"),
        ("", "social", "@quiet_otter"),
    ):
        person = Person.objects.create(name=name)
        Handle.objects.create(kind=kind, address=address, name=name, person=person)
        made[address] = person
    return made


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ann", "anna.bjork@example.com"),
        ("bjork anna", "anna.bjork@example.com"),
        ("anna.bjork@example.com", "anna.bjork@example.com"),
        ("+1 555-010-4477", "+15550104477"),
        ("(555) 010 4477", "+15550104477"),
        ("0555 010 4477", "+15550104477"),
        ("4477", "+15550104477"),
        ("quiet_ott", "@quiet_otter"),
        ("lind", "+15550104477"),
    ],
)
def test_people_are_found(helper: User, people: dict[str, Person], typed: str, address: str) -> None:
    hits = search_people(helper, typed)
    assert [hit.person for hit in hits] == [people[address]]
    assert hits[0].handle is not None
    assert hits[0].handle.address == address


def test_people_by_a_new_name(helper: User, people: dict[str, Person]) -> None:
    person = people["@quiet_otter"]
    person.name = "Olle Utter"
    person.save()
    assert [hit.person for hit in search_people(helper, "olle")] == [person]
    Handle.objects.filter(person=person).update(address="@loud_otter")
    assert search_people(helper, "quiet") == []
    assert [hit.person for hit in search_people(helper, "loud")] == [person]
    Handle.objects.filter(person=person).delete()
    assert search_people(helper, "loud") == []
    assert search_people(helper, "") == search_people(helper, "??") == []
