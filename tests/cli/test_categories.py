"""categories list, teach, evaluate: through the real command."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import call, last_json, refusal

YES = ("Where is my parcel", "My order has not come", "The courier never came", "Still waiting for my delivery")
NO = ("I forgot my password", "Do you sell lamps", "I love this sofa", "Please send the invoice")


def test_categories_from_the_command_line(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "late.csv"
    source.write_text("text,label\n" + "".join(f"{t},yes\n" for t in YES) + "".join(f"{t},no\n" for t in NO))
    assert "Nothing to show" in call(fresh_environment, "categories", "list").stdout
    made = last_json(call(fresh_environment, "categories", "teach", "Late", source, "--json"))
    assert (made["version"], made["yes"], made["no"], made["state"]) == (1, 4, 4, "judges")
    assert made["examples"] == {"new": 8, "changed": 0, "known": 0, "both_ways": 0}
    [line] = last_json(call(fresh_environment, "categories", "list", "--json"))["categories"]
    assert (line["name"], line["precision"], line["n"], line["caught_7_days"]) == ("Late", None, 0, 0)
    source.write_text("text\nIt never arrived\n")
    said = call(fresh_environment, "categories", "teach", "late", source, "--description", "It is late").stdout
    assert "knows 5 examples of yes" in said and "Version 2 waits" in said
    source.write_text("name\n\n")
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    assert "has no column text" in refusal(call(fresh_environment, "categories", "teach", "Late", bad))


def test_a_category_is_measured_without_a_store(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("text,label\n" + "".join(f"{t},late\n" for t in YES[:3]) + "".join(f"{t},x\n" for t in NO))
    test.write_text("text,label\nMy parcel has not come,late\nI forgot the password,x\n")
    found = last_json(call(fresh_environment, "categories", "evaluate", train, test, "--label", "late", "--json"))
    assert (found["examples"], found["n"], found["recall"], found["precision"]) == (3, 2, 1.0, 1.0)
    assert found["recall_interval"][0] < 1
    missing = call(fresh_environment, "categories", "evaluate", train, test, "--label", "absent")
    assert "no row with the label absent" in refusal(missing)
