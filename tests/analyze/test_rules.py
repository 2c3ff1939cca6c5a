import pytest

from crowdalogue.analyze import rules, training
from crowdalogue.analyze.figures import metrics
from crowdalogue.analyze.pipeline import STEPS
from crowdalogue.analyze.quality import evaluate, scorable

LEAST = {
    "question": 0.85,
    "hearsay": 0.7,
    "products": 0.85,
    "place": 0.85,
    "personal_data": 0.93,
    "machine_written": 0.85,
}


@pytest.mark.parametrize("step", sorted(LEAST))
def test_a_rule_is_scored_on_messages_kept_for_judging(step: str) -> None:
    judged = rules.judged(step)
    found = evaluate(step) if step not in training.STEPS else metrics(judged["truth"], judged["found"]) | judged
    assert found["n"] == len(rules.examples(step)) >= 20
    assert found["accuracy"] >= LEAST[step]
    assert {"macro_recall", "macro_f1", "per_label", "seconds_cpu", "accuracy_interval"} <= set(found)
    assert found["per_label"]["none"]["n"] >= 8  # whether a rule keeps quiet is half of what is asked
    assert step in scorable()


def test_no_message_is_looked_at_and_judged_on() -> None:
    for step in rules.STEPS:
        looked_at = {row["text"] for row in rules.examples(step, rules.TUNE)}
        judged_on = [row["text"] for row in rules.examples(step)]
        assert not looked_at & {text for text in judged_on if text}
        assert len(judged_on) == len(set(judged_on))


def test_what_is_labelled_can_be_said() -> None:
    for step in rules.STEPS.values():
        if step.labels:
            assert {row["label"] for row in rules.examples(step.name)} <= set(step.labels)


def test_a_step_without_examples_is_named() -> None:
    with pytest.raises(ValueError, match="no labelled messages for language"):
        rules.examples("language")


def test_every_rule_is_asked_in_the_pipeline() -> None:
    assert set(rules.STEPS) <= {step.name for step in STEPS}
