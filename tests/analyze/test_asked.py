from pathlib import Path

import pytest

from crowdalogue.analyze import asked
from crowdalogue.analyze.document import Document
from crowdalogue.analyze.steps import head


def test_a_step_is_asked_with_what_it_needs_and_nothing_else() -> None:
    assert [s.name for s in asked.needed(asked.step_named("intent"))] == ["embedding", "intent"]
    assert [s.name for s in asked.needed(asked.step_named("machine_written"))] == ["duplicate", "machine_written"]
    assert [s.name for s in asked.needed(asked.step_named("language"))] == ["language"]


def test_what_says_nothing_cannot_be_asked() -> None:
    assert "embedding" not in asked.names()
    with pytest.raises(ValueError, match=r"There is no step embedding. Choose one of: language, duplicate"):
        asked.step_named("embedding")


def test_a_model_file_cut_short_is_said_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for suffix in ("json", "safetensors"):
        whole = (head.SHIPPED / f"urgency.{suffix}").read_bytes()
        (tmp_path / f"urgency.{suffix}").write_bytes(whole[: len(whole) // 2] if suffix == "safetensors" else whole)
    monkeypatch.setattr(head, "SHIPPED", tmp_path)
    head.forget()
    try:
        with pytest.raises(ValueError, match=r"The step urgency can read none .* Install the package again"):
            asked.read_by(asked.step_named("urgency"), [Document("1", "where is it")])
    finally:
        head.forget()


def test_what_is_not_sure_is_counted_apart() -> None:
    said = [("a", 0.9), ("und", 0.2), ("b", 0.8)]
    found = asked.timed(lambda texts: said[: len(texts)], [("x", "a"), ("y", "a"), ("z", "a")])
    assert (found["not_sure"]["share"], found["told"]["n"], found["told"]["accuracy"]) == (0.3333, 2, 0.5)
    assert sum(b["n"] for b in found["calibration"]["curve"]) == 2
    assert found["by_group"]["length"]["1 to 5 words"]["n"] == 3
