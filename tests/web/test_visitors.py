"""Visitors' tokens, how often they may come, whether somebody is there, languages and colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from crowdalogue.models import Account
from crowdalogue.web import visitors
from crowdalogue.web.visitors import TooMany, Visitor

SUNDAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    visitors.OFTEN.forget()
    yield
    visitors.OFTEN.forget()


@pytest.fixture
def widget(account: Callable[..., Account], company: Any) -> Account:
    return account("webchat", settings={"origins": "https://www.example.com"})


def test_a_token_says_who_it_is_and_for_which_chat(widget: Account, account: Callable[..., Account]) -> None:
    for visitor in (visitors.new_visitor(), Visitor("customer-" + "0" * 12, "c-7", "mara@example.com", "Mara")):
        token = visitors.token_of(widget, visitor)
        assert visitors.read_token(widget, token) == visitor
        assert visitors.read_token(account("webchat"), token) is None
        assert visitors.read_token(widget, token + "x") is None
    assert visitors.new_visitor().id != visitors.new_visitor().id


def test_one_customer_is_one_visitor_in_one_chat(widget: Account, account: Callable[..., Account]) -> None:
    first = visitors.known_customer(widget, "c-7", "mara@example.com", "Mara")
    assert visitors.known_customer(widget, "c-7", "new@example.com", "").id == first.id
    assert visitors.known_customer(widget, "c-8", "mara@example.com", "").id != first.id
    assert visitors.known_customer(account("webchat"), "c-7", "", "").id != first.id
    by_mail = visitors.known_customer(widget, "", "Mara@example.com", "")
    assert by_mail.id == visitors.known_customer(widget, "", "mara@example.com", "").id


def test_so_often_and_no_more() -> None:
    for _ in range(3):
        visitors.allow("say", "mara", 3)
    with pytest.raises(TooMany) as caught:
        visitors.allow("say", "mara", 3, 20)
    assert 1 <= caught.value.seconds <= 60
    visitors.allow("say", "otto", 3)
    visitors.allow("file", "mara", 3)


def test_counting_is_bounded_and_spans_end(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = visitors.Counts()
    monkeypatch.setattr(counts, "MOST", 10)
    assert [counts.add("mara", 60, now) for now in (0.0, 1.0, 59.5, 60.0)] == [(1, 60), (2, 59), (3, 1), (1, 60)]
    for n in range(100):
        counts.add(f"visitor {n}", 60, 100.0 + n)
    assert len(counts.spans) <= 10
    assert counts.add("visitor 99", 60, 200.0)[0] == 2
