import csv
import json
from pathlib import Path

import pytest

from crowdalogue.analyze import agreement, training


def test_kappa_of_a_worked_example() -> None:
    # 50 grants read by two: 20 both yes, 15 both no, 5 yes/no, 10 no/yes. Same 0.70, by chance 0.50.
    one = ["yes"] * 25 + ["no"] * 25
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert agreement.kappa(one, other) == pytest.approx(0.4)
    assert agreement.kappa(one, one) == 1
    assert agreement.kappa(["a", "b"], ["b", "a"]) == -1
    assert agreement.kappa(["a", "a"], ["a", "a"]) == 1
    with pytest.raises(ValueError, match="row by row"):
        agreement.kappa(["a"], [])


def test_rows_are_joined_by_id_and_an_empty_answer_was_not_asked() -> None:
    first = {"1": {"mood": "good"}, "2": {"mood": "bad"}, "3": {"mood": "good"}}
    second = {"3": {"mood": ""}, "2": {"mood": "bad"}, "1": {"mood": "bad"}, "9": {"mood": "good"}}
    found = agreement.agreement(first, second)
    assert found["messages"] == 3
    assert found["questions"]["mood"]["n"] == 2
    assert found["questions"]["mood"]["same"] == 0.5
    assert found["questions"]["mood"]["confused"] == {"bad / good": 1}


def test_aspects_agree_on_what_is_named_and_how_it_is_felt() -> None:
    first = {"1": {"aspects": "price:negative:too dear|service:positive:kind"}, "2": {"aspects": ""}}
    second = {"1": {"aspects": "price:positive"}, "2": {"aspects": "-"}}
    found = agreement.agreement(first, second)["questions"]
    assert found["aspects, named or not"]["n"] == 4
    assert found["aspects, named or not"]["same"] == 0.75
    assert found["aspects, polarity"]["confused"] == {"negative / positive": 1}


def test_strangers_have_nothing_to_agree_on() -> None:
    with pytest.raises(ValueError, match="no id in common"):
        agreement.agreement({"1": {"mood": "good"}}, {"2": {"mood": "good"}})
    with pytest.raises(ValueError, match="no question in common"):
        agreement.agreement({"1": {"mood": "good"}}, {"1": {"colour": "red"}})


def test_the_command_compares_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, label in (("a.csv", "calm"), ("b.csv", "angry")):
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows([["id", "text", "mood"], ["1", "hello", "calm"], ["2", "well", label]])
    agreement.main([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")])
    assert json.loads(capsys.readouterr().out)["questions"]["mood"]["same"] == 0.5
    with pytest.raises(SystemExit):
        agreement.main([str(tmp_path / "a.csv")])
    (tmp_path / "c.csv").write_text("text\nhello\n")
    with pytest.raises(SystemExit):
        agreement.main([str(tmp_path / "a.csv"), str(tmp_path / "c.csv")])
    assert "column id" in capsys.readouterr().err


def test_our_second_labelling_answers_every_question() -> None:
    second = agreement.rows_of(agreement.SECOND)
    known = {row["id"]: row for row in training.examples()}
    assert len(second) >= 600
    assert set(second) <= set(known)
    found = agreement.ours()["questions"]
    assert {"sentiment", "intent", "emotion", "journey", "toxicity", "hearsay", "aspects, polarity"} <= set(found)
    assert all(0.6 < values["kappa"] <= 1 for values in found.values())
