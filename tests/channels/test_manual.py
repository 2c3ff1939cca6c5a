"""Entries by hand: one number, one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.manual import Phone, Store, normalise_phone


@pytest.mark.parametrize(
    "written",
    [
        "+1 (555) 010-0199",
        "0015550100199",
        "tel:+15550100199",
        "+1.555.010.0199 ext. 12",
        " +1 555 010 0199 x12",
        "＋1 555 010 0199".replace("＋", "+"),
        "+1 555 010 ٠199",
    ],
)
def test_one_number_one_spelling(written: str) -> None:
    assert normalise_phone(written) == "+15550100199"


def test_the_country_is_not_guessed() -> None:
    assert normalise_phone("555 010 0199") == "5550100199"
    assert normalise_phone("+44 (0)20 5550 0199") == "+442055500199"


def test_what_is_no_number_is_kept() -> None:
    assert normalise_phone("  Withheld  Number ") == "withheld number"
    assert normalise_phone("112") == "112"


def test_store_visitors_are_found_by_number_or_name() -> None:
    assert Store().normalise("+1 (555) 010-0199") == Phone().normalise("+15550100199")
    assert Store().normalise(" Ada  Ex ") == "ada ex"
    assert Store().normalise("card 1234567") == "card 1234567"


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    for channel in (Phone(), Store()):
        once = channel.normalise(text)
        assert channel.normalise(once) == once
