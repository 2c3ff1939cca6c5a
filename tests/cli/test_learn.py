"""label, train, evaluate: through the real command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crowdalogue.cli.learn import batches, flat
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
    figures = last_json(crowdalogue("evaluate", "language", "--test", file, "--json"))["language"]
    assert figures["n"] == 2
    assert "Choose one of" in refusal(crowdalogue("evaluate", "mood"))
    assert "which step" in refusal(crowdalogue("evaluate", "--test", file))
    assert "--test" in refusal(crowdalogue("evaluate", "language", "--train", file))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(Failure, match="Columns are: a, b"):
        list(batches(file, "text"))
    file.write_text("text\n" + "x\n" * 5)
    assert [len(b) for b in batches(file, "text", 2)] == [2, 2, 1]


def test_flat() -> None:
    assert flat({"full": {"n": 1, "rows": [1]}, "s": 2.5}) == {"full n": 1, "s": 2.5}
