import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.analyze.steps import numbers
from crowdalogue.analyze.steps.personal_data import KINDS, find, masked, run
from tests.analyze.steps.bad import check, found, quoted


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("write to alba.quint@example.com", "email", "alba.quint@example.com"),
        ("charged twice on 4111 1111 1111 1111 today", "card", "4111 1111 1111 1111"),
        ("auf DE89 3704 0044 0532 0130 00 bitte", "bank_account", "DE89 3704 0044 0532 0130 00"),
        ("my password is Tulip!42 and fails", "secret", "Tulip!42"),
        ("the pin is 4821", "secret", "4821"),
        ("call +44 7700 900123 please", "phone", "+44 7700 900123"),
        ("mi DNI es 12345678Z", "national_id", "12345678Z"),
        ("my DOB is 12/04/1985", "birth_date", "12/04/1985"),
        ("send it to 14 Elm Grove, Harrowmere HM4 2QT", "address", "14 Elm Grove, Harrowmere HM4 2QT"),
    ],
)
def test_what_is_personal_is_found_with_its_place(text: str, kind: str, words: str) -> None:
    finding = found(run, "personal_data", text)
    assert finding is not None
    assert (finding.label, quoted(text, finding)) == (kind, [words])
    assert finding.extra == {"kinds": [kind]}


@pytest.mark.parametrize(
    "text",
    [
        "order number 07700900123 has not arrived",
        "tracking number 4111111111111111 shows nothing",
        "4111 1111 1111 1112 fails the check",
        "DE89 3704 0044 0532 0130 01 fails too",
        "my password is wrong every single time",
        "call 0800 555 0123, they said",
        "info@example.com never answers",
        "your store at 12 High Street is closed",
        "on 12.03.2024 I paid 1,249.00 for 60 000 steps",
        "@shop 115712 https://example.com/12345678901",
    ],
)
def test_what_is_nobodys_is_left_alone(text: str) -> None:
    assert find(text) == []


def test_the_gravest_names_the_finding_and_all_have_their_span() -> None:
    text = "a@example.com, card 5555 5555 5555 4444, or +49 171 5550123"
    finding = found(run, "personal_data", text)
    assert finding is not None
    assert finding.label == "card"
    assert finding.extra["kinds"] == ["email", "card", "phone"]


def test_masking_hides_all_of_it_and_nothing_else_and_keeps_the_places() -> None:
    text = "Hi, I am on +44 7700 900123 and my pin is 4821, order 4411"
    hidden = masked(text)
    assert hidden == "Hi, I am on +•• •••• •••••• and my pin is ••••, order 4411"
    long = ("padding text without anything. " * 400) + "a.b@example.com"
    assert masked(long).endswith("•.•@•••••••.•••")  # beyond what steps read, too


def test_strange_texts_are_read_and_quickly() -> None:
    began = time.process_time()
    check(run, "personal_data")
    assert time.process_time() - began < 20


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_spans_are_in_order_apart_and_within(text: str) -> None:
    hits = find(text)
    assert all(0 <= h.start < h.end <= len(text) and h.kind in KINDS for h in hits)
    assert all(a.end <= b.start for a, b in itertools.pairwise(hits))
    assert len(masked(text)) == len(text)


@settings(max_examples=200)
@given(st.text("0123456789", min_size=11, max_size=18))
def test_one_wrong_digit_is_never_right(body: str) -> None:
    whole = next(body + str(d) for d in range(10) if numbers.luhn(body + str(d)))
    for i in (0, len(whole) // 2, len(whole) - 1):
        other = whole[:i] + str((int(whole[i]) + 1) % 10) + whole[i + 1 :]
        assert not numbers.luhn(other)
