import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from crowdalogue.analyze import training
from crowdalogue.analyze.document import Document
from crowdalogue.analyze.steps import head

LABELS = {
    "sentiment": {"negative", "neutral", "positive"},
    "intent": {
        "question", "complaint", "praise", "idea", "purchase_intent", "churn_risk", "review", "spam", "other",
    },
    "needs_answer": {"yes", "no"},
    "urgency": {"low", "normal", "high"},
    "emotion": {"anger", "disappointment", "worry", "joy", "gratitude", "surprise", "none"},
    "journey": {
        "considering", "buying", "waiting", "first_use", "using", "problem", "returning", "leaving", "none",
    },
    "toxicity": {"none", "rude", "abusive"},
    "hearsay": {"first_hand", "hearsay", "none"},
}  # fmt: skip


def _csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def test_our_examples_are_labelled_in_full_and_stand_once() -> None:
    rows = training.examples()
    assert len(rows) >= 4_000
    for step, labels in LABELS.items():
        assert {r[step] for r in rows} == labels
    assert len({r["id"] for r in rows}) == len(rows)
    assert len({r["text"].strip().lower() for r in rows}) == len(rows)
    assert all(r["text"].strip() for r in rows)
    assert {"en", "de", "fr", "es", "it", "pt", "nl", "sv"} <= {r["language"] for r in rows}


def test_no_business_is_learned_from_and_asked_about() -> None:
    # The name of a business is all that tells the label, so a model that has not met the name cannot know.
    shops = ["alder", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo", "hazel", "ivy", "juniper"]
    rows = [(shop, "good" if i < 5 else "bad") for i, shop in enumerate(shops) for _ in range(6)]
    data = training.features([f"{shop} {shop} writes to us" for shop, _ in rows], embed=False)
    labels, groups = [label for _, label in rows], [shop for shop, _ in rows]
    right = {}
    for asked, known in (("apart", groups), ("mixed", None)):
        scores, names = training.crossed(data, labels, None, [], known)
        right[asked] = np.mean([names[i] == label for i, label in zip(scores.argmax(axis=1), labels, strict=True)])
    assert right["mixed"] == 1.0
    assert right["apart"] < 0.8


def test_an_aspect_is_learned_from_its_clause_and_the_whole_message() -> None:
    samples = training.own_samples("aspects")
    assert {s.label for s in samples} == {"positive", "neutral", "negative"}
    assert all(s.text in s.whole for s in samples)
    assert any(len(s.text) < len(s.whole) for s in samples)


def test_the_head_scores_as_the_fitted_model_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "data_folder", lambda: None)
    report = training.train("needs_answer", into=tmp_path)
    card = json.loads((tmp_path / "needs_answer.json").read_text())
    assert card["samples"] == {"own": len(training.examples())}
    assert report["needs_answer"]["full"]["accuracy"] > 0.75
    fresh = head.read(tmp_path, "needs_answer")
    own = training.own_samples("needs_answer")
    data = training.features([s.text for s in own], embed=False)
    model = training.fit(data, [s.label for s in own], [1.0] * len(own))
    scores = model.scores(data) / fresh.temperature["words"]
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    read = fresh.shares([Document(s.text[:20], s.text) for s in own])
    assert np.abs(read - shares).max() < 0.01


def test_an_operators_file_is_learned_from_and_named_in_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROWDALOGUE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(training, "data_folder", lambda: None)
    monkeypatch.setattr(training.embedding, "run", _no_encoder)
    given = _csv(
        tmp_path / "ours.csv", [["text", "label"], *[[f"the flurbo is grand {i}", "positive"] for i in range(30)]]
    )
    head.forget()
    try:
        training.train("sentiment", given)
        card = head.card("sentiment")
        assert card["research_data"] is True
        assert card["samples"]["ours.csv"] == 30
        document = Document("1", "flurbo")
        head.load("sentiment").run([document])
        assert document.findings["sentiment"].label == "positive"
        assert document.findings["sentiment"].words == ((0, 6),)
    finally:
        head.forget()


def _no_encoder(documents: list[Document]) -> None:
    raise training.StepUnavailable("no encoder here")


def test_a_file_without_the_columns_or_with_strange_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no column text\. Columns are: message, mood"):
        training.samples_from(_csv(tmp_path / "a.csv", [["message", "mood"], ["hello", "good"]]), "sentiment")
    with pytest.raises(
        ValueError, match=r"labels that sentiment does not know: good\. Use negative, neutral, positive"
    ):
        training.samples_from(_csv(tmp_path / "a.csv", [["text", "label"], ["hello", "good"]]), "sentiment")


def test_a_file_may_name_its_column_after_the_step_and_write_labels_large(tmp_path: Path) -> None:
    path = _csv(tmp_path / "a.csv", [["Text", "Sentiment"], ["hello", "NEUTRAL"], ["bye", ""]])
    assert [(s.text, s.label) for s in training.samples_from(path, "sentiment")] == [("hello", "neutral")]


def test_what_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no head language"):
        training.train("language", into=tmp_path)
    with pytest.raises(ValueError, match="which step"):
        training.train(None, tmp_path / "a.csv", into=tmp_path)


def test_the_temperature_makes_shares_come_true() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 4000)
    scores = rng.normal(size=(4000, 3)).astype(np.float32)
    scores[np.arange(4000), truth] += 1.0
    # Drawn so, a model that knew the spread would use the scores as they are; five times as large, they boast.
    assert training.temperature(scores * 5, truth) == pytest.approx(5.0, rel=0.15)
