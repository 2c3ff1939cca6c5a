"""Texts a reader would call the same have one form; nothing that can be typed breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.text.normalise import folded, visible


@pytest.mark.parametrize(
    "same",
    [
        "My parcel is late!",
        "my  PARCEL\tis late",
        "RT @northwind: My parcel is late!",
        "@northwind @dhl my parcel is late https://example.com/x?y=1",
        "my par\u00adcel is\u200b late \u202e",
        "ｍｙ parcel is late",
    ],
)
def test_one_form(same: str) -> None:
    assert folded(same) == "my parcel is late"


def test_different_words_stay_different() -> None:
    assert folded("my parcel is late") != folded("my parcel is here")
    assert folded("mara@example.com wrote") == "mara example com wrote"


def test_what_nobody_sees_goes_and_lines_stay() -> None:
    assert visible("a\u200bb\nc\td\ud800") == "ab\nc\td"


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert once == once.strip()
    once.encode()
