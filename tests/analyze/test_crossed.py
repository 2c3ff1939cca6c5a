import numpy as np

from crowdalogue.analyze import crossed, training
from crowdalogue.analyze.asked import step_named
from crowdalogue.analyze.document import Document
from crowdalogue.analyze.steps import head


def test_a_judged_head_answers_in_its_step_for_a_while() -> None:
    document = Document("a", "the kettle is blue")
    sure = crossed.Judged("urgency", ["high", "low", "normal"], {"a": np.array([0.9, 0.05, 0.05], dtype=np.float32)})
    before = head.load("urgency")
    with crossed.instead(sure):
        step_named("urgency").run([document])
    assert (document.findings["urgency"].label, document.findings["urgency"].confidence) == ("high", 0.9)
    assert head.load("urgency") is before


def test_samples_are_grouped_by_the_message_they_come_from() -> None:
    for step in ("toxicity", "aspects"):
        samples = training.own_samples(step)
        assert len(crossed.traits(samples)) == len(samples)
        assert [t.language for t in crossed.traits(samples)] == [s.language for s in samples]


def test_a_head_is_scored_by_models_that_had_not_met_the_business() -> None:
    samples = [s for s in training.own_samples("toxicity") if s.label != "none"]
    samples += [s for s in training.own_samples("toxicity") if s.label == "none"][:150]
    scored = crossed.scored(step_named("toxicity"), samples, embed=False)
    assert scored["n"] == len(samples)
    assert scored["accuracy_interval"][0] < scored["accuracy"] < scored["accuracy_interval"][1]
    assert {"language", "length", "channel"} == set(scored["by_group"])
    said = scored["as_it_answers"]
    assert said["told"]["n"] + said["not_sure"]["share"] * len(samples) == len(samples)
    assert 0 <= said["calibration"]["expected_error"] < 0.5


def test_a_step_has_a_speed() -> None:
    found = crossed.speed(step_named("question"))
    assert found["messages_per_cpu_second"] == found["messages_per_cpu_second_alone"] > 100
