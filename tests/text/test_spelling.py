"""A word nobody wrote becomes the one that was probably meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crowdalogue.models import Account
from crowdalogue.text import vocabulary
from crowdalogue.text.query import parse
from crowdalogue.text.spelling import corrected
from tests.text.said import START, Said

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(account: Callable[..., Account]) -> Said:
    vocabulary.sampled.cache_clear()
    return Said(account("email"))


def meant(typed: str) -> str:
    return corrected(typed, parse(typed, None, today=START.date()))


def test_a_slip_is_mended_and_the_rest_is_kept(said: Said) -> None:
    said("The delivery was late", "My delivery came", "Delivered at last", "A refund please")
    assert meant("delivry") == "delivery"
    assert meant('delivry "was late" channel:email') == 'delivery "was late" channel:email'
    assert meant("refnud delivery") == "refund delivery"


def test_the_commoner_word_is_taken(said: Said) -> None:
    said("the price", "a price", "no price", "a prize")
    assert meant("prixe") == "price"


def test_known_short_begun_and_hopeless_words_are_left(said: Said) -> None:
    said("The delivery was late", "The car")
    for typed in ("delivery", "cat", "delivre*", "xylophone", "12345"):
        assert meant(typed) == "", typed
