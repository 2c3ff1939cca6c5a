"""What says the same in other words is found, by those who may see it, within the filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crowdalogue import flow
from crowdalogue.models import Account, Reading, User
from crowdalogue.text import encoder, meaning
from crowdalogue.text.relevance import search_meaning
from tests.text.said import Said

pytestmark = pytest.mark.django_db
REFUND = "I want my money back for these shoes"
PARCEL = "The parcel still has not come"
BATTERY = "The battery dies after eight minutes"
SAYS = (REFUND, PARCEL, BATTERY, "Your shop in Leeds is lovely", "Is the kettle also sold in red?")


@pytest.fixture(autouse=True)
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(meaning, "path", lambda: tmp_path / "a.codes")
    return


@pytest.fixture
def said(account: Callable[..., Account]) -> Said:
    return Said(account("email"))


def read_all() -> None:
    while flow.process():
        pass


def found(user: User, typed: str, **more: int) -> list[str]:
    return [hit.message.text for hit in search_meaning(user, typed, **more).rows]


def test_the_same_in_other_words(helper: User, said: Said) -> None:
    said(*SAYS)
    read_all()
    assert found(helper, "refund")[:1] == [REFUND]
    assert found(helper, "late delivery")[:1] == [PARCEL]
    assert found(helper, "how long does it run on one charge")[:1] == [BATTERY]


def test_the_very_words_count_more(helper: User, said: Said) -> None:
    said("They will not refund me", "I want to be paid back", "A refund of sunshine over the refund hills")
    read_all()
    assert found(helper, "refund")[0] == "They will not refund me"
    assert len(found(helper, "refund")) >= 2


def test_filters_and_unwanted_words(helper: User, said: Said, account: Callable[..., Account]) -> None:
    said("Where is my order", "Where is my parcel, I am so angry")
    said("My delivery has not come", account=account("store"))
    read_all()
    assert len(found(helper, "late delivery")) == 3
    assert found(helper, "late delivery channel:store") == ["My delivery has not come"]
    assert "Where is my parcel, I am so angry" not in found(helper, "late delivery -angry")


def test_copies_are_shown_once(helper: User, said: Said) -> None:
    rows = said(*(["Please give me my money back for the broken lamp today"] * 3))
    read_all()
    assert Reading.objects.filter(message__in=rows, duplicate_of=rows[0].pk).count() == 2
    assert len(found(helper, "refund for a lamp")) == 1


def test_pages_follow_each_other(helper: User, said: Said) -> None:
    said(
        "I want my money back",
        "When will you refund the broken lamp?",
        "Still waiting to be paid back for the shoes I returned",
        "Please reimburse the second kettle, it never worked",
        "No refund yet, and it has been three weeks",
    )
    read_all()
    first = search_meaning(helper, "refund", limit=2)
    second = search_meaning(helper, "refund", limit=2, skip=first.after or 0)
    assert len(first.rows) == len(second.rows) == 2
    assert not {h.message.pk for h in first.rows} & {h.message.pk for h in second.rows}


def test_of_a_long_text_the_telling_sentence_is_shown(helper: User, said: Said) -> None:
    dull = "We went to the lake on Sunday and had a picnic with the children and the dog. " * 3
    said(f"{dull}The parcel still has not come. {dull}")
    read_all()
    assert "The parcel still has not come." in search_meaning(helper, "late delivery").rows[0].text


def test_nothing_to_compare_says_so(helper: User, said: Said) -> None:
    said("hello")
    assert search_meaning(helper, "").rows == ()
    assert "Say in words" in search_meaning(helper, "channel:email").problem
    assert search_meaning(helper, "channel:nowhere refund").problem


def test_without_an_encoder_the_remedy_is_told(helper: User, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(texts: list[str]) -> None:
        raise encoder.EncoderMissing("It is not installed. Run: pip install it.")

    monkeypatch.setattr(encoder, "encode", missing)
    assert "pip install" in search_meaning(helper, "refund").problem


def test_a_stranger_sees_nothing(stranger: User, said: Said) -> None:
    said(*SAYS)
    read_all()
    assert found(stranger, "refund") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(typed=st.text(max_size=60))
def test_whatever_is_typed(helper: User, typed: str) -> None:
    search_meaning(helper, typed)
