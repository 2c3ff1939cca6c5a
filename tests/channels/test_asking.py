"""Access tokens, walks from the newest item back, and the pace of asking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue import http
from crowdalogue.channels.asking import (
    Walk,
    ask,
    fault,
    forget_tokens,
    grant,
    kept,
    listed,
    looked,
    not_sent,
    refuse_fault,
    resting,
)
from crowdalogue.channels.base import NotUnderstood, Raw
from crowdalogue.errors import Failure
from tests.outside import SLOW, Outside, says

TOKEN = "https://id.example.com/token"


@pytest.fixture(autouse=True)
def clean_start() -> Iterator[None]:
    forget_tokens()
    yield
    forget_tokens()


def token(fresh: bool = False) -> str:
    return kept(("a", "b"), lambda: grant(TOKEN, {"grant_type": "refresh_token"}, "Sign in again."), fresh=fresh)


def test_a_token_is_kept_until_it_ends(outside: Outside) -> None:
    outside.always(says({"access_token": "one", "expires_in": 3600}), says({"access_token": "two", "expires_in": 30}))
    assert [token(), token()] == ["one", "one"]
    assert [token(fresh=True), len(outside.calls)] == ["two", 2]
    assert token() == "two"
    assert len(outside.calls) == 3  # 30 s are as good as over


def test_a_refused_token_is_renewed_once(outside: Outside) -> None:
    outside.on("POST", TOKEN, says({"access_token": "old"}), says({"access_token": "new"}))
    outside.on("GET", "data", says(status=401), says({"ok": 1}))
    assert ask("GET", "https://api.example.com/data", token).json() == {"ok": 1}
    assert [c.headers["authorization"] for c in outside.of("GET")] == ["Bearer old", "Bearer new"]
    outside.on("GET", "data", says(status=401))
    with pytest.raises(http.CallFailed, match="refused the sign-in"):
        ask("GET", "https://api.example.com/data", token)


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_refused_grant_says_what_to_do(outside: Outside, status: int) -> None:
    outside.always(says({"error": "invalid_grant"}, status=status))
    with pytest.raises(Failure, match=r"not renewed \(invalid_grant\)\. Sign in again\."):
        token()


def test_an_uncertain_call_stays_uncertain(outside: Outside) -> None:
    outside.always(SLOW)
    with pytest.raises(http.CallFailed) as caught:
        http.request("POST", "https://api.example.com/")
    assert not_sent(caught.value).uncertain
    assert not_sent(caught.value, "Other words.").text == "Other words."
    assert not not_sent(Failure("x")).uncertain


def pages_of(marks: list[int], size: int, walk: Walk) -> list[int]:
    """Walk to the end over items newest first, and what was seen on the way."""
    items, seen = sorted(marks, reverse=True), []
    for _ in range(len(items) // size + 2):
        start = int(walk.page or 0)
        page = items[start : start + size]
        seen += page
        walk.step(page, str(start + size) if start + size < len(items) else "")
        if not walk.page:
            return seen
    raise AssertionError("it never ends")


@given(st.lists(st.integers(0, 50), max_size=30), st.lists(st.integers(0, 80), max_size=30), st.integers(1, 7))
def test_a_walk_misses_nothing_new(first: list[int], later: list[int], size: int) -> None:
    walk = Walk.of({})
    assert sorted(pages_of(first, size, walk)) == sorted(first)
    done = walk.done
    again = pages_of(first + later, size, Walk.of(walk.cursor))
    assert {n for n in later if done is None or n >= done} <= set(again)


def test_a_walk_goes_on_where_it_was() -> None:
    walk = Walk.of({"done": 5})
    walk.step([9, 8], "p2")
    assert Walk.of(walk.cursor) == Walk(5, 9, "p2")
    walk.step([7, 4], "p3")
    assert walk == Walk(9, None, "")
    assert Walk.of("nonsense") == Walk()


def test_a_walk_without_news_keeps_its_place() -> None:
    walk = Walk.of({"done": 5})
    walk.step([], "")
    assert walk.done == 5


def test_rest() -> None:
    assert resting(looked({}), 5)
    assert not resting(looked({}), 0)
    assert not resting({}, 5)
    assert not resting({"looked": 12}, 5)
    assert not resting(looked({}), "nonsense")


@pytest.mark.parametrize("answer", [None, [], 7, {"data": 7}, {"data": None}, {"meta": 3}])
def test_an_answer_of_another_shape_is_no_empty_answer(answer: object) -> None:
    with pytest.raises(Failure, match="something else than what was asked"):
        listed(answer, "data", "example.com", absent="meta")


def test_lists_of_an_answer() -> None:
    assert listed({"data": [{"a": 1}, 7]}, "data", "example.com") == [{"a": 1}]
    assert listed({"meta": {}}, "data", "example.com", absent="meta") == []


def test_what_could_not_be_asked_is_a_delivery_with_its_reason() -> None:
    raw = fault("Direct messages", Failure("The plan does not allow it."))
    assert raw.key == fault("Direct messages", Failure("The plan does not allow it.")).key
    with pytest.raises(NotUnderstood, match=r"Direct messages: The plan does not allow it\."):
        refuse_fault(raw)
    refuse_fault(Raw(b"{}"))
