"""people: through the real command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Done, last_json, refusal

Program = Callable[..., Done]


def test_a_list_somebody_found_merged_and_parted(crowdalogue: Program, tmp_path: Path) -> None:
    file = tmp_path / "vip.csv"
    file.write_text(
        "E-mail;Name;Reason\nvip.ada@example.com;Ada Pellow;Gold\nvip.otis@example.com;Otis Quince;Gold\nx;;\n"
    )
    told = last_json(crowdalogue("people", "list", file, "--kind", "vip", "--json"))
    assert (told["rows"], told["given"], told["new_people"], told["failed"]) == (3, 2, 2, 1)
    (ada,) = last_json(crowdalogue("people", "find", "vip.ada@example.com", "--json"))
    (otis,) = last_json(crowdalogue("people", "find", "Otis Quince", "--json"))
    assert (ada["name"], ada["addresses"]) == ("Ada Pellow", ["email:vip.ada@example.com"])
    done = crowdalogue("people", "merge", ada["id"], otis["id"], "--reason", "one household")
    assert done.returncode == 0, done.stderr
    merge = done.stdout.split()[-1]
    assert last_json(crowdalogue("people", "find", "vip.otis@example.com", "--json"))[0]["id"] == ada["id"]
    assert crowdalogue("people", "undo", merge).returncode == 0
    assert last_json(crowdalogue("people", "find", "vip.otis@example.com", "--json"))[0]["id"] == otis["id"]


def test_recognise_and_questions(crowdalogue: Program) -> None:
    assert set(last_json(crowdalogue("people", "recognise", "--all", "--json"))) == {"looked", "merged", "suggested"}
    assert last_json(crowdalogue("people", "recognise", "--json"))["looked"] == 0
    assert isinstance(last_json(crowdalogue("people", "questions", "--json")), list)


def test_what_is_not_there(crowdalogue: Program, tmp_path: Path) -> None:
    assert "no person 9999" in refusal(crowdalogue("people", "merge", "9999", "9998"))
    assert "no merge 9999" in refusal(crowdalogue("people", "undo", "9999"))
    file = tmp_path / "x.csv"
    file.write_text("what\n1\n")
    assert "No column says who" in refusal(crowdalogue("people", "list", file))
    home = tmp_path / "home"
    home.mkdir()
    assert "demo" in refusal(crowdalogue("evaluate", "identity", CROWDALOGUE_HOME=str(home)))
