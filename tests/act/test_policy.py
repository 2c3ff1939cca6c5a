"""The policy decides over plain data, and says why."""

from __future__ import annotations

from crowdalogue.act.policy import Read, decide


def deeds(known: bool = False, **labels: tuple[str, float]) -> list[str]:
    return [intent.do for intent in decide(Read(labels, known))]


def test_only_a_sure_reader_lets_somebody_go_unanswered() -> None:
    assert deeds(needs_answer=("no", 0.9)) == ["no_answer"]
    assert deeds(needs_answer=("no", 0.6)) == []
    assert deeds(needs_answer=("yes", 0.9)) == []


def test_every_intent_says_why_and_how_sure() -> None:
    [intent] = decide(Read({"urgency": ("high", 0.8)}))
    assert (intent.do, intent.value) == ("priority", 2)
    assert "80%" in intent.why
