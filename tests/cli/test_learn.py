"""label, train, evaluate: through the real command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crowdalogue.analyze.asked import step_named
from crowdalogue.cli.learn import FILE, batches, flat, said_of
from crowdalogue.errors import Failure
from tests.cli.conftest import Done, last_json, refusal


def test_label(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("text\nThank you so much\nDas ist sehr schlecht und ich bin sauer\n")
    done = crowdalogue("label", "language", file, "--json")
    assert done.returncode == 0, done.stderr
    assert last_json(done)["label"] == "de"
    assert "Steps are:" in refusal(crowdalogue("label", "nothing", file))


def test_evaluate_says_what_it_needs(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("text,label\nThank you very much for the help,en\nVielen Dank an alle für die Hilfe,de\n")
    figures = last_json(crowdalogue("evaluate", "language", "--test", file, "--json"))
    assert figures["n"] == 2
    assert "Choose one of" in refusal(crowdalogue("evaluate", "mood"))
    assert "which step" in refusal(crowdalogue("evaluate", "--test", file))
    assert "--test" in refusal(crowdalogue("evaluate", "language", "--train", file))


def test_a_category_is_learned_from_one_file_and_judged_on_another(
    crowdalogue: Callable[..., Done], tmp_path: Path
) -> None:
    known, new = tmp_path / "known.csv", tmp_path / "new.csv"
    known.write_text("text,label\n" + "".join(f"the soup was {x},food\nthe bus came {x},way\n" for x in "abcde"))
    new.write_text("text,label\nsoup,food\nbus,way\n")
    done = crowdalogue("evaluate", "category", "--train", known, "--test", new, "--json")
    figures = last_json(done)
    assert {"n", "accuracy", "macro_recall", "macro_f1", "per_label", "seconds_cpu"} <= set(figures)
    assert figures["accuracy"] == 1.0
    assert "--train" in refusal(crowdalogue("evaluate", "category", "--test", new))
    assert "never gives: food, way" in refusal(crowdalogue("evaluate", "sentiment", "--test", new))
    new.write_text("text,label\nsoup,food\n")
    assert "one label only" in refusal(crowdalogue("evaluate", "category", "--train", new, "--test", known))


def test_a_row_keeps_its_own_id(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("id,text\nm-1,Thank you so much for this\n,Vielen Dank für alles und bis bald\n")
    done = crowdalogue("label", "language", file, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["id"], line["label"]) for line in lines] == [("m-1", "en"), ("2", "de")]
    assert set(lines[0]) == {"id", "label", "confidence"}


def test_copies_are_grouped_across_a_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    text = "The lift at Central has been out of order for three weeks and nobody tells us when"
    others = "".join(f"message {i} of {chr(97 + i % 26) * 9} on {i * i} other matters\n" for i in range(600))
    file.write_text(f"text\n{text}\n{others}RT @me: {text}!!\n")
    groups = [group for _, group, _ in said_of(step_named("duplicate"), batches(file, "text", 100))]
    assert groups[0] == groups[-1] != groups[1]


def test_what_cannot_be_read_or_scored_is_one_sentence(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text('text,label\nx,neutral\n"y,negative\n')
    assert "never closed" in refusal(crowdalogue("evaluate", "sentiment", "--test", file))
    assert "There is no folder" in refusal(crowdalogue("evaluate", "urgency", "--card", tmp_path / "none"))
    with pytest.raises(Failure, match="There is no file"):
        FILE.convert(str(tmp_path / "none.csv"), None, None)
    with pytest.raises(Failure, match=r"is a folder\. Name a file in it"):
        FILE.convert(str(tmp_path), None, None)


def test_strange_texts_have_a_label(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    texts = ["", "😡", "Wo ist my order? Merci, gracias أين 注文", "x" * 100_000, "I hate this"]
    file.write_text("text\n" + "".join(f'"{text}"\n' for text in texts), encoding="utf-8")
    for step in ("language", "sentiment", "hearsay", "aspects"):
        said = list(said_of(step_named(step), batches(file, "text", 2)))
        assert [row.text for row, _, _ in said] == texts
        assert all(sure is None or 0 <= sure <= 1 for _, _, sure in said)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(Failure, match="Columns are: a, b"):
        list(batches(file, "text"))
    file.write_text("text\n" + "x\n" * 5)
    assert [len(b) for b in batches(file, "text", 2)] == [2, 2, 1]


def test_flat() -> None:
    assert flat({"full": {"n": 1, "rows": [1]}, "s": 2.5, "by_group": {"x": 1}, "s_interval": [0.5, 1.0]}) == {
        "full n": 1,
        "s": 2.5,
        "s_interval": "0.500 to 1.000",
    }
