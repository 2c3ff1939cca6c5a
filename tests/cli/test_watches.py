"""watch list, add, try, hits: through the real command."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import call, last_json, refusal

SAID = """id,author,text,sent_at
w1,ada@example.com,Where is my Norvele parcel?,2026-03-01T12:00:00Z
w2,bob@example.com,Jobs at Norvelle,2026-03-01T13:00:00Z
w3,cid@example.com,Nothing of interest,2026-03-01T14:00:00Z
"""


def test_watches_from_the_command_line(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "said.csv"
    source.write_text(SAID)
    last_json(call(fresh_environment, "import", source, "--json"))
    tried = last_json(call(fresh_environment, "watch", "try", "any:norvelle~ -jobs", "--days", "3660", "--json"))
    assert (tried["hits"], tried["authors"], tried["taken"], tried["whole"]) == (1, 1, 1, True)
    shown = call(fresh_environment, "watch", "try", "any:norvelle~ -jobs", "--days", "3660")
    assert "1 message by 1 author since" in shown.stdout and "Where is my Norvele parcel?" in shown.stdout
    assert "Nothing to show" in call(fresh_environment, "watch", "list").stdout

    made = last_json(call(fresh_environment, "watch", "add", "Norvelle", "any:norvelle~", "--json"))
    assert (made["hits"], made["state"], made["right"], made["query"]) == (2, "listens", None, "any:norvelle~")
    [row] = last_json(call(fresh_environment, "watch", "list", "--json"))["watches"]
    assert row == made
    assert "Norvelle" in call(fresh_environment, "watch", "list").stdout
    found = last_json(call(fresh_environment, "watch", "hits", "norvelle", "--json"))["hits"]
    assert [hit["text"] for hit in found] == ["Jobs at Norvelle", "Where is my Norvele parcel?"]
    assert "Jobs at Norvelle" in call(fresh_environment, "watch", "hits", "Norvelle").stdout

    assert "is called norvelle" in refusal(call(fresh_environment, "watch", "add", "norvelle", "parcel"))
    assert "No watch is called" in refusal(call(fresh_environment, "watch", "hits", "Absent"))
    assert "is not a part of a query" in refusal(call(fresh_environment, "watch", "try", "shoe:red"))
    assert "No brand is called" in refusal(call(fresh_environment, "watch", "add", "X", "parcel", "--brand", "Absent"))
