"""import, export, report: through the real command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crowdalogue.cli.data import sentence, split, together
from crowdalogue.errors import Failure
from tests.cli.conftest import Done, call, last_json, refusal

TICKETS = """id,author,text,sent_at,conversation
a1,ada@example.com,Where is my parcel?,2026-03-01T12:00:00Z,one
a2,bob@example.com,"=cmd(""x"")",2026-03-01T13:00:00Z,two
a3,ada@example.com,Still waiting,2026-03-01T14:00:00Z,one
"""


def test_the_collection_of_tweets(fresh_environment: dict[str, str], data: Path) -> None:
    """What the issue promises, on either store: counts, again nothing new, response times."""
    file = data / "care_tweets" / "tweets.csv"
    first = last_json(call(fresh_environment, "import", file, "--json"))
    assert first["new"] == {"messages": 5000, "conversations": 1312, "persons": 1443, "brand_accounts": 76}
    assert (first["in"], first["out"], first["failed"], first["repeated"]) == (2778, 2222, 0, 0)
    again = last_json(call(fresh_environment, "import", file, "--json"))
    assert set(again["new"].values()) == {0}
    assert again["repeated"] == 5000
    rows = last_json(call(fresh_environment, "report", "response", "--json"))["rows"]
    assert {"brand", "n", "first_response_median_s", "first_response_p90_s"} <= set(rows[0])
    assert sum(row["conversations"] for row in rows) > 1000


def test_out_and_in_again(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    source = tmp_path / "tickets.csv"
    source.write_text(TICKETS)
    made = last_json(crowdalogue("import", source, "--json"))
    assert made["new"]["messages"] == 3
    for ending in ("csv", "jsonl", "parquet"):
        out = tmp_path / f"all.{ending}"
        assert last_json(crowdalogue("export", out, "--json"))["messages"] >= 3
        back = last_json(crowdalogue("import", out, "--json"))
        assert back["new"]["messages"] == 0, ending
        assert back["repeated"] >= 3
    assert "'=cmd(" in (tmp_path / "all.csv").read_text()
    shown = crowdalogue("export", "-", "--since", "2026-03-01", "--until", "2026-03-02", "--mask")
    assert shown.stdout.startswith("id,channel,account")
    assert shown.stdout.count("\r\n") == 4 or shown.stdout.count("\n") == 4
    assert shown.stdout.count("person ") == 3 and "example.com" not in shown.stdout


def test_import_into_an_account_with_a_map(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    source = tmp_path / "odd.csv"
    source.write_text("wer,was\nada,Hallo zusammen hier\nbob,Guten Tag auch\n")
    missing = crowdalogue("import", source, "--account", "No such")
    assert "There is no account called No such" in refusal(missing)
    done = crowdalogue("import", source, "--map", "text=was", "--map", "author=wer", "--set", "channel=store")
    assert done.returncode == 0, done.stderr
    assert "New: 2 messages" in done.stdout


def test_files_that_are_none(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert refusal(crowdalogue("import", empty))
    assert crowdalogue("import", tmp_path / "absent.csv").returncode == 2
    assert "ending" in refusal(crowdalogue("export", tmp_path / "x.xml"))


def test_reports_for_people(crowdalogue: Callable[..., Done]) -> None:
    assert "Reports are:" in refusal(crowdalogue("report", "nothing"))
    done = crowdalogue("report", "volume")
    assert done.returncode == 0, done.stderr
    assert "As of" in done.stdout


def test_sentence_and_split() -> None:
    counts = {"new": {"messages": 5000, "conversations": 1312, "persons": 1443}, "repeated": 1, "failed": 2}
    expected = "New: 5,000 messages, 1,312 conversations, 1,443 customers. Already here: 1. Not filed: 2."
    assert sentence(counts) == expected
    assert split("text=a=b", "--map") == ("text", "a=b")
    with pytest.raises(Failure, match="NAME=VALUE"):
        split("text", "--map")


def test_intervals_stand_beside_their_figure() -> None:
    row = {"brand": "A", "median_s": 591, "median_low_s": 560, "median_high_s": 623, "share": 1.0, "share_low": None}
    assert together(row) == {"brand": "A", "median_s": "591 (560 to 623)", "share": 1.0}
    assert json.dumps(together({}))
