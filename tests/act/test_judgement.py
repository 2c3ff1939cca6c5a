"""Who is kept from the queues: stated rules, each with its reason, and criticism never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.act.judgement import CRITICISM, KINDS, Rules, Seen, Verdict, judge, outward

SPAM = {"intent": ("spam", 0.97)}
RULES = Rules()


@pytest.mark.parametrize(
    ("seen", "kind", "says"),
    [
        (Seen(labels=SPAM), "spam", "97%"),
        (Seen(has_link=True, copies=7), "spam", "from 7 accounts within a day"),
        (Seen(lately=25), "bot", "25 messages within ten minutes"),
        (Seen(bot=True), "bot", "says that it is automatic"),
        (Seen(ours=True), "echo", "our own accounts"),
        (Seen(blocked_why="Threats"), "blocked", "Threats"),
        (Seen(trolled=3), "troll", "3 earlier messages"),
    ],
)
def test_each_rule_says_why(seen: Seen, kind: str, says: str) -> None:
    verdict = judge(seen, RULES)
    assert verdict is not None
    assert (verdict.kind, says in verdict.why) == (kind, True)


@pytest.mark.parametrize(
    "seen",
    [
        Seen(),
        Seen(labels={"intent": ("spam", 0.6)}),
        Seen(copies=50),  # many say the same, without a link: that is a wave of complaints
        Seen(labels=SPAM, known_customer=True),
        Seen(labels={"intent": ("complaint", 0.7)}, has_link=True, copies=9, lately=40, bot=True),
        Seen(trolled=2),
    ],
)
def test_what_waits_like_every_message(seen: Seen) -> None:
    assert judge(seen, RULES) is None


@given(
    intent=st.sampled_from(CRITICISM),
    sure=st.floats(0.5, 1),
    copies=st.integers(0, 100),
    lately=st.integers(0, 100),
    bot=st.booleans(),
    link=st.booleans(),
)
def test_criticism_never(intent: str, sure: float, copies: int, lately: int, bot: bool, link: bool) -> None:
    seen = Seen(labels={"intent": (intent, sure)}, has_link=link, copies=copies, lately=lately, bot=bot)
    assert judge(seen, RULES) is None


def test_only_what_the_policy_names_is_hidden_and_only_in_public() -> None:
    spam = Verdict("spam", "Looks like spam")
    assert outward(spam, Rules(), public=True, judged=9) == ()
    assert outward(spam, Rules(hide=("spam",)), public=True, judged=9) == ("hide",)
    assert outward(spam, Rules(hide=("spam",)), public=False, judged=9) == ()
    assert outward(spam, Rules(hide=("spam",), block_after=3), public=True, judged=3) == ("hide", "block")
    assert outward(Verdict("troll", ""), Rules(hide=("spam",)), public=True, judged=1) == ()


def test_settings_that_make_no_sense_are_the_usual_ones() -> None:
    odd = {"spam_sure": "high", "copies": -3, "bots": 1, "hide": ["spam", "critics"], "block_after": True, "x": 1}
    assert Rules.of(odd) == Rules(hide=("spam",))
    assert Rules.of(None) == Rules()
    assert set(Rules.of({"hide": list(KINDS)}).hide) == set(KINDS)
