"""The four steps that a trained head answers: labelled messages, and what all heads have in common."""

import json
import shutil
from pathlib import Path

import pytest

from crowdalogue.analyze.document import Document
from crowdalogue.analyze.pipeline import read
from crowdalogue.analyze.steps import head, intent, needs_answer, sentiment, urgency
from crowdalogue.analyze.training import STEPS

LABELLED = [
    ("sentiment", "Absolutely fantastic service, thank you so much!", "positive"),
    ("sentiment", "Worst experience ever, the staff was rude and the room dirty", "negative"),
    ("sentiment", "What time do you open on Monday?", "neutral"),
    ("sentiment", "Das war leider eine sehr schlechte Erfahrung, nie wieder", "negative"),
    ("sentiment", "Excelente servicio, muchas gracias por todo", "positive"),
    ("intent", "How do I change my delivery address?", "question"),
    ("intent", "My parcel arrived broken and I want my money back", "complaint"),
    ("intent", "Thank you, Marta was so kind and helpful!", "praise"),
    ("intent", "Please add a dark mode, that would be great", "idea"),
    ("intent", "Is the oak table still available? I would like to order two.", "purchase_intent"),
    ("intent", "I want to cancel my subscription and close my account", "churn_risk"),
    ("intent", "Congratulations, you have won a prize! Click this link to claim it", "spam"),
    ("needs_answer", "Where is my order? It should have been here on Friday.", "yes"),
    ("needs_answer", "Love the new design, well done!", "no"),
    ("urgency", "Someone is taking money from my account right now, block my card!", "high"),
    ("urgency", "Just a thank you for the lovely evening", "low"),
    ("urgency", "My invoice for April is wrong, please correct it", "normal"),
]


@pytest.mark.parametrize("embed", [True, False])
@pytest.mark.parametrize(("step", "text", "label"), LABELLED)
def test_labelled(step: str, text: str, label: str, embed: bool) -> None:
    assert read([Document("1", text)], embed=embed)[0].findings[step].label == label


@pytest.mark.parametrize("step", [sentiment.STEP, intent.STEP, needs_answer.STEP, urgency.STEP])
def test_a_step_scores_itself(step: object) -> None:
    rows = [(text, label) for name, text, label in LABELLED if name == step.name]  # type: ignore[attr-defined]
    documents = [Document(str(i), text) for i, (text, _) in enumerate(rows)]
    assert step.score(documents, [label for _, label in rows]) >= 0.7  # type: ignore[attr-defined]


def test_our_own_messages_need_no_answer() -> None:
    document = read([Document("1", "Could you send us your order number?", inbound=False)], embed=False)[0]
    assert document.findings["needs_answer"].label == "no"
    assert document.findings["needs_answer"].confidence == 1.0


def test_a_negation_turns_a_word_round() -> None:
    texts = ["the food was good", "the food was not good"]
    shares = head.load("sentiment").shares([Document(str(i), text) for i, text in enumerate(texts)])
    negative = shares[:, head.load("sentiment").labels.index("negative")]
    assert negative[1] > negative[0] + 0.2


@pytest.mark.parametrize("name", STEPS)
def test_shipped_heads_come_from_permissive_data_and_are_small(name: str) -> None:
    card = json.loads((head.SHIPPED / f"{name}.json").read_text())
    assert card["research_data"] is False
    assert set(card["samples"]) <= {"own", "general", "banking77", "clinc150", "airline_seat"}
    assert (head.SHIPPED / f"{name}.safetensors").stat().st_size < 800_000
    assert card["figures"]["full"]["n"] >= 600


def test_shares_sum_to_one() -> None:
    documents = [Document(str(i), t) for i, t in enumerate(["", "hello", "where is it?", "so bad!!"])]
    assert head.load("intent").shares(documents).sum(axis=1) == pytest.approx([1.0] * 4, abs=1e-5)


def test_a_damaged_head_of_ones_own_gives_way_to_the_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "heads"
    shutil.copytree(head.SHIPPED, own)
    (own / "sentiment.safetensors").write_bytes((own / "sentiment.safetensors").read_bytes()[:500])
    monkeypatch.setenv("CROWDALOGUE_HOME", str(tmp_path))
    head.forget()
    try:
        document = Document("1", "Absolutely fantastic, thank you!")
        head.load("sentiment").run([document])
        assert document.findings["sentiment"].label == "positive"
        assert "cannot be read" in caplog.text
    finally:
        head.forget()


def test_a_head_for_other_features_is_refused(tmp_path: Path) -> None:
    shutil.copytree(head.SHIPPED, tmp_path / "heads")
    card = tmp_path / "heads" / "intent.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"features": 0}))
    with pytest.raises(ValueError, match="Train it again"):
        head.read(tmp_path / "heads", "intent")
