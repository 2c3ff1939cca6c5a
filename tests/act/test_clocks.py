"""Clocks run on what was said and when, and on nothing else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.act.clocks import Clock, Said, follow

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def said(minute: float, who: str, **more: object) -> Said:
    at = NOON + timedelta(minutes=minute)
    return Said(int(minute * 1000), at, at, who == "customer", **more)  # type: ignore[arg-type]


def run(*lines: Said) -> Clock:
    return follow(lines, lambda started, first: started + timedelta(minutes=30 if first else 60))


def test_the_clock_starts_at_the_first_unanswered_message() -> None:
    clock = run(said(0, "customer"), said(5, "customer"), said(12, "us"))
    assert clock.first_response == timedelta(minutes=12)
    assert len(clock.waits) == 1
    assert clock.open is None


def test_an_automatic_reply_does_not_stop_it() -> None:
    clock = run(said(0, "customer"), said(1, "us", counts=False))
    assert clock.open is not None
    assert clock.open.started == NOON


def test_later_questions_have_the_next_promise() -> None:
    clock = run(said(0, "customer"), said(10, "us"), said(20, "customer"))
    assert [w.first for w in clock.waits] == [True, False]
    assert clock.open is not None
    assert clock.open.due == NOON + timedelta(minutes=80)


def test_what_we_opened_has_no_first_response() -> None:
    clock = run(said(0, "us"), said(5, "customer"), said(9, "us"))
    assert not clock.opened_by_customer
    assert clock.first_response is None
    assert clock.waits[0].first is False


def test_what_was_old_when_it_came_waits_without_a_promise() -> None:
    old = Said(1, NOON - timedelta(days=40), NOON, inbound=True)
    waiting = follow([old], lambda at, first: at).open
    assert waiting is not None
    assert waiting.due is None


def test_thanks_alone_asks_for_nothing_but_a_question_after_it_does() -> None:
    assert run(said(0, "customer", asks=False)).open.asks is False  # type: ignore[union-attr]
    assert run(said(0, "customer", asks=False), said(1, "customer")).open.asks is True  # type: ignore[union-attr]


lines = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(["customer", "us"])), max_size=40)


@given(lines)
def test_waits_never_overlap_and_only_the_last_is_open(given_lines: list[tuple[int, str]]) -> None:
    clock = run(*(said(m, w) for m, w in sorted(given_lines)))
    for before, after in zip(clock.waits, clock.waits[1:], strict=False):
        assert before.answered is not None
        assert before.started <= before.answered <= after.started
    assert sum(w.first for w in clock.waits) <= 1
